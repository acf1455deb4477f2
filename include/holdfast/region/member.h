#pragma once

#include <cstdint>
#include <string>

#include "holdfast/base/bytes.h"
#include "holdfast/base/clock.h"
#include "holdfast/base/ids.h"
#include "holdfast/base/result.h"

namespace holdfast::region {

enum class MemberState : std::uint8_t {
  active = 1,
  removed = 2,  ///< shut out: may not connect; the row stays, so that its old term records still verify
};

/// One region registered in the replicated node table. The pinned key in this row is the authorisation to
/// replicate; no certificate authority is asked.
struct Member {
  RegionName name;
  std::string node_id;  ///< UUID drawn by `init` or `join`; a data directory copied to a second host keeps it
  Bytes node_spki;      ///< DER of the Ed25519 key that signs terms, wrap rows and the TLS certificate
  Bytes wrapping_spki;  ///< DER of the RSA key (3072+) to which the root key is wrapped for this member
  bool may_promote = true;  ///< false: its term records are refused by everybody
  MemberState state = MemberState::active;
  std::string replication_address;  ///< `host:port` that others dial
  std::string public_url;           ///< `https://host:port`, no trailing slash
  std::string objects_url;
  WallTime joined;

  static constexpr std::uint16_t version = 1;
  [[nodiscard]] Bytes encode() const;
  static Result<Member> decode(BytesView plain);
  /// SHA-256 of node_spki, as pinned in TLS handshakes and join tokens.
  [[nodiscard]] Bytes spki_hash() const;
  bool operator==(const Member&) const = default;
};

/// Lower-case letters, digits and dashes, 1–32 characters, starting with a letter.
Result<RegionName> parse_region_name(std::string_view text);

}  // namespace holdfast::region
