#include "holdfast/api/admin_auth.h"

#include <algorithm>
#include <array>
#include <optional>

#include "bearer.h"
#include "holdfast/identity/operator_rules.h"
#include "repeatable.h"

namespace holdfast::api {
namespace {

using http::AuthLevel;
namespace admin_scope = identity::admin_scope;

// The rows that a token for app states alone may write (docs/api/admin.md, "Admin tokens").
constexpr std::array<std::string_view, 2> state_routes = {"/admin/v1/apps/{app}/state",
                                                          "/admin/v1/app-state"};

// One answer for everything that is no valid token: it must not tell an unknown one from an expired one.
std::unexpected<Error> no_admin_token(std::string detail) {
  return fail(ErrorKind::unauthenticated, "unauthenticated",
              "this needs a valid admin token: Authorization: Bearer <token>", std::move(detail));
}

/// The scope that a row asks for; nothing for levels that admin tokens never reach.
std::optional<std::string_view> scope_needed(std::string_view route, AuthLevel level) {
  switch (level) {
    case AuthLevel::operator_read:
      return admin_scope::read;
    case AuthLevel::operator_write:
      return std::ranges::find(state_routes, route) == state_routes.end() ? admin_scope::admin
                                                                          : admin_scope::state;
    case AuthLevel::metrics:
      return admin_scope::metrics;
    case AuthLevel::open:
    case AuthLevel::client:
    case AuthLevel::user:
      return std::nullopt;
  }
  return std::nullopt;
}

async::Task<Result<http::Principal>> authenticate_operator(identity::OperatorService* operators,
                                                           const http::Request* request, AuthLevel level) {
  auto principal = operators->authenticate(bearer_token(*request));
  if (!principal && principal.error().kind == ErrorKind::unauthenticated)
    co_return no_admin_token(principal.error().detail);
  if (!principal) co_return fail(std::move(principal).error());
  const auto needed = scope_needed(request->route, level);
  if (!needed) co_return no_admin_token("a row that is not for operators");
  if (!identity::admits(*principal, *needed)) {
    co_return fail(ErrorKind::forbidden, "forbidden",
                   "the admin token needs the scope " + std::string(*needed));
  }
  co_return http::Principal::of(*std::move(principal));
}

}  // namespace

http::Authenticator admin_authenticator(identity::OperatorService& operators) {
  return [operators = &operators](const http::Request* request, AuthLevel level) {
    return authenticate_operator(operators, request, level);
  };
}

identity::Actor operator_actor(const http::Request& request) {
  const auto* principal = request.principal.as<identity::OperatorPrincipal>();
  return {.kind = "operator",
          .id = principal == nullptr ? std::string() : principal->operator_id,
          .request_id = request.request_id,
          .rider = rider_of(request)};
}

}  // namespace holdfast::api
