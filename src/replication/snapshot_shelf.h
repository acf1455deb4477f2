#pragma once

#include <filesystem>
#include <map>
#include <mutex>
#include <string>

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

  SnapshotShelf(storage::DataDirectory& data, storage::CoreDb& core, SlotBook& slots, const Clock& clock);

  /// The member's earlier snapshot where `resume` names one that is still here, a new one otherwise. Pins its
  /// slot first.
  Result<Snapshot> make(const RegionName& member, const std::string& resume);
  /// Bytes of one file; `gone` in the chunk when the member has no such snapshot here.
  Result<SnapshotChunk> read(const RegionName& member, const SnapshotGet& get);
  void drop(const RegionName& member, const std::string& id);
  /// Removes what nobody asked for in ten minutes.
  void drop_idle();

 private:
  struct Entry {
    RegionName member;
    storage::CheckpointManifest manifest;
    SteadyTime used_at;
  };

  [[nodiscard]] std::filesystem::path directory(const std::string& id) const;
  void remove(const std::string& id) const;
  void drop_all_of(const RegionName& member);

  storage::DataDirectory* data_;
  storage::CoreDb* core_;
  SlotBook* slots_;
  const Clock* clock_;
  std::mutex making_;  ///< one checkpoint at a time
  std::mutex mutex_;
  std::map<std::string, Entry> entries_;
};

}  // namespace holdfast::replication
