#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "holdfast/replication/wire.h"
#include "holdfast/storage/table.h"

namespace holdfast::replication {

/// MARK: lies in the stream right after the batch `at`; both sides take a snapshot of their store exactly
/// there.
struct Mark {
  std::uint64_t id = 0;
  storage::Position at;
  [[nodiscard]] Bytes encode() const;
  static Result<Mark> decode(BytesView payload);
};

/// A run of keys of one family: SHA-256 over length-prefixed raw keys and raw sealed values (a secondary
/// never re-seals).
struct RangeDigest {
  std::uint8_t family = 0;
  Bytes begin;  ///< first key, inclusive; empty: from the beginning
  Bytes end;    ///< exclusive; empty: to the end of the family
  std::uint64_t rows = 0;
  Bytes sha256;
  /// Of its keys and its digest, whose lengths the sender chooses.
  [[nodiscard]] std::size_t text_bytes() const { return begin.size() + end.size() + sha256.size(); }
  bool operator==(const RangeDigest&) const = default;
};

/// DIGESTS: the marking side's ranges, in order, covering every family from beginning to end; in several
/// messages.
struct Digests {
  std::uint64_t mark = 0;
  std::vector<RangeDigest> ranges;
  bool last = false;
  [[nodiscard]] Bytes encode() const;
  static Result<Digests> decode(BytesView payload);
};

/// VERIFIED: the other side's answer: the same ranges, digested there, where they differ.
struct Verified {
  std::uint64_t mark = 0;
  storage::Position at;
  std::uint64_t ranges = 0;
  std::uint64_t rows = 0;
  std::vector<RangeDigest> mismatches;  ///< as found at the answering side, at most max_mismatches
  std::string error;                    ///< set: the comparison could not be made, and why
  [[nodiscard]] Bytes encode() const;
  static Result<Verified> decode(BytesView payload);
};

inline constexpr std::size_t max_mismatches = 1000;
/// Beside the keys, a range is some 40 bytes on the wire: so filled, a message stays well below its bound of
/// 1 MiB also where keys are long (an object's key has up to 1024 bytes, as stored more).
inline constexpr std::size_t max_range_text_in_message = std::size_t{512} << 10U;

/// The ranges in as many messages as they need, the last one marked so.
std::vector<Digests> digests_in_messages(std::uint64_t mark, const std::vector<RangeDigest>& ranges);

}  // namespace holdfast::replication
