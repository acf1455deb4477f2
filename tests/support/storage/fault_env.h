#pragma once

#include <rocksdb/env.h>
#include <rocksdb/file_system.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

namespace holdfast::test {

/// A real file system whose disk can be full, whose syncs can fail, and whose unsynced bytes can be lost.
/// Pass `env()` in RocksTuning; it must outlive the stores. Thread-safe. Files are told apart by the end of
/// their name: ".log" is the write-ahead log, ".sst" a flush or compaction, "MANIFEST-…" contains no suffix:
/// match with `contains`.
class FaultEnv {
 public:
  FaultEnv();
  ~FaultEnv();
  [[nodiscard]] rocksdb::Env* env() const { return env_.get(); }

  enum class Operation : std::uint8_t { append, sync };
  /// Called before each append and sync with the file's path; what it returns, if anything, is the outcome
  /// instead of the real one. Runs on RocksDB's threads.
  using Hook = std::function<std::optional<rocksdb::IOStatus>(Operation operation, const std::string& path)>;
  void set_hook(Hook hook);

  /// The next `count` syncs of files whose path contains `contains` fail with an I/O error, the later ones
  /// work again.
  void fail_syncs(std::string contains, int count);
  /// How many of these are still to come.
  [[nodiscard]] int syncs_to_fail() const;

  /// Only this many more bytes fit on the disk (deleting files gives theirs back). Writing more is NoSpace,
  /// after the part that fits. Unset: the real disk.
  void set_free_bytes(std::optional<std::uint64_t> bytes);
  [[nodiscard]] std::optional<std::uint64_t> free_bytes() const;

  /// A power cut: cuts every file back to what was synced. Close the store first.
  void drop_unsynced();

 private:
  friend class FaultFileSystem;
  friend class FaultFile;
  struct State;
  std::shared_ptr<State> state_;
  std::unique_ptr<rocksdb::Env> env_;
};

}  // namespace holdfast::test
