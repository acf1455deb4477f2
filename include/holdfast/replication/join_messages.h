#pragma once

#include <string>
#include <vector>

#include "holdfast/base/ids.h"
#include "holdfast/region/cluster_record.h"
#include "holdfast/region/member.h"
#include "holdfast/replication/wire.h"

namespace holdfast::replication {

inline constexpr std::size_t max_members_in_joined = 64;

/// JOIN: the only message that an unknown peer may send. The node key is the one of its TLS certificate.
struct Join {
  Bytes secret;  ///< the token's 32 bytes; goes only to the key that the token pins
  Bytes mac;     ///< HMAC-SHA256(secret, TLS exporter ‖ node SPKI ‖ wrapping SPKI)
  region::Member node;
  Bytes admin_token_hash;  ///< SHA-256 of an admin token that the newcomer drew for itself; empty: none
  [[nodiscard]] Bytes encode() const;
  static Result<Join> decode(BytesView payload);
};

/// JOINED: the row is in the log. The newcomer dials again as a member and gets a snapshot.
struct Joined {
  bool accepted = false;
  RejectCode code = RejectCode::none;
  std::string message;
  region::ClusterRecord cluster;
  std::vector<region::Member> members;  ///< all rows, the newcomer's included; at most max_members_in_joined
  Bytes root_wrap;  ///< storage::WrapRow of the root key for the newcomer, so that it can open an empty store
                    ///< at once
  bool admin_token_kept = false;  ///< the token of the JOIN opens the newcomer's admin API
  [[nodiscard]] Bytes encode() const;
  static Result<Joined> decode(BytesView payload);
};

}  // namespace holdfast::replication
