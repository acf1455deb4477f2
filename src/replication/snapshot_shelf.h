#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "holdfast/async/event.h"
#include "holdfast/base/clock.h"
#include "holdfast/base/ids.h"
#include "holdfast/base/result.h"
#include "holdfast/replication/snapshot_messages.h"
#include "holdfast/storage/checkpointer.h"
#include "holdfast/storage/core_db.h"
#include "holdfast/storage/data_directory.h"
#include "slot_book.h"

namespace holdfast::replication {

/// The checkpoints that this region gives to others: made on demand, kept while they are fetched and for a
/// while after a broken connection, so that the transfer can be resumed. In `staging/send-<id>`, emptied at
/// start. Thread-safe; blocking.
class SnapshotShelf {
 public:
  struct Snapshot {
    std::string id;
    storage::CheckpointManifest manifest;
  };

  struct EndTurn {
    void operator()(SnapshotShelf* shelf) const;
  };
  /// The right to have a snapshot made, until it goes away.
  using Turn = std::unique_ptr<SnapshotShelf, EndTurn>;

  SnapshotShelf(storage::DataDirectory& data, storage::CoreDb& core, SlotBook& slots, const Clock& clock);

  /// Making one reads the whole store, so one is made at a time. Whoever wants one waits for its turn where
  /// that costs nothing: the disk pool has a few threads, and beats and uploads need them. Never blocks; null
  /// while it is somebody else's turn.
  [[nodiscard]] Turn take_turn();
  /// A turn ended since, or ends by the deadline.
  [[nodiscard]] async::Task<Result<>> turn_ended(SteadyTime deadline) const {
    return turn_ended_.wait(deadline);
  }
  /// In one's turn: the member's earlier snapshot where `resume` names one that is still here, or where
  /// nothing of it was fetched yet and it is not stale; a new one otherwise. Pins its slot first.
  Result<Snapshot> make(const RegionName& member, const std::string& resume);
  /// Bytes of one file; `gone` in the chunk when the member has no such snapshot here. One that does not read
  /// for the second time is dropped.
  Result<SnapshotChunk> read(const RegionName& member, const SnapshotGet& get);
  void drop(const RegionName& member, const std::string& id);
  /// Removes what nobody asked for in ten minutes, and what is stale before anything of it was fetched.
  void drop_idle();

 private:
  struct Entry {
    RegionName member;
    storage::CheckpointManifest manifest;
    std::filesystem::path store;  ///< that it was made of
    SteadyTime made_at;
    SteadyTime used_at;
    bool fetched = false;      ///< some of its bytes were
    bool read_failed = false;  ///< for the first time
  };

  [[nodiscard]] std::filesystem::path directory(const std::string& id) const;
  void remove(const std::string& id) const;
  /// Whether a new one serves the member better: it pins tables on this disk, what follows it may be gone
  /// from the log, or from this region's history.
  [[nodiscard]] bool is_stale(const Entry& entry) const;
  [[nodiscard]] bool is_second_failed_read(const std::string& id);
  [[nodiscard]] std::optional<Snapshot> find(const RegionName& member, const std::string& resume);
  /// Forgets those of which `wanted` is true, then removes them: what is asked on I/O threads does not wait
  /// for the disk.
  void drop_where(const std::function<bool(const std::string& id, const Entry&)>& wanted);

  storage::DataDirectory* data_;
  storage::CoreDb* core_;
  SlotBook* slots_;
  const Clock* clock_;
  async::Signal turn_ended_;
  std::mutex mutex_;
  bool turn_is_taken_ = false;
  std::map<std::string, Entry> entries_;
};

}  // namespace holdfast::replication
