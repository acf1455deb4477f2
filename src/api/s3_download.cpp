#include <memory>
#include <utility>

#include "holdfast/objects/object_rules.h"
#include "s3_request.h"

/// GET and HEAD of an object: conditions, ranges, and the bytes as they are read.
namespace holdfast::api {
namespace {

using http::Request;
using http::Response;

/// Streams an object's bytes; asked for the next piece only when the one before it is written.
class ObjectBody final : public http::BodySource {
 public:
  explicit ObjectBody(objects::Content content) : content_(std::move(content)), size_(content_.remaining()) {}
  [[nodiscard]] std::optional<std::uint64_t> size() const override { return size_; }
  async::Task<Result<Bytes>> read() override { return content_.read(); }

 private:
  objects::Content content_;
  std::uint64_t size_;
};

objects::Validators validators_of_object(const objects::Object& object) {
  return {.etag = objects::etag_of(object), .modified_at = object.modified_at};
}

void describe_version(Response& response, const objects::Object& object) {
  response.headers.set("ETag", objects::etag_of(object));
  response.headers.set("Last-Modified", objects::to_http_date(object.modified_at));
  // Every use asks again: what was deleted must not come from a cache. The entity tag makes that cheap.
  response.headers.set("Cache-Control", "private, no-cache");
}

void describe_content(Response& response, const objects::Object& object) {
  describe_version(response, object);
  response.headers.set("Content-Type", object.content_type);
  response.headers.set("Accept-Ranges", "bytes");
  if (!objects::is_shown_in_place(object.content_type))
    response.headers.set("Content-Disposition", "attachment");
  for (const auto& [name, value] : object.metadata) response.headers.add("x-amz-meta-" + name, value);
}

/// The answer that the conditions ask for instead of the bytes; absent: send them.
std::optional<Result<Response>> conditional_answer(const Request& request, const objects::Object& object,
                                                   WallTime now) {
  switch (objects::judge_read(conditions_of(request), validators_of_object(object), now)) {
    case objects::ReadVerdict::send:
      return std::nullopt;
    case objects::ReadVerdict::not_modified: {
      auto response = http::respond_empty(304);
      describe_version(response, object);
      return response;
    }
    case objects::ReadVerdict::precondition_failed:
      break;
  }
  return fail(ErrorKind::conflict, "precondition_failed", "a condition of the request does not hold");
}

Response range_refused(const Request& request, const Error& error, std::uint64_t size) {
  auto response = s3_error_response(error, 0, request);
  response.headers.set("Content-Range", "bytes */" + std::to_string(size));
  return response;
}

std::string content_range(const objects::ByteRange& range, std::uint64_t size) {
  return "bytes " + std::to_string(range.first) + "-" + std::to_string(range.last) + "/" +
         std::to_string(size);
}

}  // namespace

async::Task<Result<Response>> get_object(ObjectEndpointParts parts, Request* request) {
  CO_TRY_VOID(check_s3_query(*request, {}));
  CO_TRY(auto found, co_await parts.objects.get(bucket_param(*request), key_param(*request)));
  const auto object = found.object;
  if (auto answer = conditional_answer(*request, object, parts.clock.now())) co_return *std::move(answer);
  const auto range =
      objects::choose_range(conditions_of(*request), validators_of_object(object), object.size);
  if (!range) co_return range_refused(*request, range.error(), object.size);
  CO_TRY(auto content, co_await parts.objects.open(std::move(found), *range));
  auto response = http::respond_empty(*range ? 206 : 200);
  describe_content(response, object);
  if (*range) response.headers.set("Content-Range", content_range(**range, object.size));
  response.stream = std::make_unique<ObjectBody>(std::move(content));
  co_return response;
}

async::Task<Result<Response>> head_object(ObjectEndpointParts parts, Request* request) {
  CO_TRY_VOID(check_s3_query(*request, {}));
  CO_TRY(const auto object, co_await parts.objects.head(bucket_param(*request), key_param(*request)));
  if (auto answer = conditional_answer(*request, object, parts.clock.now())) co_return *std::move(answer);
  // RFC 9110 §14.2: Range means something for GET only.
  auto response = http::respond_empty(200);
  describe_content(response, object);
  response.head_size = object.size;
  co_return response;
}

}  // namespace holdfast::api
