#include "holdfast/identity/operator_rules.h"

#include <algorithm>
#include <array>

#include "holdfast/crypto/hash.h"
#include "holdfast/identity/user_rules.h"

namespace holdfast::identity {
namespace {

constexpr std::array<std::string_view, 4> known_admin_scopes = {admin_scope::admin, admin_scope::read,
                                                                admin_scope::state, admin_scope::metrics};

bool is_operator_name(std::string_view name) {
  return !name.empty() && name.size() <= 128 && is_printable(name);
}

}  // namespace

Secret new_admin_token(crypto::Entropy& entropy) {
  return Secret("hfa_" + crypto::random_token(32, entropy));
}

Bytes admin_token_hash(std::string_view token) { return crypto::sha256(token); }

Result<> check_operator(const Operator& person) {
  const auto invalid = [](std::string message) {
    return fail(ErrorKind::invalid, "invalid_operator", std::move(message));
  };
  if (!is_operator_name(person.name)) return invalid("name must be 1 to 128 printable bytes");
  if (!is_email(person.email)) return invalid("email must be an e-mail address");
  if (!is_e164(person.phone)) return invalid("phone must be in E.164 form, like +15550100");
  return {};
}

Result<> check_admin_token(const AdminToken& token) {
  const auto invalid = [](std::string message) {
    return fail(ErrorKind::invalid, "invalid_admin_token", std::move(message));
  };
  if (!is_operator_name(token.name)) return invalid("name must be 1 to 128 printable bytes");
  const bool known = std::ranges::all_of(token.scopes, [](const std::string& scope) {
    return std::ranges::find(known_admin_scopes, scope) != known_admin_scopes.end();
  });
  if (token.scopes.empty() || !known) return invalid("scopes must be some of admin, read, state, metrics");
  if (token.expires_at <= token.created_at ||
      token.expires_at > token.created_at + max_admin_token_lifetime) {
    return invalid("an admin token lives for at most 366 days");
  }
  return {};
}

bool admits(const OperatorPrincipal& principal, std::string_view needed) {
  const auto has = [&](std::string_view scope) {
    return std::ranges::find(principal.scopes, scope) != principal.scopes.end();
  };
  if (has(admin_scope::admin) || has(needed)) return true;
  return needed == admin_scope::read && has(admin_scope::state);
}

}  // namespace holdfast::identity
