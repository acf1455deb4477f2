#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "holdfast/base/result.h"

namespace holdfast::storage {

class CoreDb;

/// How far a member's durable position is; while it is not lost, the log after it is kept for the member.
struct Slot {
  std::string member;
  std::uint64_t durable_index = 0;
  bool lost = false;
};

/// Deletes archived logs that no slot needs any more. RocksDB's own purging by age and size goes by file
/// times and cannot be trusted with a clock that moves (seen: back two hours purged everything), so it is off
/// and this is the only thing that deletes a log, one whole file at a time, oldest first, and only from the
/// archive. A damaged archived log, which would hide all others, goes with those before it. One thread at a
/// time; blocking. Lives no longer than its CoreDb.
class LogJanitor {
 public:
  struct Limits {
    /// Hard cap of all log files together; a slot that would keep more is declared lost.
    std::uint64_t cap_bytes = std::uint64_t{4} << 30U;
    /// Kept although nobody needs it, for a member whose slot was forgotten.
    std::uint64_t keep_bytes = 0;
  };
  /// Makes the loss of a slot durable *before* the log that it needs is deleted. On an error nothing is
  /// deleted.
  using MarkLost = std::function<Result<>(const std::string& member)>;

  LogJanitor(CoreDb& db, Limits limits, MarkLost mark_lost);

  struct Report {
    std::uint64_t log_bytes = 0;  ///< all log files after the sweep
    std::uint64_t deleted_files = 0;
    std::uint64_t oldest_index = 0;    ///< the oldest batch that is still in a log file; 0: none
    std::vector<std::string> lost;     ///< members whose slot this sweep declared lost
    std::vector<std::string> at_risk;  ///< members that hold more than four fifths of the cap
  };
  Result<Report> sweep(const std::vector<Slot>& slots);

 private:
  CoreDb& db_;
  Limits limits_;
  MarkLost mark_lost_;
  /// Index of the first batch of each log file, by log number; a log's beginning never changes.
  std::map<std::uint64_t, std::uint64_t> first_index_;
  std::filesystem::path known_of_;  ///< the store they belong to
};

}  // namespace holdfast::storage
