#include "holdfast/api/objects_endpoints.h"

#include <utility>

#include "holdfast/api/cors.h"
#include "holdfast/api/written.h"
#include "holdfast/apps/app_rules.h"
#include "holdfast/objects/object_rules.h"
#include "s3_request.h"

namespace holdfast::api {
namespace {

using http::AuthLevel;
using http::Method;
using http::Request;
using http::Response;

/// The framing of a 5 GiB upload in the smallest chunks that S3 allows (8 KiB) is about 1 % on top.
constexpr std::uint64_t put_body_limit_bytes = objects::max_object_bytes + objects::max_object_bytes / 50;

constexpr const char* object_path = "/{bucket}/{key...}";

bool is_page_of_app(const ObjectEndpointParts& parts, const Request& request, std::string_view origin) {
  const auto bucket = parts.buckets.find(bucket_param(request));
  if (!bucket || !*bucket) return false;
  const auto app = parts.apps.find((*bucket)->app);
  return app && *app && apps::allows_origin(**app, origin);
}

async::Task<Result<Response>> refuse_operation(Request* request) {
  co_return fail(ErrorKind::invalid, "not_implemented",
                 "this operation is not served: " + std::string(http::to_string(request->method)) + " here");
}

/// S3's other operations on these paths (new buckets, multipart uploads, deletes in bulk): refused as S3
/// does, without looking at who asks or at the body.
void add_refused_rows(http::Router& router) {
  const auto add = [&](const char* path, std::initializer_list<Method> methods) {
    for (const Method method : methods) {
      router.add({.method = method,
                  .path = path,
                  .auth = AuthLevel::open,
                  .handler = refuse_operation,
                  .body_limit_bytes = put_body_limit_bytes,
                  .streaming = true,
                  .accepts_content_encoding = true,
                  .errors = s3_error_response,
                  .decorate = protect_object_answer,
                  .about = {.summary = "Not implemented here: answers 501.", .success = 501}});
    }
  };
  for (const auto* path : {"/{bucket}", "/{bucket}/"})
    add(path, {Method::put, Method::post, Method::del, Method::patch});
  add(object_path, {Method::post, Method::patch});
}

async::Task<Result<Response>> delete_object(ObjectEndpointParts parts, Request* request) {
  CO_TRY_VOID(check_s3_query(*request, {}));
  CO_TRY(const auto receipt,
         co_await parts.objects.remove(bucket_param(*request), key_param(*request), conditions_of(*request),
                                       caller_of(*request), request->request_id));
  auto response = http::respond_empty(204);
  if (receipt) add_receipt(response, *receipt);
  co_return response;
}

async::Task<Result<Response>> head_bucket(ObjectEndpointParts parts, Request* request) {
  CO_TRY_VOID(check_s3_query(*request, {}));
  CO_TRY_VOID(parts.buckets.get(bucket_param(*request)));
  co_return http::respond_empty(200);
}

}  // namespace

void add_object_rows(http::Router& router, ObjectEndpointParts parts) {
  std::vector<http::Row> rows;
  const auto add = [&](Method method, const char* path, auto handler, http::RowAbout about) -> http::Row& {
    rows.push_back({.method = method,
                    .path = path,
                    .auth = AuthLevel::user,
                    .handler = [parts, handler](Request* request) { return handler(parts, request); },
                    .errors = s3_error_response,
                    .decorate = protect_object_answer,
                    .about = std::move(about)});
    return rows.back();
  };
  // Clients write a bucket with and without a slash behind it.
  for (const auto* path : {"/{bucket}", "/{bucket}/"}) {
    add(Method::get, path, list_objects,
        {.summary = "Lists a bucket's objects (S3 ListObjectsV2; list-type must be 2).",
         .query = {"list-type", "prefix", "delimiter", "max-keys", "continuation-token", "start-after",
                   "encoding-type", "fetch-owner"}});
    add(Method::head, path, head_bucket, {.summary = "Whether a bucket is there."});
  }
  add(Method::get, object_path, get_object,
      {.summary = "An object's bytes, or a range of them (206); 304 for those that the client has."});
  add(Method::head, object_path, head_object, {.summary = "An object's headers."});
  add(Method::del, object_path, delete_object,
      {.summary = "Removes an object: its owner, or an administrator.", .success = 204});
  auto& put = add(Method::put, object_path, put_object,
                  {.summary = "Uploads an object.", .takes = "application/octet-stream"});
  put.streaming = true;
  put.body_limit_bytes = put_body_limit_bytes;
  put.accepts_content_encoding = true;
  const auto is_allowed = [parts](const Request& request, std::string_view origin) {
    return is_page_of_app(parts, request, origin);
  };
  add_rows_with_cors(router, std::move(rows), is_allowed, s3_error_response);
  add_refused_rows(router);
}

}  // namespace holdfast::api
