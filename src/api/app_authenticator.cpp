#include "holdfast/api/app_authenticator.h"

#include <utility>

#include "bearer.h"
#include "holdfast/base/text.h"
#include "holdfast/identity/pool_rules.h"

namespace holdfast::api {
namespace {

struct AppAuthenticatorParts {
  apps::AppService* apps;
  objects::BucketService* buckets;
  identity::TokenVerifier* tokens;
  bool at_the_end;
};

Result<identity::TokenDemand> demand_of(const AppAuthenticatorParts& parts, const http::Request& request) {
  if (const auto app = request.param("app"); !app.empty()) {
    TRY(const auto registered, parts.apps->registered(AppId(std::string(app))));
    return apps::AppService::demand(*registered, apps::TokenPurpose::comments);
  }
  TRY(const auto bucket, parts.buckets->get(std::string(request.param("bucket"))));
  TRY(const auto registered, parts.apps->registered(bucket.app));
  const bool reads = request.method == http::Method::get || request.method == http::Method::head;
  return apps::AppService::demand(
      *registered, reads ? apps::TokenPurpose::read_objects : apps::TokenPurpose::write_objects);
}

async::Task<Result<http::Principal>> authenticate_for_app(AppAuthenticatorParts parts,
                                                          const http::Request* request) {
  std::string token(trim(bearer_token(*request)));
  if (token.empty()) {
    co_return fail(ErrorKind::unauthenticated, "unauthenticated",
                   "an Authorization: Bearer header is needed");
  }
  CO_TRY(auto demand, demand_of(parts, *request));
  const auto took = system_clock().steady_now() - request->received_at;
  demand.may_have_expired = parts.at_the_end && took < identity::longest_access_lifetime;
  CO_TRY(auto user, co_await parts.tokens->verify_access_token(std::move(token), std::move(demand)));
  co_return http::Principal::of(std::move(user));
}

async::Task<Result<http::Principal>> no_such_authentication() {
  co_return fail(ErrorKind::unauthenticated, "unauthenticated",
                 "this endpoint takes no credentials of this kind");
}

http::Authenticator authenticator_of(AppAuthenticatorParts parts) {
  return [parts](const http::Request* request, http::AuthLevel level) {
    const bool ours = !request->param("app").empty() || !request->param("bucket").empty();
    return level == http::AuthLevel::user && ours ? authenticate_for_app(parts, request)
                                                  : no_such_authentication();
  };
}

}  // namespace

http::Authenticator app_authenticator(apps::AppService& apps, objects::BucketService& buckets,
                                      identity::TokenVerifier& tokens) {
  return authenticator_of({.apps = &apps, .buckets = &buckets, .tokens = &tokens, .at_the_end = false});
}

http::Authenticator app_authenticator_at_the_end(apps::AppService& apps, objects::BucketService& buckets,
                                                 identity::TokenVerifier& tokens) {
  return authenticator_of({.apps = &apps, .buckets = &buckets, .tokens = &tokens, .at_the_end = true});
}

}  // namespace holdfast::api
