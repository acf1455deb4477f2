#include "holdfast/replication/verify.h"

#include <utility>

#include "holdfast/base/codec.h"
#include "holdfast/base/damaged.h"
#include "holdfast/crypto/hash.h"
#include "holdfast/storage/step.h"

namespace holdfast::replication {
namespace {

std::unexpected<Error> nobody_waits() {
  return fail(ErrorKind::unavailable, "member_away", "nobody waits for the comparison");
}

/// Digests rows as they come and cuts them into ranges.
class RangeCutter {
 public:
  explicit RangeCutter(storage::Family family) { range_.family = static_cast<std::uint8_t>(family); }

  void add(BytesView key, BytesView value) {
    if (range_.rows == rows_per_range) cut(Bytes(key));
    ByteWriter row;
    row.bytes(key).bytes(value);
    hash_.update(row.view());
    ++range_.rows;
  }

  std::vector<RangeDigest> finish() {
    cut({});
    return std::move(ranges_);
  }

 private:
  void cut(Bytes end) {
    range_.end = end;
    range_.sha256 = hash_.finish();
    hash_ = crypto::Sha256();
    ranges_.push_back(range_);
    range_.begin = std::move(end);
    range_.rows = 0;
  }

  crypto::Sha256 hash_;
  RangeDigest range_;
  std::vector<RangeDigest> ranges_;
};

}  // namespace

Result<std::vector<RangeDigest>> digest_store(const storage::Reader& snapshot,
                                              const std::atomic<bool>& abandoned) {
  std::vector<RangeDigest> ranges;
  for (std::size_t number = 0; number < storage::family_count; ++number) {
    storage::reached("verify.family");
    const auto family = static_cast<storage::Family>(number);
    RangeCutter cutter(family);
    TRY_VOID(snapshot.scan_raw(family, {}, [&](BytesView key, BytesView value) {
      cutter.add(key, value);
      return !abandoned.load(std::memory_order_relaxed);
    }));
    if (abandoned) return nobody_waits();
    for (auto& range : cutter.finish()) ranges.push_back(std::move(range));
  }
  return ranges;
}

Result<RangeDigest> digest_range(const storage::Reader& snapshot, const RangeDigest& range) {
  RangeDigest found{.family = range.family, .begin = range.begin, .end = range.end};
  crypto::Sha256 hash;
  TRY_VOID(snapshot.scan_raw(static_cast<storage::Family>(range.family), range.begin,
                             [&](BytesView key, BytesView value) {
                               if (!range.end.empty() && key >= BytesView(range.end)) return false;
                               ByteWriter row;
                               row.bytes(key).bytes(value);
                               hash.update(row.view());
                               ++found.rows;
                               return true;
                             }));
  found.sha256 = hash.finish();
  return found;
}

Result<std::vector<RangeDigest>> compare_ranges(const storage::Reader& snapshot,
                                                const std::vector<RangeDigest>& ranges,
                                                const std::atomic<bool>& abandoned) {
  std::vector<RangeDigest> mismatches;
  std::size_t text_bytes = 0;
  for (const auto& range : ranges) {
    storage::reached("verify.range");
    if (abandoned) return nobody_waits();
    if (range.family >= storage::family_count) {
      return damaged("no such family");
    }
    TRY(auto found, digest_range(snapshot, range));
    const bool same = found.rows == range.rows && found.sha256 == range.sha256;
    if (same || mismatches.size() == max_mismatches) continue;
    text_bytes += found.text_bytes();
    // They are to fit into one message; the first one is said in any case.
    if (mismatches.empty() || text_bytes <= max_range_text_in_message) mismatches.push_back(std::move(found));
  }
  return mismatches;
}

}  // namespace holdfast::replication
