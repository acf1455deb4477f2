#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "holdfast/base/result.h"
#include "holdfast/crypto/random.h"
#include "holdfast/identity/pool_model.h"

namespace holdfast::identity {

/// Bounds of Cognito's own, where it has them.
inline constexpr std::size_t max_pool_name_size = 128;
inline constexpr std::size_t max_password_size = 256;
inline constexpr std::size_t max_custom_attributes = 50;

/// No access or ID token, and no refresh token, lives longer: for so long what ends them is remembered.
inline constexpr std::chrono::seconds longest_access_lifetime = std::chrono::days(1);
inline constexpr std::chrono::seconds longest_refresh_lifetime = std::chrono::days(3650);

/// `<region>_<nine letters and digits>`.
PoolId new_pool_id(const RegionName& region, crypto::Entropy& entropy);
/// Whether a text could be a pool's id: a cheap first look at a request's path.
bool is_pool_id(std::string_view text);

/// Names, bounds, duplicates. Every refusal is `invalid_pool` and names the field and what is accepted.
Result<> check_pool(const Pool& pool);
Result<> check_lifetimes(const Lifetimes& lifetimes);
/// What a change of a pool may not touch: whether usernames are case-sensitive, and a custom attribute
/// neither leaves nor changes its type. Refusal: `immutable_field`. A change of the algorithm takes effect
/// with the next key.
Result<> check_pool_change(const Pool& before, const Pool& after);

/// Checks a password that is to be set, as it was typed. Refusal: `invalid_password`, with the missing class.
/// Length is counted in code points; more than 256 bytes are refused before anything else looks at them.
Result<> check_password(const PasswordPolicy& policy, std::string_view password);
/// NFC of a typed password, so that composed and decomposed input agree. Refusals: `invalid_password` above
/// 256 bytes, `invalid_utf8`.
Result<std::string> normalize_password(std::string_view password);
/// A password that satisfies every policy, for temporary ones: 20 characters, about 119 bits.
std::string new_temporary_password(const PasswordPolicy& policy, crypto::Entropy& entropy);

std::string_view to_string(AttributeType type);
Result<AttributeType> parse_attribute_type(std::string_view text);

}  // namespace holdfast::identity
