#include "holdfast/api/apps_endpoints.h"

#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "apps_json.h"
#include "holdfast/api/cors.h"
#include "holdfast/api/json_body.h"
#include "holdfast/api/written.h"
#include "holdfast/apps/comment_rules.h"
#include "paging.h"
#include "repeatable.h"

namespace holdfast::api {
namespace {

using http::Method;
using http::Request;
using http::Response;

constexpr const char* comments_path = "/apps/{app}/comments/{photo}";
constexpr const char* comment_path = "/apps/{app}/comments/{photo}/{comment}";

struct CommentInput {
  std::string message;
  std::optional<std::string> id;
  std::optional<std::string> photo;
};

CommentInput read_comment_fields(JsonFields& fields) {
  CommentInput input{.message = fields.text("message"),
                     .id = fields.find_text("commentId"),
                     .photo = fields.find_text("photoId")};
  // Accepted because pages of others send it; the token says who writes.
  fields.ignore("user");
  return input;
}

AppId app_of(const Request& request) { return AppId(std::string(request.param("app"))); }

async::Task<Result<Response>> get_state(AppEndpointParts parts, const Request* request) {
  CO_TRY(const auto view, parts.apps.view(app_of(*request)));
  co_return state_response(view);
}

async::Task<Result<Response>> get_comments(AppEndpointParts parts, const Request* request) {
  CO_TRY(const auto limit, limit_of(*request, apps::max_comments_page, apps::default_comments_page));
  const std::string next(request->query("next").value_or(""));
  CO_TRY(const auto page,
         co_await parts.comments.list(app_of(*request), std::string(request->param("photo")), limit, next));
  co_return json_text_response(200, to_json_text(page));
}

async::Task<Result<Response>> post_comment(AppEndpointParts parts, const Request* request) {
  CO_TRY(auto input, read_json(request->body, read_comment_fields));
  const auto photo = request->param("photo");
  if (input.photo && *input.photo != photo) {
    co_return fail(ErrorKind::invalid, "invalid_field", "photoId must equal the path's");
  }
  apps::NewComment comment{.photo = std::string(photo), .message = std::move(input.message)};
  if (input.id) {
    CO_TRY(comment.id, apps::parse_comment_id(*input.id));
  }
  const auto* user = request->principal.as<identity::VerifiedUser>();
  CO_TRY(const auto written, co_await parts.comments.add(app_of(*request), std::move(comment), *user,
                                                         rider_of(*request), request->request_id));
  co_return written_text_response(201, to_json_text(written.value), written.receipt);
}

async::Task<Result<Response>> delete_comment(AppEndpointParts parts, const Request* request) {
  CO_TRY(auto id, apps::parse_comment_id(request->param("comment")));
  const auto* user = request->principal.as<identity::VerifiedUser>();
  CO_TRY(const auto receipt,
         co_await parts.comments.remove(app_of(*request), std::string(request->param("photo")), std::move(id),
                                        *user, request->request_id));
  co_return written_response(receipt);
}

}  // namespace

void add_app_rows(http::Router& router, AppEndpointParts parts) {
  const auto bind = [parts](auto handler) -> http::Handler {
    return [parts, handler](Request* request) { return handler(parts, request); };
  };
  std::vector<http::Row> rows;
  rows.push_back({.method = Method::get,
                  .path = "/state/{app}",
                  .handler = bind(get_state),
                  .about = {.summary = "An app's state, and where its clients are pointed at."}});
  rows.push_back(
      {.method = Method::get,
       .path = comments_path,
       .auth = http::AuthLevel::user,
       .handler = bind(get_comments),
       .about = {.summary = "Lists the comments on a photo, oldest first.", .query = {"limit", "next"}}});
  rows.push_back(
      {.method = Method::post,
       .path = comments_path,
       .auth = http::AuthLevel::user,
       .handler = repeatable(parts.repeats, describe_created<apps::Comment>([](const apps::Comment& comment) {
                               return to_json(comment);
                             }),
                             bind(post_comment)),
       .about = {.summary = "Comments on a photo.", .takes = http::json_type, .success = 201}});
  rows.push_back(
      {.method = Method::del,
       .path = comment_path,
       .auth = http::AuthLevel::user,
       .handler = bind(delete_comment),
       .about = {.summary = "Removes a comment: its author, or an administrator.", .success = 204}});
  add_rows_with_cors(router, std::move(rows),
                     [&apps = parts.apps](const Request& request, std::string_view origin) {
                       const auto app = apps.find(app_of(request));
                       return app && *app && apps::allows_origin(**app, origin);
                     });
}

}  // namespace holdfast::api
