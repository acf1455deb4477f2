#pragma once

#include <rocksdb/listener.h>

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>

namespace holdfast::storage {

/// Lets a compaction begin where the disk has room for it. RocksDB starts them for reasons of its own - a
/// read that lets go of its snapshot is enough - and never asks. One without room waits here, on its own
/// thread, until there is some; after a while it may try all the same, since what it writes is often much
/// less than what it reads. One that then fails harms nothing (see StoreListener).
class CompactionGate final : public rocksdb::EventListener {
 public:
  /// `floor_bytes` stay free beside what a compaction may write.
  explicit CompactionGate(std::uint64_t floor_bytes,
                          std::chrono::milliseconds patience = std::chrono::seconds(30))
      : floor_bytes_(floor_bytes), patience_(patience) {}

  /// From now on compactions wait. Before, while the store is being opened, nobody could end their waiting.
  void begin();
  /// None waits any more: the store is about to be closed.
  void end();

  void OnCompactionBegin(rocksdb::DB* db, const rocksdb::CompactionJobInfo& info) override;

 private:
  std::uint64_t floor_bytes_;
  std::chrono::milliseconds patience_;
  std::mutex mutex_;
  std::condition_variable ended_;
  bool waits_ = false;
};

}  // namespace holdfast::storage
