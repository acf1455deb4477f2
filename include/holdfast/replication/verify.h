#pragma once

#include <atomic>
#include <cstdint>
#include <vector>

#include "holdfast/base/ids.h"
#include "holdfast/base/result.h"
#include "holdfast/replication/verify_messages.h"
#include "holdfast/storage/reader.h"

namespace holdfast::replication {

/// What `holdfast verify` says about one member: both sides read a snapshot at exactly `at`.
struct VerifyReport {
  RegionName member;
  storage::Position at;
  std::uint64_t ranges = 0;
  std::uint64_t rows = 0;
  std::vector<RangeDigest> here;   ///< where they differ, as found at this region
  std::vector<RangeDigest> there;  ///< the same ranges at the member
  [[nodiscard]] bool identical() const { return there.empty(); }
};

inline constexpr std::size_t rows_per_range = 4096;

/// Digests every family of a snapshot in ranges of rows_per_range rows. Blocking: reads the whole store once.
/// Error: `member_away` soon after it was abandoned.
Result<std::vector<RangeDigest>> digest_store(const storage::Reader& snapshot,
                                              const std::atomic<bool>& abandoned);
/// Digests exactly the given range.
Result<RangeDigest> digest_range(const storage::Reader& snapshot, const RangeDigest& range);
/// The ranges that differ, as found in `snapshot`. Blocking and abandoned as above.
Result<std::vector<RangeDigest>> compare_ranges(const storage::Reader& snapshot,
                                                const std::vector<RangeDigest>& ranges,
                                                const std::atomic<bool>& abandoned);

}  // namespace holdfast::replication
