#include "holdfast/api/app_authenticator.h"

#include <utility>

#include "holdfast/base/text.h"

namespace holdfast::api {
namespace {

constexpr std::string_view bearer_scheme = "bearer ";

struct AppAuthenticatorParts {
  apps::AppService* apps;
  objects::BucketService* buckets;
  identity::TokenVerifier* tokens;
};

Result<identity::TokenDemand> demand_of(const AppAuthenticatorParts& parts, const http::Request& request) {
  if (const auto app = request.param("app"); !app.empty()) {
    TRY(const auto registered, parts.apps->get(AppId(std::string(app))));
    return apps::AppService::demand(registered, apps::TokenPurpose::comments);
  }
  TRY(const auto bucket, parts.buckets->get(std::string(request.param("bucket"))));
  TRY(const auto registered, parts.apps->get(bucket.app));
  const bool reads = request.method == http::Method::get || request.method == http::Method::head;
  return apps::AppService::demand(
      registered, reads ? apps::TokenPurpose::read_objects : apps::TokenPurpose::write_objects);
}

async::Task<Result<http::Principal>> authenticate_for_app(AppAuthenticatorParts parts,
                                                          const http::Request* request) {
  CO_TRY(auto token, bearer_of(*request));
  CO_TRY(auto demand, demand_of(parts, *request));
  CO_TRY(auto user, co_await parts.tokens->verify_access_token(std::move(token), std::move(demand)));
  co_return http::Principal::of(std::move(user));
}

async::Task<Result<http::Principal>> no_such_authentication() {
  co_return fail(ErrorKind::unauthenticated, "unauthenticated",
                 "this endpoint takes no credentials of this kind");
}

}  // namespace

Result<std::string> bearer_of(const http::Request& request) {
  const auto header = request.header("Authorization");
  if (header.size() <= bearer_scheme.size() ||
      !equals_ignoring_ascii_case(header.substr(0, bearer_scheme.size()), bearer_scheme)) {
    return fail(ErrorKind::unauthenticated, "unauthenticated", "an Authorization: Bearer header is needed");
  }
  return std::string(trim(header.substr(bearer_scheme.size())));
}

http::Authenticator app_authenticator(apps::AppService& apps, objects::BucketService& buckets,
                                      identity::TokenVerifier& tokens, http::Authenticator otherwise) {
  const AppAuthenticatorParts parts{.apps = &apps, .buckets = &buckets, .tokens = &tokens};
  return [parts, otherwise = std::move(otherwise)](const http::Request* request, http::AuthLevel level) {
    const bool ours = !request->param("app").empty() || !request->param("bucket").empty();
    if (level == http::AuthLevel::user && ours) return authenticate_for_app(parts, request);
    return otherwise ? otherwise(request, level) : no_such_authentication();
  };
}

}  // namespace holdfast::api
