#include <algorithm>
#include <charconv>
#include <utility>

#include "holdfast/base/clock.h"
#include "holdfast/objects/object_rules.h"
#include "s3_request.h"
#include "xml_writer.h"

/// ListObjectsV2.
namespace holdfast::api {
namespace {

using http::Request;
using http::Response;

std::unexpected<Error> bad_list_argument(std::string message) {
  return fail(ErrorKind::invalid, "invalid_argument", std::move(message));
}

/// A listing as asked for: what the walk needs, and how to write it down.
struct ListAsked {
  objects::ListQuery query{};
  bool url_encoded = false;
  bool with_owner = false;

  [[nodiscard]] std::string shown(std::string_view text) const {
    return url_encoded ? http::percent_encode(text, "/") : std::string(text);
  }
};

Result<std::size_t> max_keys_of(const Request& request) {
  const auto text = request.query("max-keys");
  if (!text) return objects::max_list_keys;
  std::size_t wanted = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), wanted);
  if (error != std::errc{} || end != text->data() + text->size())
    return bad_list_argument("max-keys is not a number");
  return std::min(wanted, objects::max_list_keys);
}

Result<ListAsked> read_list_query(const Request& request) {
  TRY_VOID(check_s3_query(request, {"list-type", "prefix", "delimiter", "max-keys", "continuation-token",
                                    "start-after", "encoding-type", "fetch-owner"}));
  if (request.query("list-type").value_or("") != "2") {
    return fail(ErrorKind::invalid, "not_implemented", "the only listing that is served is list-type=2");
  }
  ListAsked asked;
  asked.query.prefix = request.query("prefix").value_or("");
  asked.query.delimiter = request.query("delimiter").value_or("");
  asked.query.start_after = request.query("start-after").value_or("");
  asked.query.continuation = request.query("continuation-token").value_or("");
  TRY(asked.query.max_keys, max_keys_of(request));
  const auto encoding = request.query("encoding-type").value_or("");
  if (!encoding.empty() && encoding != "url") return bad_list_argument("the only encoding-type is url");
  asked.url_encoded = encoding == "url";
  asked.with_owner = request.query("fetch-owner").value_or("") == "true";
  return asked;
}

void write_listed_object(XmlWriter& xml, const ListAsked& asked, const objects::Object& object) {
  xml.open("Contents")
      .element("Key", asked.shown(object.key))
      .element("LastModified", to_rfc3339(object.modified_at))
      .element("ETag", objects::etag_of(object))
      .element("Size", std::to_string(object.size));
  if (asked.with_owner) {
    xml.open("Owner").element("ID", object.owner).element("DisplayName", object.owner_name).close("Owner");
  }
  xml.element("StorageClass", "STANDARD").close("Contents");
}

std::string list_document(const std::string& bucket, const ListAsked& asked,
                          const objects::ObjectPage& page) {
  const auto& query = asked.query;
  XmlWriter xml;
  xml.open("ListBucketResult", "xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"")
      .element("Name", bucket)
      .element("Prefix", asked.shown(query.prefix));
  if (!query.delimiter.empty()) xml.element("Delimiter", asked.shown(query.delimiter));
  if (!query.start_after.empty()) xml.element("StartAfter", asked.shown(query.start_after));
  if (asked.url_encoded) xml.element("EncodingType", "url");
  xml.element("MaxKeys", std::to_string(query.max_keys))
      .element("KeyCount", std::to_string(page.key_count()))
      .element("IsTruncated", page.truncated ? "true" : "false");
  if (!query.continuation.empty()) xml.element("ContinuationToken", query.continuation);
  if (page.truncated) xml.element("NextContinuationToken", page.next_token);
  for (const auto& object : page.objects) write_listed_object(xml, asked, object);
  for (const auto& prefix : page.common_prefixes) {
    xml.open("CommonPrefixes").element("Prefix", asked.shown(prefix)).close("CommonPrefixes");
  }
  return xml.close("ListBucketResult").take();
}

}  // namespace

async::Task<Result<Response>> list_objects(ObjectEndpointParts parts, Request* request) {
  CO_TRY(const auto asked, read_list_query(*request));
  const auto bucket = bucket_param(*request);
  CO_TRY(const auto page, co_await parts.objects.list(bucket, asked.query));
  auto response = http::respond(200, "application/xml", list_document(bucket, asked, page));
  response.headers.set("Cache-Control", "no-store");
  co_return response;
}

}  // namespace holdfast::api
