#pragma once

#include <string>

#include "holdfast/base/result.h"
#include "holdfast/base/secret.h"
#include "holdfast/identity/client_model.h"
#include "holdfast/identity/group_model.h"
#include "holdfast/identity/idempotency_service.h"
#include "holdfast/identity/lockout_rules.h"
#include "holdfast/identity/operator_model.h"
#include "holdfast/identity/pool_model.h"
#include "holdfast/identity/session_model.h"
#include "holdfast/identity/user_model.h"

namespace holdfast::identity {

/// Plaintexts of the room's records, as numbered fields. What stands in a row's key is not repeated in its
/// value, so decoders take it as an argument. docs/formats/identity-records.md lists the numbers; tests pin
/// the bytes.
Bytes encode(const Pool& pool);
Result<Pool> decode_pool(const PoolId& id, BytesView plain);

Bytes encode(const User& user);
Result<User> decode_user(const PoolId& pool, const UserId& id, BytesView plain);

Bytes encode(const PasswordCredential& credential);
Result<PasswordCredential> decode_credential(BytesView plain);

Bytes encode(const Client& client);
Result<Client> decode_client(const ClientId& id, BytesView plain);

Bytes encode(const Group& group);
Result<Group> decode_group(const PoolId& pool, std::string name, BytesView plain);

Bytes encode(const Operator& person);
Result<Operator> decode_operator(std::string id, BytesView plain);

Bytes encode(const AdminToken& token);
Result<AdminToken> decode_admin_token(BytesView plain);

Bytes encode(const FailureCount& count);
Result<FailureCount> decode_failure_count(BytesView plain);

Bytes encode(const Session& session);
Result<Session> decode_session(const PoolId& pool, const UserId& user, std::string origin_jti,
                               BytesView plain);

/// When something stopped being valid, and until when that must be remembered.
struct Revocation {
  WallTime revoked_at;
  WallTime keep_until;
  bool operator==(const Revocation&) const = default;
};
/// What both end, remembered for as long as either has to be.
Revocation farther_of(const Revocation& a, const Revocation& b);
Bytes encode(const Revocation& revocation);
Result<Revocation> decode_revocation(BytesView plain);

Bytes encode(const KeptAnswer& answer);
Result<KeptAnswer> decode_kept_answer(BytesView plain);

/// A signing key's life. The number is the stored one.
enum class SigningKeyState : std::uint8_t {
  pending = 1,   ///< published and verifies, but signs nothing at the primary: not yet durable everywhere
  active = 2,    ///< signs
  retiring = 3,  ///< signs nothing more, verifies until `retired_at`
};
struct SigningKeyRecord {
  SigningKeyState state = SigningKeyState::pending;
  SigningAlgorithm algorithm = SigningAlgorithm::rs256;
  Secret private_der;
  std::string public_jwk;
  WallTime created_at;
  WallTime activated_at;
  WallTime retired_at;  ///< when it stops verifying; meaningful while retiring
};
Bytes encode(const SigningKeyRecord& record);
Result<SigningKeyRecord> decode_signing_key(BytesView plain);

/// Rows whose key says everything.
inline constexpr BytesView empty_record = {};

}  // namespace holdfast::identity
