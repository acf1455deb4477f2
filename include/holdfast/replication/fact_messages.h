#pragma once

#include <vector>

#include "holdfast/region/fact.h"
#include "holdfast/replication/wire.h"

namespace holdfast::replication {

inline constexpr std::size_t max_facts_in_message = 64;

/// FACTS: from a region's outbox to the primary; sent again until FACTS_DONE names them.
struct Facts {
  std::vector<region::Fact> facts;
  [[nodiscard]] Bytes encode() const;
  static Result<Facts> decode(BytesView payload);
};

/// FACTS_DONE: the marks of these facts are durable on all members; the sender may forget them.
struct FactsDone {
  std::vector<Bytes> ids;
  [[nodiscard]] Bytes encode() const;
  static Result<FactsDone> decode(BytesView payload);
};

}  // namespace holdfast::replication
