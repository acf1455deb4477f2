#include <algorithm>
#include <array>

#include "holdfast/api/objects_endpoints.h"
#include "holdfast/api/problem.h"
#include "xml_writer.h"

/// Errors in S3's form. The status is S3's where S3 has one for the code, else that of our own endpoints.
namespace holdfast::api {
namespace {

struct S3Error {
  std::string_view code;  ///< ours
  int status;
  std::string_view s3_code;
};

constexpr std::array s3_errors{
    S3Error{"no_such_bucket", 404, "NoSuchBucket"},
    S3Error{"no_such_key", 404, "NoSuchKey"},
    // Refused writes: the message names the app's state or the primary (docs/api/objects.md).
    S3Error{"app_fenced", 403, "AccessDenied"},
    S3Error{"app_failed_over", 403, "AccessDenied"},
    S3Error{"read_only_region", 403, "AccessDenied"},
    S3Error{"unauthenticated", 401, "AccessDenied"},
    S3Error{"invalid_token", 401, "InvalidToken"},
    S3Error{"token_revoked", 401, "InvalidToken"},
    S3Error{"precondition_failed", 412, "PreconditionFailed"},
    S3Error{"invalid_range", 416, "InvalidRange"},
    S3Error{"bad_digest", 400, "BadDigest"},
    S3Error{"sha256_mismatch", 400, "XAmzContentSHA256Mismatch"},
    S3Error{"invalid_digest", 400, "InvalidDigest"},
    S3Error{"incomplete_body", 400, "IncompleteBody"},
    S3Error{"invalid_chunk", 400, "InvalidRequest"},
    S3Error{"invalid_request", 400, "InvalidRequest"},
    S3Error{"missing_length", 411, "MissingContentLength"},
    S3Error{"object_too_large", 400, "EntityTooLarge"},
    S3Error{"body_too_large", 400, "EntityTooLarge"},
    S3Error{"key_too_long", 400, "KeyTooLongError"},
    S3Error{"metadata_too_large", 400, "MetadataTooLarge"},
    S3Error{"acl_not_supported", 400, "AccessControlListNotSupported"},
    S3Error{"invalid_argument", 400, "InvalidArgument"},
    S3Error{"not_implemented", 501, "NotImplemented"},
    S3Error{"method_not_allowed", 405, "MethodNotAllowed"},
    S3Error{"position_pending", 503, "ServiceUnavailable"},
    S3Error{"content_pending", 503, "ServiceUnavailable"},
    S3Error{"overloaded", 503, "SlowDown"},
    S3Error{"object_changed", 409, "OperationAborted"},
    S3Error{"app_state_changed", 409, "OperationAborted"},
};

// For codes that S3 has no word for.
std::string_view s3_code_of_status(int status) {
  if (status == 401 || status == 403) return "AccessDenied";
  if (status == 404) return "NoSuchKey";
  if (status == 409) return "OperationAborted";
  if (status == 504) return "OutcomeUnknown";
  if (status == 507) return "InsufficientStorage";
  if (status == 503) return "ServiceUnavailable";
  return status >= 500 ? "InternalError" : "InvalidArgument";
}

}  // namespace

http::Response s3_error_response(const Error& error, int edge_status, const http::Request& request) {
  const auto known = std::ranges::find(s3_errors, error.code, &S3Error::code);
  const bool is_known = known != s3_errors.end();
  const int status = is_known ? known->status : edge_status != 0 ? edge_status : status_of(error);
  const bool defect = status == 500;
  const auto code = is_known ? known->s3_code : s3_code_of_status(status);
  XmlWriter xml;
  xml.open("Error")
      .element("Code", code)
      .element("Message", defect ? "an internal error; it has been logged" : error.message)
      .element("Resource", request.target.path)
      .element("RequestId", request.request_id)
      .close("Error");
  auto response = http::respond(status, "application/xml", xml.take());
  response.headers.add("Cache-Control", "no-store");
  if (status == 401) response.headers.add("WWW-Authenticate", "Bearer");
  return response;
}

void protect_object_answer(const http::Request& /*request*/, http::Response& response) {
  response.headers.set("X-Content-Type-Options", "nosniff");
  response.headers.set("Content-Security-Policy", "sandbox; default-src 'none'");
}

}  // namespace holdfast::api
