#include "holdfast/storage/log_janitor.h"

#include <rocksdb/db.h>

#include <algorithm>
#include <optional>
#include <ranges>

#include "holdfast/base/log.h"
#include "holdfast/base/metrics.h"
#include "holdfast/storage/core_db.h"
#include "holdfast/storage/step.h"
#include "rocks.h"
#include "wal_files.h"
#include "wal_record.h"

namespace holdfast::storage {
namespace {

metrics::Metric wal_bytes{metrics::Kind::gauge, "holdfast_log_bytes",
                          "Write-ahead log on disk, archive included."};
metrics::Metric slots_lost{metrics::Kind::counter, "holdfast_slots_lost_total",
                           "Members whose log was given up at the hard cap: they need a snapshot."};

struct WalSpan {
  WalFile file;
  std::uint64_t first_index = 0;
};

std::uint64_t total_bytes_of(const std::vector<WalSpan>& log) {
  std::uint64_t bytes = 0;
  for (const auto& span : log) bytes += span.file.bytes;
  return bytes;
}

/// A slot needs the batches after its durable one, and that one itself, to compare it.
bool needs_file_before(const Slot& slot, std::uint64_t next_first_index) {
  return !slot.lost && slot.durable_index < next_first_index;
}

/// Without the file before `next_first_index`, the member could not go on from where it is.
bool is_cut_off_before(const Slot& slot, std::uint64_t next_first_index) {
  return !slot.lost && slot.durable_index + 1 < next_first_index;
}

Result<> delete_log(RocksStore& store, const std::string& path) {
  reached("janitor.delete");
  const auto status = store.db->DeleteFile(path);
  if (status.ok() || status.IsNotFound() || status.IsPathNotFound()) return {};
  return fail(to_error(status, "delete an archived log"));
}

/// Declares every slot lost, durably, that cannot do without the log before `next_first_index`.
Result<> lose_slots_before(std::uint64_t next_first_index, std::string_view why, std::vector<Slot>& slots,
                           const LogJanitor::MarkLost& mark_lost, LogJanitor::Report& report) {
  for (auto& slot : slots) {
    if (!is_cut_off_before(slot, next_first_index)) continue;
    TRY_VOID(mark_lost(slot.member));
    slot.lost = true;
    report.lost.push_back(slot.member);
    slots_lost.add();
    log::error("slot lost: the member needs a snapshot", {{"member", slot.member}, {"why", why}});
  }
  return {};
}

/// While the beginning of an archived log does not read, RocksDB lists none (seen): nothing would ever be
/// deleted again, nobody could catch up, and no checkpoint could be made. Nobody can go on through that log
/// in any case: it goes, with all before it.
Result<> give_up_damaged(const std::shared_ptr<RocksStore>& store, std::vector<Slot>& slots,
                         const LogJanitor::MarkLost& mark_lost, LogJanitor::Report& report) {
  const FilesStay stay(store);
  const auto listed = list_wal_files(*store);
  if (listed || listed.error().kind != ErrorKind::corrupt) return {};
  TRY(const auto damaged, find_damaged_archive(*store));
  if (damaged.paths.empty()) return {};
  TRY_VOID(
      lose_slots_before(damaged.next_first_index, "an archived log is damaged", slots, mark_lost, report));
  for (const auto& path : damaged.paths) {
    TRY_VOID(delete_log(*store, path));
    ++report.deleted_files;
  }
  log::error("an archived log is damaged: it was deleted with what was before it; check the disk",
             {{"file", damaged.paths.back()}, {"deleted", damaged.paths.size()}});
  return {};
}

/// One sweep: the log as it is, shrinking from its old end.
class JanitorSweep {
 public:
  JanitorSweep(RocksStore& store, std::vector<WalSpan> log, std::vector<Slot> slots,
               LogJanitor::Report so_far)
      : store_(store),
        log_(std::move(log)),
        slots_(std::move(slots)),
        bytes_(total_bytes_of(log_)),
        report_(std::move(so_far)) {}

  /// Deletes what no slot needs, as long as `keep_bytes` stay.
  Result<> delete_unneeded(std::uint64_t keep_bytes) {
    while (front_is_deletable() && bytes_ - log_.front().file.bytes >= keep_bytes) {
      const auto next = log_[1].first_index;
      if (std::ranges::any_of(slots_, [&](const Slot& slot) { return needs_file_before(slot, next); })) break;
      TRY_VOID(delete_front());
    }
    return {};
  }

  /// Deletes from the old end until the log is under its cap; slots in the way are declared lost, durably,
  /// first.
  Result<> delete_over(std::uint64_t cap_bytes, const LogJanitor::MarkLost& mark_lost) {
    while (bytes_ > cap_bytes && front_is_deletable()) {
      TRY_VOID(lose_slots_before(log_[1].first_index, "the log cap is reached", slots_, mark_lost, report_));
      TRY_VOID(delete_front());
    }
    return {};
  }

  LogJanitor::Report finish(std::uint64_t cap_bytes) {
    constexpr std::uint64_t risk_numerator = 4;
    constexpr std::uint64_t risk_denominator = 5;
    for (const auto& slot : slots_) {
      if (!slot.lost && held_by(slot) > cap_bytes / risk_denominator * risk_numerator) {
        report_.at_risk.push_back(slot.member);
      }
    }
    report_.log_bytes = bytes_;
    report_.oldest_index = log_.empty() ? 0 : log_.front().first_index;
    wal_bytes.set(static_cast<std::int64_t>(bytes_));
    return std::move(report_);
  }

 private:
  /// Only archived files, and never the last: RocksDB still writes or needs the others.
  [[nodiscard]] bool front_is_deletable() const { return log_.size() > 1 && log_.front().file.archived; }

  Result<> delete_front() {
    const auto& file = log_.front().file;
    TRY_VOID(delete_log(store_, file.path));
    ++report_.deleted_files;
    bytes_ -= file.bytes;
    log_.erase(log_.begin());
    return {};
  }

  [[nodiscard]] std::uint64_t held_by(const Slot& slot) const {
    std::uint64_t bytes = 0;
    for (const auto& span : log_ | std::views::reverse) {
      bytes += span.file.bytes;
      if (span.first_index <= slot.durable_index + 1) break;
    }
    return bytes;
  }

  RocksStore& store_;
  std::vector<WalSpan> log_;
  std::vector<Slot> slots_;
  std::uint64_t bytes_;
  LogJanitor::Report report_;
};

/// Makes live logs obsolete, so that they move to the archive: a family that is never written would pin them
/// for ever.
Result<> flush_all(RocksStore& store) {
  const std::vector<rocksdb::ColumnFamilyHandle*> families(store.families.begin(), store.families.end());
  const auto status = store.db->Flush(rocksdb::FlushOptions(), families);
  if (!status.ok()) return fail(to_error(status, "flush"));
  return {};
}

Result<std::uint64_t> live_bytes_of(const std::shared_ptr<RocksStore>& store) {
  const FilesStay stay(store);
  TRY(const auto files, list_wal_files(*store));
  std::uint64_t bytes = 0;
  for (const auto& file : files) bytes += file.archived ? 0 : file.bytes;
  return bytes;
}

}  // namespace

LogJanitor::LogJanitor(CoreDb& db, Limits limits, MarkLost mark_lost)
    : db_(db), limits_(limits), mark_lost_(std::move(mark_lost)) {}

Result<LogJanitor::Report> LogJanitor::sweep(const std::vector<Slot>& slots) {
  const auto store = db_.rocks();
  const auto load = [&]() -> Result<std::vector<WalSpan>> {
    TRY(const auto files, list_wal_files(*store));
    if (known_of_ != store->path) first_index_.clear();
    known_of_ = store->path;
    std::map<std::uint64_t, std::uint64_t> known;
    std::vector<WalSpan> log;
    for (const auto& file : files) {
      const auto found = first_index_.find(file.number);
      const auto first =
          found == first_index_.end() ? first_index_of(*store, file) : Result<std::uint64_t>(found->second);
      if (!first) return fail(first.error());
      known.emplace(file.number, *first);
      log.push_back({.file = file, .first_index = *first});
    }
    first_index_ = std::move(known);
    return log;
  };
  auto left = slots;
  Report given_up;
  TRY_VOID(give_up_damaged(store, left, mark_lost_, given_up));
  TRY(const auto live_bytes, live_bytes_of(store));
  // Without room for a flush, which would close the store, what is archived already can still go.
  const bool has_room = check_free_bytes(*store->db->GetEnv(), store->path, apply_floor_bytes).has_value();
  if (has_room && live_bytes > limits_.cap_bytes / 2) TRY_VOID(flush_all(*store));
  // Held while files are deleted too: RocksDB fails to list logs that go meanwhile (seen).
  const FilesStay stay(store);
  TRY(auto log, load());
  JanitorSweep sweep(*store, std::move(log), std::move(left), std::move(given_up));
  TRY_VOID(sweep.delete_unneeded(limits_.keep_bytes));
  TRY_VOID(sweep.delete_over(limits_.cap_bytes, mark_lost_));
  return sweep.finish(limits_.cap_bytes);
}

}  // namespace holdfast::storage
