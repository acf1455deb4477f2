#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <vector>

#include "holdfast/base/ids.h"
#include "holdfast/base/result.h"
#include "holdfast/region/slot_state.h"
#include "holdfast/storage/local_db.h"
#include "holdfast/storage/log_janitor.h"

namespace holdfast::replication {

/// SLOT: from which batch on the log is kept for each member. Kept in local.db: a position that is remembered
/// too low keeps too much log, never too little. Thread-safe; functions that give a Result block on the disk,
/// and nobody else waits for them: acks and beats ask here on I/O threads.
class SlotBook {
 public:
  static Result<std::unique_ptr<SlotBook>> open(storage::LocalDb& local);

  /// The member holds everything up to `index` durably. In memory; `save` writes it.
  void advance(const RegionName& member, std::uint64_t index);
  /// Keeps the log after `index` for a snapshot that is about to be made; a lost slot is reserved again.
  Result<> pin(const RegionName& member, std::uint64_t index);
  /// Durable before the log is deleted.
  Result<> mark_lost(const RegionName& member);
  void mark_at_risk(const std::vector<std::string>& members);
  Result<> save();
  Result<> forget_others(const std::vector<RegionName>& members);

  [[nodiscard]] std::vector<storage::Slot> slots() const;
  [[nodiscard]] region::SlotState state(const RegionName& member) const;

 private:
  struct Row {
    std::uint64_t index = 0;
    bool lost = false;
    bool at_risk = false;
    bool saved = false;
  };

  explicit SlotBook(storage::LocalDb& local) : local_(&local) {}
  [[nodiscard]] std::map<RegionName, Row> rows() const;
  /// With writing_ held.
  Result<> write(const RegionName& member, const Row& row);

  storage::LocalDb* local_;
  std::mutex writing_;  ///< held over writes to the disk; never taken under mutex_
  mutable std::mutex mutex_;
  std::map<RegionName, Row> rows_;  ///< changed ahead of the disk
};

}  // namespace holdfast::replication
