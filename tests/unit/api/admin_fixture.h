#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "holdfast/api/admin_auth.h"
#include "holdfast/api/identity_endpoints.h"
#include "holdfast/api/problem.h"
#include "holdfast/base/json.h"
#include "identity_fixture.h"

namespace holdfast::api {

/// The identity endpoints of the admin listener on a real store, called in process as a session would call
/// them: route, authenticate, handle, render the error.
class AdminApiTest : public test::IdentityTest {
 protected:
  struct Answer {
    int status = 0;
    http::Headers headers;
    nlohmann::json json;  ///< null without a body

    [[nodiscard]] std::string code() const { return json.value("code", ""); }
    [[nodiscard]] bool has_position() const {
      const auto position = headers.find("Holdfast-Position");
      return position && storage::parse_position(*position).has_value();
    }
  };

  AdminApiTest() {
    add_identity_endpoints(
        router_,
        {.identity = identity_, .core = region_.core(), .disk = region_.disk(), .region = region_.name()});
    const auto person = must(region_.run(identity_.operators.create(
        {.id = {}, .name = "Ada", .email = "ada@example.com", .phone = "+15550100", .created_at = {}},
        test::operator_actor())));
    operator_id_ = person.value.id;
    token_ = make_token({"admin"});
  }

  std::string make_token(std::vector<std::string> scopes, RegionName region = RegionName("us-east-1")) {
    auto created = must(region_.run(identity_.operators.create_token({.name = "test",
                                                                      .operator_id = operator_id_,
                                                                      .scopes = std::move(scopes),
                                                                      .lifetime = std::chrono::hours(1),
                                                                      .region = std::move(region)},
                                                                     test::operator_actor())));
    return std::string(created.value.secret.expose());
  }

  Answer call(http::Method method, std::string_view target, const nlohmann::json& body = {}) {
    return send(method, target, body.is_null() ? "" : to_json_text(body), "Bearer " + token_);
  }
  Answer get(std::string_view target) { return call(http::Method::get, target); }
  Answer post(std::string_view target, const nlohmann::json& body = {}) {
    return call(http::Method::post, target, body);
  }
  Answer put(std::string_view target, const nlohmann::json& body = {}) {
    return call(http::Method::put, target, body);
  }
  Answer remove(std::string_view target) { return call(http::Method::del, target); }

  /// An empty `authorization` sends no header.
  Answer send(http::Method method, std::string_view target, std::string body,
              const std::string& authorization) {
    http::Request request;
    request.method = method;
    request.target = http::parse_target(target).value();
    request.body = std::move(body);
    request.request_id = "r-1";
    if (!authorization.empty()) request.headers.add("Authorization", authorization);
    auto match = router_.match(method, request.target.raw_path);
    if (match.row == nullptr) return {.status = 404, .headers = {}, .json = "no such row"};
    request.route = match.row->path;
    request.params = std::move(match.params);
    auto response = region_.run(handle(match.row, &request));
    auto rendered = response ? *std::move(response) : problem_response(response.error(), 0, request, {});
    auto json = rendered.body.empty() ? nlohmann::json() : parse_json(rendered.body).value();
    return {.status = rendered.status, .headers = std::move(rendered.headers), .json = std::move(json)};
  }

  async::Task<Result<http::Response>> handle(const http::Row* row, http::Request* request) {
    // As http does: an open row asks nobody.
    if (row->auth != http::AuthLevel::open) {
      CO_TRY(request->principal, co_await authenticate_(request, row->auth));
    }
    co_return co_await row->handler(request);
  }

  /// A pool that signs with ES256, whose keys are drawn quickly; its path.
  std::string make_pool_path() { return "/admin/v1/pools/" + make_pool().id.str(); }

  http::Router router_;
  http::Authenticator authenticate_ = admin_authenticator(identity_.operators);
  std::string operator_id_;
  std::string token_;
};

}  // namespace holdfast::api
