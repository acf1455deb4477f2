#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "app_parts.h"
#include "holdfast/api/cognito_endpoint.h"
#include "holdfast/api/oidc_endpoints.h"
#include "holdfast/api/problem.h"
#include "holdfast/apps/app_service.h"
#include "holdfast/base/json.h"
#include "holdfast/oidc/oidc.h"
#include "identity_fixture.h"

namespace holdfast::api {

/// The Cognito and OIDC rows of the public listener on a real store, called in process as a session would
/// call them: route, handle, render the error, decorate. One pool with a public client that signs users in.
class PublicApiTest : public test::IdentityTest {
 protected:
  struct Answer {
    int status = 0;
    http::Headers headers;
    nlohmann::json json;  ///< null without a body

    [[nodiscard]] std::string header(std::string_view name) const {
      return std::string(headers.find(name).value_or("<none>"));
    }
    [[nodiscard]] bool has_position() const {
      const auto position = headers.find("Holdfast-Position");
      return position && storage::parse_position(*position).has_value();
    }
  };

  PublicApiTest() {
    add_cognito_rows(rows_, {.identity = identity_, .origins = origins_});
    add_oidc_rows(rows_, {.identity = identity_,
                          .oidc = oidc_,
                          .origins = origins_,
                          .issuer_base = "https://auth.example.com"});
  }

  Answer send(http::Method method, std::string_view target, std::string body, http::Headers headers) {
    http::Request request;
    request.method = method;
    request.target = http::parse_target(target).value();
    request.headers = std::move(headers);
    request.body = std::move(body);
    request.limit_key = "192.0.2.1";
    request.request_id = "r-1";
    auto match = rows_.match(method, request.target.raw_path);
    if (match.row == nullptr)
      return {.status = match.allowed.empty() ? 404 : 405, .headers = {}, .json = "no such row"};
    request.route = match.row->path;
    request.params = std::move(match.params);
    auto answer = region_.run(match.row->handler(&request));
    http::Response response = answer              ? *std::move(answer)
                              : match.row->errors ? match.row->errors(answer.error(), 0, request)
                                                  : problem_response(answer.error(), 0, request, {});
    if (match.row->decorate) match.row->decorate(request, response);
    auto json = response.body.empty() ? nlohmann::json() : parse_json(response.body).value();
    return {.status = response.status, .headers = std::move(response.headers), .json = std::move(json)};
  }

  /// An app of the pool, with one origin, that accepts the client's tokens.
  void register_app(std::string id, const PoolId& pool, const ClientId& client, std::string origin) {
    must(region_.run(apps_.create(
        {.id = AppId(std::move(id)), .pool = pool, .clients = {client}, .web_origins = {std::move(origin)}},
        test::operator_actor())));
  }
  /// What a page of this origin is told it may read of the answer.
  std::string page(http::Method method, std::string_view target, std::string body, std::string_view origin,
                   http::Headers headers = {}) {
    headers.add("Origin", origin);
    return send(method, target, std::move(body), std::move(headers)).header("Access-Control-Allow-Origin");
  }

  std::unique_ptr<region::FactExchange> facts_ = test::open_facts(region_);
  apps::AppService apps_{test::app_parts(region_, *facts_)};
  apps::WebOrigins origins_{region_.core()};
  oidc::Oidc oidc_{identity_};
  http::Router rows_;
  identity::Pool pool_ = make_pool();
  identity::Client web_ = make_client(pool_.id);
};

}  // namespace holdfast::api
