#pragma once

#include <algorithm>
#include <functional>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>

#include "holdfast/api/apps_endpoints.h"
#include "holdfast/api/objects_endpoints.h"
#include "holdfast/api/problem.h"
#include "holdfast/base/json.h"
#include "holdfast/identity/operator_model.h"
#include "objects_fixture.h"

namespace holdfast::api {

/// A body that arrives in small pieces.
class PiecewiseBody final : public http::BodyReader {
 public:
  PiecewiseBody(Bytes bytes, std::optional<std::uint64_t> size) : rest_(std::move(bytes)), size_(size) {}
  [[nodiscard]] std::optional<std::uint64_t> size() const override { return size_; }
  async::Task<Result<Bytes>> read() override {
    auto piece = rest_.substr(0, 7'777);
    rest_.erase(0, piece.size());
    co_return piece;
  }

 private:
  Bytes rest_;
  std::optional<std::uint64_t> size_;
};

/// The rows of apps, comments, buckets and objects, called in process as a session would call them. The
/// principal is given: what tokens open is app_authenticator's test.
class AppApiTest : public test::ObjectsTest {
 protected:
  void SetUp() override {
    ObjectsTest::SetUp();
    auto keys = region_.core().transaction();
    region_.core().keys()->create_key(keys, storage::Scope::pool(PoolId("us-east-1_Abc")),
                                      region_.clock().now());
    region_.store().commit(std::move(keys));
    add_app_rows(public_, {.apps = apps_, .comments = comments_, .repeats = repeats_});
    add_app_admin_rows(admin_rows_,
                       {.apps = apps_, .buckets = buckets_, .repeats = repeats_, .disk = region_.disk()});
    add_object_rows(objects_rows_, {.objects = objects_,
                                    .buckets = buckets_,
                                    .apps = apps_,
                                    .clock = region_.clock(),
                                    .judge_again = [this](const http::Request* request, http::AuthLevel) {
                                      return answer(at_the_end_ ? at_the_end_() : request->principal);
                                    }});
  }

  static async::Task<Result<http::Principal>> answer(Result<http::Principal> principal) {
    co_return principal;
  }
  static http::Principal user(std::string name, std::vector<std::string> groups = {}) {
    identity::VerifiedUser user;
    user.user = UserId("sub-" + name);
    user.username = std::move(name);
    user.groups = std::move(groups);
    return http::Principal::of(std::move(user));
  }
  static http::Principal an_operator() {
    identity::OperatorPrincipal principal;
    principal.operator_id = "op-1";
    return http::Principal::of(std::move(principal));
  }

  http::Response call(const http::Router& router, http::Method method, std::string_view target,
                      Bytes body = {}, http::Headers headers = {}, http::Principal principal = user("ada")) {
    http::Request request;
    request.method = method;
    request.target = http::parse_target(target).value();
    request.headers = std::move(headers);
    request.request_id = "r-1";
    auto match = router.match(method, request.target.raw_path);
    if (match.row == nullptr) return http::respond_empty(404);
    request.route = match.row->path;
    request.params = std::move(match.params);
    request.principal = std::move(principal);
    const bool counted = !request.headers.has("Transfer-Encoding");
    PiecewiseBody stream(body, counted ? std::optional<std::uint64_t>(body.size()) : std::nullopt);
    if (match.row->streaming) {
      request.body_stream = &stream;
    } else {
      request.body = std::move(body);
    }
    auto answer = region_.run(match.row->handler(&request));
    const auto& errors = match.row->errors;
    http::Response response = answer   ? *std::move(answer)
                              : errors ? errors(answer.error(), 0, request)
                                       : problem_response(answer.error(), 0, request, {});
    if (match.row->decorate) match.row->decorate(request, response);
    return response;
  }
  http::Response call_public(http::Method method, std::string_view target, Bytes body = {},
                             http::Principal principal = user("ada")) {
    return call(public_, method, target, std::move(body), {}, std::move(principal));
  }
  http::Response call_admin(http::Method method, std::string_view target, Bytes body = {}) {
    return call(admin_rows_, method, target, std::move(body), {}, an_operator());
  }
  http::Response call_s3(http::Method method, std::string_view target, Bytes body = {},
                         http::Headers headers = {}, http::Principal principal = user("ada")) {
    const bool is_framed = headers.has("Content-Length") || headers.has("Transfer-Encoding");
    if (method == http::Method::put && !is_framed) headers.add("Content-Length", std::to_string(body.size()));
    return call_s3_as_is(method, target, std::move(body), std::move(headers), std::move(principal));
  }
  http::Response call_s3_as_is(http::Method method, std::string_view target, Bytes body = {},
                               http::Headers headers = {}, http::Principal principal = user("ada")) {
    return call(objects_rows_, method, target, std::move(body), std::move(headers), std::move(principal));
  }

  /// The body, streamed or not.
  Bytes body_of(http::Response& response) {
    if (!response.stream) return response.body;
    Bytes whole;
    while (true) {
      auto piece = test::TestRegion::must(region_.run(response.stream->read()));
      if (piece.empty()) return whole;
      whole += piece;
    }
  }
  static nlohmann::json json_body(const http::Response& response) {
    return parse_json(response.body).value();
  }
  static std::string code_in(const http::Response& response) { return json_body(response).at("code"); }
  static std::string header(const http::Response& response, std::string_view name) {
    return std::string(response.headers.find(name).value_or("<none>"));
  }
  static bool is_s3_error(const http::Response& response, int status, std::string_view code) {
    return response.status == status && response.body.contains("<Code>" + std::string(code) + "</Code>");
  }

  identity::IdempotencyService repeats_{region_.core(), region_.writer(), region_.clock()};
  apps::CommentService comments_{apps_, region_.core(), region_.writer(), region_.disk(), region_.clock()};
  /// Who calls by the end of an upload; empty: the same as before.
  std::function<Result<http::Principal>()> at_the_end_;
  http::Router public_;
  http::Router admin_rows_;
  http::Router objects_rows_;
};

}  // namespace holdfast::api
