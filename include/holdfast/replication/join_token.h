#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "holdfast/base/clock.h"
#include "holdfast/base/ids.h"
#include "holdfast/base/secret.h"
#include "holdfast/replication/wire.h"

namespace holdfast::replication {

inline constexpr std::chrono::minutes max_join_token_age{60};
inline constexpr std::size_t join_secret_bytes = 32;
inline constexpr std::string_view join_exporter_label = "EXPORTER-holdfast-join-v1";

/// A one-time permission for one named region to join: `hfj1.` ‖ base64url of numbered fields. A secret:
/// files of mode 0600 or stdin, never an argument.
struct JoinToken {
  ClusterId cluster;
  std::string address;      ///< `host:port` of the primary's replication listener
  Bytes primary_spki_hash;  ///< whom the joiner must meet there
  RegionName node;
  bool may_promote = true;
  WallTime expires;
  Secret secret;  ///< 32 bytes

  [[nodiscard]] Secret encode() const;
  /// `invalid`, code `invalid_join_token`.
  static Result<JoinToken> decode(std::string_view text);
};

/// The row that waits for the token, keyed by SHA-256 of the secret (the secret itself is nowhere stored).
struct JoinTokenRow {
  RegionName node;
  bool may_promote = true;
  WallTime created;
  WallTime expires;
  std::string created_by;

  static constexpr std::uint16_t version = 1;
  [[nodiscard]] Bytes encode() const;
  static Result<JoinTokenRow> decode(BytesView plain);
};

/// HMAC-SHA256(secret, TLS exporter ‖ node SPKI ‖ wrapping SPKI), each length-prefixed: binds the token to
/// this very connection and to the two keys that get into the node table.
[[nodiscard]] Bytes join_mac(const Secret& secret, BytesView exporter, BytesView node_spki,
                             BytesView wrapping_spki);

}  // namespace holdfast::replication
