#pragma once

#include <rocksdb/env.h>

#include <cstdarg>
#include <cstddef>
#include <filesystem>
#include <memory>
#include <mutex>
#include <string_view>

namespace holdfast::storage {

/// What RocksDB writes of its own work (the file LOG beside the tables). Its own writer of that file ends the
/// process at the second line that finds the disk full (7.8.3: an assertion about the writer's earlier error;
/// Debian ships assertions on). Here a line that finds no room is dropped, and the next one is tried again.
class StoreLog final : public rocksdb::Logger {
 public:
  static constexpr std::size_t default_roll_bytes = 4UL * 1024 * 1024;

  /// Moves the LOG of an earlier life aside; RocksDB deletes the oldest of those. Where the file cannot be
  /// opened, every line is dropped.
  explicit StoreLog(std::filesystem::path file, std::size_t roll_bytes = default_roll_bytes);
  StoreLog(const StoreLog&) = delete;
  StoreLog& operator=(const StoreLog&) = delete;
  ~StoreLog() override;

  using rocksdb::Logger::Logv;
  void Logv(const char* format, va_list arguments) override;
  [[nodiscard]] std::size_t GetLogFileSize() const override;

 private:
  void open_anew();
  void write_line(std::string_view line);

  std::filesystem::path file_;
  std::size_t roll_bytes_;
  mutable std::mutex mutex_;
  int descriptor_ = -1;
  std::size_t size_ = 0;
};

/// The log of the store in `directory`; of one that is only looked at its lines are dropped, since they would
/// make a file.
std::shared_ptr<rocksdb::Logger> store_log_of(const std::filesystem::path& directory, bool read_only);

}  // namespace holdfast::storage
