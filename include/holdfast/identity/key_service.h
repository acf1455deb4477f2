#pragma once

#include <memory>
#include <string>
#include <vector>

#include "holdfast/async/event.h"
#include "holdfast/async/task.h"
#include "holdfast/crypto/signing_key.h"
#include "holdfast/identity/actor.h"
#include "holdfast/identity/foundation.h"
#include "holdfast/identity/pool_model.h"

namespace holdfast::identity {

/// What signs a pool's tokens right now.
struct Signer {
  std::string kid;
  std::string header_json;
  crypto::SigningKey key;
};

/// A signing key as operators see it.
struct SigningKeyInfo {
  std::string kid;
  SigningAlgorithm algorithm;
  std::string state;  ///< pending, active, retiring
  WallTime created_at;
  WallTime activated_at;
};

/// A key that is not in the store yet.
struct NewSigningKey {
  std::string kid;
  crypto::SigningKey key;
};

/// The pools' signing keys. A key is published in the pool's JWKS and verifies from its creation. It signs
/// nothing at the primary before every member whose slot is not lost has it durably (at once where there is
/// no other member); at a secondary it signs where the pool has no other. Then it replaces the active key,
/// which goes on verifying for a day, the longest life of a token that it may have signed. Thread-safe; reads
/// are answered from a cache that storage observers keep right. Lives as long as the process.
class KeyService {
 public:
  explicit KeyService(Foundation base);
  ~KeyService();

  /// Draws a key on the hashing pool (an RSA key takes some 100 ms).
  async::Task<Result<NewSigningKey>> generate(SigningAlgorithm algorithm);
  /// Adds a new pool's first key: active where this region is alone, else pending.
  void add_first(storage::Transaction& transaction, const PoolId& pool, const NewSigningKey& key);

  /// `signing_key_pending` (unavailable) before the first key is active, except at a secondary.
  [[nodiscard]] Result<std::shared_ptr<const Signer>> signer(const PoolId& pool);
  /// `unauthenticated` for a key that is not (or no longer) one of the pool's.
  [[nodiscard]] Result<crypto::VerifyingKey> verifying_key(const PoolId& pool, std::string_view kid);
  /// The JWKS document (RFC 7517 §5); `not_found` when the pool has no key.
  [[nodiscard]] Result<std::shared_ptr<const std::string>> jwks(const PoolId& pool);
  [[nodiscard]] Result<std::vector<SigningKeyInfo>> list(const PoolId& pool);

  /// A new key of the pool's algorithm. `emergency`: the keys there are stop verifying at once and the new
  /// one signs at once, durable elsewhere or not; every token of the pool is void. Returns the new key's id.
  async::Task<Result<Written<std::string>>> rotate(Pool pool, bool emergency, Actor actor);

  /// One look at all pending keys: activates those that are durable everywhere within `limit`, and erases
  /// keys whose time is over. Does nothing at a region that may not write.
  async::Task<Result<>> maintain(std::chrono::milliseconds limit);
  /// maintain, again and again, as keys change; ends by cancellation.
  async::Task<> run();

 private:
  struct KeySet;
  struct Entry;
  struct Work;
  struct State;
  Result<std::shared_ptr<const KeySet>> keys_of(const PoolId& pool);
  Result<KeySet> load(const PoolId& pool) const;
  [[nodiscard]] Result<Work> find_work() const;
  async::Task<Result<>> activate(PoolId pool, std::string kid);
  async::Task<Result<>> erase_retired(PoolId pool);

  Foundation base_;
  std::unique_ptr<State> state_;
};

}  // namespace holdfast::identity
