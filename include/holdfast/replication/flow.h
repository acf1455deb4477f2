#pragma once

#include <string>

#include "holdfast/replication/wire.h"

namespace holdfast::replication {

/// ACK: everything up to `durable` is fsynced at the sender. Cumulative.
struct Ack {
  storage::Position durable;
  [[nodiscard]] Bytes encode() const;
  static Result<Ack> decode(BytesView payload);
};

/// FLOW: the receiver of a stream has room for `granted_bytes` of COMMIT payload in total since the
/// connection began. Cumulative, so a repeated one changes nothing.
struct Flow {
  std::uint64_t granted_bytes = 0;
  [[nodiscard]] Bytes encode() const;
  static Result<Flow> decode(BytesView payload);
};

/// BYE: the sender closes, and why.
struct Bye {
  RejectCode code = RejectCode::none;
  std::string message;
  [[nodiscard]] Bytes encode() const;
  static Result<Bye> decode(BytesView payload);
};

}  // namespace holdfast::replication
