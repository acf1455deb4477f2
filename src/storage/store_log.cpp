#include "store_log.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <string>
#include <system_error>
#include <utility>

#include "holdfast/base/clock.h"

namespace holdfast::storage {
namespace {

class DroppedLog final : public rocksdb::Logger {
 public:
  using rocksdb::Logger::Logv;
  void Logv(const char* /*format*/, va_list /*arguments*/) override {}
};

constexpr std::size_t longest_line = 16UL * 1024;
constexpr std::size_t usual_line = 512;

std::string formatted(const char* format, va_list arguments) {
  std::array<char, usual_line> usual{};
  va_list again;
  va_copy(again, arguments);
  const int wanted = std::vsnprintf(usual.data(), usual.size(), format, arguments);
  std::string text(usual.data());
  if (wanted >= static_cast<int>(usual.size())) {
    text.resize(std::min(static_cast<std::size_t>(wanted), longest_line) + 1);
    (void)std::vsnprintf(text.data(), text.size(), format, again);
    text.pop_back();
  }
  va_end(again);
  return text;
}

}  // namespace

StoreLog::StoreLog(std::filesystem::path file, std::size_t roll_bytes)
    : Logger(rocksdb::InfoLogLevel::INFO_LEVEL), file_(std::move(file)), roll_bytes_(roll_bytes) {
  open_anew();
}

StoreLog::~StoreLog() {
  if (descriptor_ >= 0) close(descriptor_);
}

void StoreLog::open_anew() {
  if (descriptor_ >= 0) close(descriptor_);
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  const auto micros = std::chrono::duration_cast<std::chrono::microseconds>(now).count();
  std::error_code nothing_to_move;
  std::filesystem::rename(file_, file_.string() + ".old." + std::to_string(micros), nothing_to_move);
  descriptor_ = open(file_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  size_ = 0;
}

void StoreLog::Logv(const char* format, va_list arguments) {
  auto text = formatted(format, arguments);
  if (text.empty() || text.back() != '\n') text += '\n';
  write_line(to_rfc3339(system_clock().now()) + " " + text);
}

void StoreLog::write_line(std::string_view line) {
  const std::scoped_lock lock(mutex_);
  if (size_ > 0 && size_ + line.size() > roll_bytes_) open_anew();
  if (descriptor_ < 0) return;
  const auto written = ::write(descriptor_, line.data(), line.size());
  if (written > 0) size_ += static_cast<std::size_t>(written);
}

std::size_t StoreLog::GetLogFileSize() const {
  const std::scoped_lock lock(mutex_);
  return size_;
}

std::shared_ptr<rocksdb::Logger> store_log_of(const std::filesystem::path& directory, bool read_only) {
  if (read_only) return std::make_shared<DroppedLog>();
  return std::make_shared<StoreLog>(directory / "LOG");
}

}  // namespace holdfast::storage
