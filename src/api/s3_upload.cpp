#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

#include "holdfast/api/written.h"
#include "holdfast/base/encoding.h"
#include "holdfast/base/text.h"
#include "holdfast/objects/aws_chunked.h"
#include "holdfast/objects/object_rules.h"
#include "s3_request.h"

/// PUT of an object: what the headers announce, the body with or without aws-chunked framing, the check of
/// both.
namespace holdfast::api {
namespace {

using http::Request;
using http::Response;
using objects::ChecksumKind;

constexpr std::string_view metadata_prefix = "x-amz-meta-";
constexpr std::string_view checksum_prefix = "x-amz-checksum-";

/// What the sender says about the body.
struct Announced {
  bool framed = false;                     ///< aws-chunked
  std::optional<std::uint64_t> size{};     ///< of the content, not of the framing
  std::optional<ChecksumKind> checksum{};  ///< from a header or a promised trailer
  std::optional<std::string> trailer{};    ///< the promised trailer's name
  objects::ExpectedContent expected{};
};

std::unexpected<Error> bad_request(std::string message) {
  return fail(ErrorKind::invalid, "invalid_request", std::move(message));
}

Result<Bytes> digest_bytes(std::string_view header, std::string_view base64, std::size_t size) {
  auto bytes = from_base64(base64);
  if (!bytes || (size != 0 && bytes->size() != size)) {
    return fail(ErrorKind::invalid, "invalid_digest", std::string(header) + " is not the base64 of a digest");
  }
  return *std::move(bytes);
}

Result<std::uint64_t> decoded_length(const Request& request) {
  const auto text = request.header("x-amz-decoded-content-length");
  std::uint64_t length = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), length);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size()) {
    return fail(ErrorKind::invalid, "missing_length",
                "an aws-chunked body needs x-amz-decoded-content-length");
  }
  return length;
}

Result<> read_content_sha256(const Request& request, Announced& announced) {
  const auto value = request.header("x-amz-content-sha256");
  if (value.starts_with("STREAMING-")) {
    announced.framed = true;
    return {};
  }
  if (value.empty() || value == "UNSIGNED-PAYLOAD") return {};
  const auto digest = from_hex(value);
  if (!digest || digest->size() != crypto::sha256_size)
    return bad_request("x-amz-content-sha256 is not a SHA-256");
  announced.expected.sha256 = *digest;
  return {};
}

Result<> read_content_encoding(const Request& request, Announced& announced) {
  const auto value = trim(request.header("Content-Encoding"));
  if (value.empty()) return {};
  if (!equals_ignoring_ascii_case(value, "aws-chunked")) {
    return fail(ErrorKind::invalid, "unsupported_encoding",
                "the only Content-Encoding that is accepted is aws-chunked");
  }
  announced.framed = true;
  return {};
}

/// One checksum at most, by header or promised as a trailer.
Result<> read_checksum(const Request& request, Announced& announced) {
  for (const auto& [name, value] : request.headers) {
    const auto lower = to_lower_ascii(name);
    if (!lower.starts_with(checksum_prefix) || lower == "x-amz-checksum-algorithm" ||
        lower == "x-amz-checksum-type") {
      continue;
    }
    const auto kind = objects::checksum_kind_of(lower);
    if (!kind) return fail(ErrorKind::invalid, "not_implemented", lower + " is not supported");
    if (announced.checksum) return bad_request("more than one checksum");
    announced.checksum = kind;
    TRY(announced.expected.checksum, digest_bytes(lower, value, 0));
  }
  const auto trailer = to_lower_ascii(trim(request.header("x-amz-trailer")));
  if (trailer.empty()) return {};
  const auto kind = objects::checksum_kind_of(trailer);
  if (!kind)
    return fail(ErrorKind::invalid, "not_implemented", "the trailer " + trailer + " is not supported");
  if (announced.checksum) return bad_request("more than one checksum");
  if (!announced.framed) return bad_request("x-amz-trailer needs an aws-chunked body");
  announced.checksum = kind;
  announced.trailer = trailer;
  return {};
}

Result<Announced> read_announced(const Request& request) {
  Announced announced;
  TRY_VOID(read_content_encoding(request, announced));
  TRY_VOID(read_content_sha256(request, announced));
  TRY_VOID(read_checksum(request, announced));
  if (announced.framed) {
    TRY(announced.size, decoded_length(request));
  } else {
    // HTTP takes a request without either for one without a body; an object is never made of that.
    if (!request.headers.has("Content-Length") && !request.headers.has("Transfer-Encoding")) {
      return fail(ErrorKind::invalid, "missing_length", "Content-Length or a chunked body is needed");
    }
    announced.size = request.body_stream->size();
  }
  announced.expected.size = announced.size;
  if (const auto md5 = request.headers.find("Content-MD5")) {
    TRY(announced.expected.md5, digest_bytes("Content-MD5", *md5, crypto::md5_size));
  }
  return announced;
}

bool asks_for_what_is_not_done(std::string_view lower) {
  constexpr std::string_view beginnings[] = {"x-amz-copy-source",
                                             "x-amz-tagging",
                                             "x-amz-object-lock-",
                                             "x-amz-website-redirect-location",
                                             "x-amz-server-side-encryption-customer-",
                                             "x-amz-write-offset-bytes"};
  return std::ranges::any_of(beginnings,
                             [&](std::string_view beginning) { return lower.starts_with(beginning); });
}

/// Headers that ask for something that this store does not do must not be passed over in silence.
Result<> check_put_headers(const Request& request) {
  for (const auto& [name, value] : request.headers) {
    const auto lower = to_lower_ascii(name);
    if (asks_for_what_is_not_done(lower))
      return fail(ErrorKind::invalid, "not_implemented", lower + " is not supported");
    const bool grants = lower.starts_with("x-amz-grant-") ||
                        (lower == "x-amz-acl" && value != "private" && value != "bucket-owner-full-control");
    if (grants) {
      return fail(ErrorKind::invalid, "acl_not_supported",
                  lower + ": access follows the app's users: there are no ACLs");
    }
  }
  return {};
}

objects::PutRequest to_put_request(const Request& request, const Announced& announced) {
  objects::PutRequest put{.bucket = bucket_param(request),
                          .key = key_param(request),
                          .content_type = std::string(request.header("Content-Type")),
                          .conditions = conditions_of(request),
                          .caller = caller_of(request),
                          .checksum = announced.checksum,
                          .request_id = request.request_id};
  for (const auto& [name, value] : request.headers) {
    auto lower = to_lower_ascii(name);
    if (lower.starts_with(metadata_prefix))
      put.metadata.emplace_back(lower.substr(metadata_prefix.size()), value);
  }
  return put;
}

/// The trailer that was promised, and nothing else that looks like a checksum.
Result<> take_trailer(const objects::AwsChunkedDecoder& decoder, Announced& announced) {
  if (!announced.trailer) return {};
  for (const auto& [name, value] : decoder.trailers()) {
    if (name != *announced.trailer) continue;
    TRY(announced.expected.checksum, digest_bytes(name, value, 0));
    return {};
  }
  return bad_request("the trailer that x-amz-trailer announces is missing");
}

async::Task<Result<>> receive_plain(http::BodyReader* body, objects::Upload* upload) {
  while (true) {
    CO_TRY(auto piece, co_await body->read());
    if (piece.empty()) co_return Result<>{};
    CO_TRY_VOID(co_await upload->add(std::move(piece)));
  }
}

async::Task<Result<>> receive_framed(http::BodyReader* body, objects::Upload* upload, Announced* announced) {
  objects::AwsChunkedDecoder decoder(*announced->size);
  while (true) {
    CO_TRY(const auto piece, co_await body->read());
    if (piece.empty()) break;
    Bytes content;
    CO_TRY_VOID(decoder.feed(piece, content));
    if (!content.empty()) CO_TRY_VOID(co_await upload->add(std::move(content)));
  }
  CO_TRY_VOID(decoder.finish());
  co_return take_trailer(decoder, *announced);
}

}  // namespace

async::Task<Result<Response>> put_object(ObjectEndpointParts parts, Request* request) {
  CO_TRY_VOID(check_s3_query(*request, {}));
  CO_TRY_VOID(check_put_headers(*request));
  CO_TRY(auto announced, read_announced(*request));
  CO_TRY(auto upload, co_await parts.objects.begin_put(to_put_request(*request, announced), announced.size));
  const auto received = announced.framed ? co_await receive_framed(request->body_stream, &upload, &announced)
                                         : co_await receive_plain(request->body_stream, &upload);
  CO_TRY_VOID(received);
  // The bytes may have taken hours: whoever may not write any more does not.
  CO_TRY(request->principal, co_await parts.judge_again(request, http::AuthLevel::user));
  upload.act_for(caller_of(*request));
  CO_TRY(const auto written, co_await upload.finish(announced.expected));
  auto response = http::respond_empty(200);
  response.headers.add("ETag", objects::etag_of(written.value));
  if (announced.checksum && announced.expected.checksum) {
    response.headers.add(objects::header_name_of(*announced.checksum),
                         to_base64(*announced.expected.checksum));
  }
  add_receipt(response, written.receipt);
  co_return response;
}

}  // namespace holdfast::api
