#pragma once

#include <cstdint>
#include <string>

#include "holdfast/base/clock.h"
#include "holdfast/base/ids.h"
#include "holdfast/base/result.h"
#include "holdfast/storage/key_ring.h"

namespace holdfast::crypto {
class KeyWrapper;
class NodeKey;
}  // namespace holdfast::crypto

namespace holdfast::storage {

/// Who can unwrap a wrap row.
struct WrapTarget {
  enum class Kind : std::uint8_t { member = 0, recovery = 1 };
  Kind kind = Kind::member;
  std::string name;        ///< the member's region name; of a recovery key: its label
  Bytes wrapping_key_der;  ///< RSA SPKI, DER, at least 3072 bits
};

/// The root key wrapped (RSA-OAEP-256) for one target, signed by the member that wrapped it, so that no one
/// else can plant a root key. Stored in clear: it must be read before the ring is open.
struct WrapRow {
  WrapTarget::Kind kind = WrapTarget::Kind::member;
  std::string name;
  KeyId root_id = 0;
  Bytes target_spki_hash;  ///< SHA-256 of the wrapping key's SPKI
  Bytes wrapped;
  Bytes root_pin;          ///< RootKey::pin of what is inside
  Bytes signer_spki_hash;  ///< SHA-256 of the wrapping member's node key SPKI
  WallTime created;
  Bytes signature;  ///< Ed25519 over everything above and the cluster id

  [[nodiscard]] Bytes encode() const;
  static Result<WrapRow> decode(BytesView plain);
};

/// Table 0x0011 in the default family, clear. Key: u8 kind ‖ text name ‖ u32 root id.
constexpr Table root_wraps_table{Family::standard, 0x0011, "root_wraps", Sealing::clear};
Bytes root_wrap_key(WrapTarget::Kind kind, std::string_view name, KeyId root_id);

/// `invalid` for a key that is too small or malformed.
Result<WrapRow> wrap_root(const ClusterId& cluster, const RootKey& root, const WrapTarget& target,
                          const crypto::NodeKey& signer, WallTime now);
/// `corrupt`/`bad_signature` unless the member with this node key signed exactly this row for this cluster.
Result<> verify_wrap(const ClusterId& cluster, const WrapRow& row, BytesView signer_spki_der);
/// Unwraps with the region key. `corrupt`/`wrong_region_key` when it is not for this key,
/// `corrupt`/`root_pin_mismatch` when the root inside is not the pinned one.
Result<RootKey> unwrap_root(const WrapRow& row, const crypto::KeyWrapper& region_key, BytesView pin);

/// Puts the row into its table.
void put_wrap(Transaction& transaction, const WrapRow& row);

}  // namespace holdfast::storage
