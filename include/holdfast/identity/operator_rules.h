#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "holdfast/base/result.h"
#include "holdfast/base/secret.h"
#include "holdfast/crypto/random.h"
#include "holdfast/identity/operator_model.h"

namespace holdfast::identity {

/// Scopes of admin tokens. `admin` includes all others; `read` every GET of the admin API; `state` setting
/// app states beside reading them; `metrics` /metrics alone.
namespace admin_scope {
inline constexpr std::string_view admin = "admin";
inline constexpr std::string_view read = "read";
inline constexpr std::string_view state = "state";
inline constexpr std::string_view metrics = "metrics";
}  // namespace admin_scope

inline constexpr std::chrono::seconds default_admin_token_lifetime = std::chrono::days(90);
inline constexpr std::chrono::seconds max_admin_token_lifetime = std::chrono::days(366);

/// `hfa_` and 256 random bits: recognisable where it leaks.
Secret new_admin_token(crypto::Entropy& entropy);
/// What is stored of it: 32 bytes. No slow hash: there is nothing to guess.
Bytes admin_token_hash(std::string_view token);

/// Name, e-mail address, E.164 phone number. Refusal: `invalid_operator`.
Result<> check_operator(const Operator& person);
/// Name, known scopes, at least one, an expiry in (created, created + 366 d]. Refusal: `invalid_admin_token`.
Result<> check_admin_token(const AdminToken& token);

/// Whether a token with `scopes` may do what needs `needed`.
bool admits(const OperatorPrincipal& principal, std::string_view needed);

}  // namespace holdfast::identity
