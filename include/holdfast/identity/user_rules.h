#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "holdfast/base/result.h"
#include "holdfast/crypto/random.h"
#include "holdfast/identity/pool_model.h"
#include "holdfast/identity/user_model.h"

namespace holdfast::identity {

inline constexpr std::size_t max_username_size = 128;
inline constexpr std::size_t max_attribute_size = 2048;

/// Of a UUID in a key.
inline constexpr std::size_t uuid_size = 16;

UserId new_user_id(crypto::Entropy& entropy);
/// Canonical form of RFC 9562: 36 characters, lower case. Also what client ids must never look like.
bool is_uuid(std::string_view text);
/// The 16 bytes of a canonical UUID, for keys; `not_found` for any other text (it names nobody).
Result<Bytes> uuid_bytes(std::string_view uuid);
/// Back from 16 bytes.
std::string uuid_text(BytesView bytes);

/// NFC of a username to be stored: 1–128 bytes, no white space at the ends, no control characters, and not of
/// a UUID's form (Cognito also takes a `sub` where a username is asked for). Refusal: `invalid_username`.
Result<std::string> check_username(std::string_view username);
/// What two equal usernames of a pool have in common; hashed into index keys. Never refuses valid UTF-8.
Result<std::string> username_key(std::string_view username, bool case_sensitive);
/// The same for e-mail addresses: trimmed, folded as a whole (no mail system of note tells local parts apart
/// by case).
Result<std::string> email_key(std::string_view email);

bool is_standard_attribute(std::string_view name);
bool is_custom_attribute_name(std::string_view name);
/// `email_verified`, `phone_number_verified`: never written by users.
bool is_verified_flag(std::string_view name);

/// `local@domain`, at most 254 bytes (RFC 5321 §4.5.3), no white space or control characters, dots in the
/// domain well placed.
bool is_email(std::string_view text);
/// E.164: `+`, a digit 1–9, at most 15 digits.
bool is_e164(std::string_view text);
/// `YYYY-MM-DD`, a day that exists.
bool is_date(std::string_view text);

/// Checks one value against its definition. Refusal: `invalid_attribute`, naming the attribute.
Result<> check_attribute(const Pool& pool, std::string_view name, std::string_view value);
/// All of a new user's attributes, the pool's required ones included.
Result<> check_new_attributes(const Pool& pool, const Attributes& attributes);

/// Applies a change on top of what is there; an empty value removes. Refuses a second value for an attribute
/// that is not mutable (`immutable_attribute`) and the removal of a required one.
Result<Attributes> change_attributes(const Pool& pool, const Attributes& before, const Attributes& change);

/// Cognito's name.
std::string_view to_string(UserStatus status);

/// Of valid UTF-8.
std::size_t count_code_points(std::string_view utf8);
/// UTF-8 without control characters.
bool is_printable(std::string_view text);
/// The text itself where it may be shown in an error, else `otherwise`.
std::string printable_or(std::string_view text, std::string_view otherwise);

}  // namespace holdfast::identity
