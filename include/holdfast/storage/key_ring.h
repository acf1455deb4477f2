#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <shared_mutex>
#include <string>

#include "holdfast/base/clock.h"
#include "holdfast/base/ids.h"
#include "holdfast/base/result.h"
#include "holdfast/base/secret.h"
#include "holdfast/storage/record.h"

namespace holdfast::storage {

class Reader;
class Transaction;

/// What a data key is for. Losing or shutting out one scope touches nothing else.
class Scope {
 public:
  static Scope system() { return Scope("system"); }
  static Scope pool(const PoolId& pool) { return Scope("pool:" + pool.str()); }
  static Scope bucket(std::string_view bucket) { return Scope("bucket:" + std::string(bucket)); }
  /// HMAC key of blinded names in keys.
  static Scope blinding() { return Scope("blinding"); }
  /// Seals refresh tokens, codes, sessions and cookies.
  static Scope token() { return Scope("token"); }
  /// As stored; any text.
  static Scope named(std::string text) { return Scope(std::move(text)); }

  [[nodiscard]] const std::string& str() const { return text_; }
  auto operator<=>(const Scope&) const = default;

 private:
  explicit Scope(std::string text) : text_(std::move(text)) {}
  std::string text_;
};

/// Seals the key ring. 32 random bytes; never stored but wrapped (root_wrap.h).
struct RootKey {
  KeyId id = root_key_bit | 1U;
  Secret bytes;

  static RootKey generate(std::uint32_t number);
  [[nodiscard]] RootKey copy() const { return {.id = id, .bytes = bytes.copy()}; }
  /// SHA-256("holdfast-root-pin-v1" ‖ id ‖ key), 32 bytes: pinned in local.db, safe to store in clear.
  [[nodiscard]] Bytes pin() const;
};

/// active: new records use it. retired: only opens old ones.
enum class KeyState : std::uint8_t { active = 1, retired = 2 };

/// Table 0x0010 in the default family: key = u32 key id; sealed by the root key.
constexpr Table data_keys_table{Family::standard, 0x0010, "data_keys"};

/// The cluster's data keys, opened and held in memory. Filled from the store by CoreDb::unlock and kept right
/// by an observer, so a key created by a transaction is there when its commit was answered, on every region.
/// Thread-safe.
class KeyRing {
 public:
  KeyRing(ClusterId cluster, RootKey root);
  KeyRing(const KeyRing&) = delete;
  KeyRing& operator=(const KeyRing&) = delete;

  [[nodiscard]] const ClusterId& cluster() const { return cluster_; }

  /// The newest active key of the scope; `not_found`/`key_missing` when it has none.
  [[nodiscard]] Result<KeyId> key_for(const Scope& scope) const;
  /// `corrupt`/`key_missing` when the ring has no such key (of root keys only our own is known).
  [[nodiscard]] Result<std::shared_ptr<const Secret>> key(KeyId id) const;

  /// Draws a new key for the scope and adds its row to the transaction, whose later puts may use it already.
  KeyId create_key(Transaction& transaction, const Scope& scope, WallTime now);

  /// Whether `load` would succeed.
  Result<> check(const Reader& reader) const;
  /// Opens every row of the store, forgetting what was there. `corrupt` when one does not open: wrong root
  /// key or damaged ring; the ring is unchanged then.
  Result<> load(const Reader& reader);
  /// One row changed, or was met before its observer ran.
  Result<> refresh(const Reader& reader, KeyId id);

 private:
  struct Entry {
    Scope scope;
    KeyState state;
    std::shared_ptr<const Secret> key;
  };
  static Result<Entry> decode(BytesView plain);
  static Result<std::map<KeyId, Entry>> open_all(const Reader& reader);

  ClusterId cluster_;
  RootKey root_;
  std::shared_ptr<const Secret> root_secret_;
  mutable std::shared_mutex mutex_;
  std::map<KeyId, Entry> entries_;
  KeyId next_ = 1;
};

/// How text was made comparable before it was blinded; stored, so that another rule can follow later.
enum class Normalisation : std::uint8_t {
  exact = 0,   ///< the bytes as they are
  folded = 1,  ///< NFC, full Unicode case folding, NFC
};

/// Turns personal data into what may stand in a key. Equal text gives equal bytes, nothing else can be told
/// without the key. Thread-safe.
class Blinder {
 public:
  static constexpr std::size_t size = 4 + 1 + 32;

  explicit Blinder(const KeyRing& ring) : ring_(&ring) {}
  /// u32 key id ‖ u8 normalisation ‖ HMAC-SHA256(key, what ‖ 00 ‖ normalised text), with the newest blinding
  /// key. `what` names the field and its namespace ("email:us-east-1_AbCd"). `invalid` for text that is no
  /// UTF-8 (folded).
  [[nodiscard]] Result<Bytes> blind(std::string_view what, std::string_view text,
                                    Normalisation normalisation = Normalisation::folded) const;
  /// The same with a given key, for re-blinding and for look-ups while it runs.
  [[nodiscard]] Result<Bytes> blind_with(KeyId id, std::string_view what, std::string_view text,
                                         Normalisation normalisation) const;

 private:
  const KeyRing* ring_;
};

}  // namespace holdfast::storage
