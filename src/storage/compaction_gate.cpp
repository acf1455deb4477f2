#include "compaction_gate.h"

#include <rocksdb/db.h>

#include "rocks.h"

namespace holdfast::storage {
namespace {

constexpr auto look_again = std::chrono::milliseconds(200);

std::uint64_t bytes_of_inputs(rocksdb::Env& env, const rocksdb::CompactionJobInfo& info) {
  std::uint64_t bytes = 0;
  for (const auto& file : info.input_files) {
    std::uint64_t size = 0;
    if (env.GetFileSize(file, &size).ok()) bytes += size;
  }
  return bytes;
}

}  // namespace

void CompactionGate::begin() {
  const std::scoped_lock lock(mutex_);
  waits_ = true;
}

void CompactionGate::end() {
  const std::scoped_lock lock(mutex_);
  waits_ = false;
  ended_.notify_all();
}

void CompactionGate::OnCompactionBegin(rocksdb::DB* db, const rocksdb::CompactionJobInfo& info) {
  auto& env = *db->GetEnv();
  const auto needed = floor_bytes_ + bytes_of_inputs(env, info);
  const auto until = std::chrono::steady_clock::now() + patience_;
  std::unique_lock lock(mutex_);
  while (waits_ && !check_free_bytes(env, db->GetName(), needed) && std::chrono::steady_clock::now() < until)
    ended_.wait_for(lock, look_again);
}

}  // namespace holdfast::storage
