#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "holdfast/base/result.h"
#include "holdfast/crypto/random.h"
#include "holdfast/identity/client_model.h"
#include "holdfast/identity/pool_model.h"

namespace holdfast::identity {

/// 26 lower-case letters and digits: never a UUID's form, which is a user's.
ClientId new_client_id(crypto::Entropy& entropy);
bool is_client_id(std::string_view text);
/// 52 lower-case letters and digits, 268 bits.
std::string new_client_secret(crypto::Entropy& entropy);

/// Names, bounds, URIs, scopes, and that flows fit the kind of client. Refusal: `invalid_client_settings`.
Result<> check_client(const Client& client);

bool allows(const Client& client, Flow flow);
/// The pool's lifetimes with the client's own in place.
Lifetimes lifetimes_of(const Pool& pool, const Client& client);

/// Scopes that a request gets: all allowed ones when it names none, else exactly those named; one
/// that is not allowed refuses the whole (`invalid_scope`, RFC 6749 §5.2). `requested` is the space-separated
/// parameter.
Result<std::vector<std::string>> grant_scopes(std::span<const std::string> allowed,
                                              std::optional<std::string_view> requested);

/// What a client may have for itself: its scopes without those that stand for a signed-in user.
std::vector<std::string> machine_scopes(const Client& client);

/// RFC 6749 §3.3: printable ASCII without space, quote and backslash, at most 128 bytes.
bool is_scope(std::string_view text);

/// Base64(HMAC-SHA256(secret, username ‖ client id)), as Cognito's SDKs send it.
std::string secret_hash(const Client& client, std::string_view username);
/// True for a public client without a hash and for a confidential one with the right hash; compared in
/// constant time.
bool check_secret_hash(const Client& client, std::string_view username,
                       std::optional<std::string_view> given);
/// Compares a presented secret in constant time; false for a public client.
bool check_client_secret(const Client& client, std::string_view given);

std::string_view to_string(Flow flow);
Result<Flow> parse_flow(std::string_view text);

}  // namespace holdfast::identity
