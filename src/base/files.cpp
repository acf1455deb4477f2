#include "holdfast/base/files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "holdfast/base/unset_bytes.h"

namespace holdfast {
namespace {

/// A file descriptor that closes itself.
class Descriptor {
 public:
  explicit Descriptor(int descriptor) : descriptor_(descriptor) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (descriptor_ >= 0) close(descriptor_);
  }
  [[nodiscard]] int get() const { return descriptor_; }

 private:
  int descriptor_;
};

// Reads errno: nothing may stand between the call that failed and this one.
std::unexpected<Error> file_error(const std::filesystem::path& file, std::string_view what) {
  const int number = errno;
  std::string message = file.string() + ": " + std::string(what) + ": " + std::strerror(number);
  if (number == ENOENT) return fail(ErrorKind::not_found, "not_found", std::move(message));
  return fail(ErrorKind::internal, "internal", std::move(message));
}

/// What was begun beside the file and is not to stay there when it does not become the file.
class HalfWritten {
 public:
  explicit HalfWritten(const std::filesystem::path& path) : path_(path) {
    remove();
  }  // one that a crash left
  HalfWritten(const HalfWritten&) = delete;
  HalfWritten& operator=(const HalfWritten&) = delete;
  ~HalfWritten() {
    if (!is_done_) remove();
  }
  void done() { is_done_ = true; }

 private:
  void remove() const { ::unlink(path_.c_str()); }

  const std::filesystem::path& path_;
  bool is_done_ = false;
};

bool write_all(int descriptor, std::string_view content) {
  while (!content.empty()) {
    const auto written = write(descriptor, content.data(), content.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    content.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

Result<> sync_folder_of(const std::filesystem::path& file) {
  const auto folder = file.has_parent_path() ? file.parent_path() : std::filesystem::path(".");
  const Descriptor opened(open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (opened.get() < 0 || fsync(opened.get()) != 0) return file_error(folder, "cannot be synced");
  return {};
}

Result<> replace_file(const std::filesystem::path& file, std::string_view content, mode_t mode) {
  const std::filesystem::path fresh = file.string() + ".new";
  HalfWritten half_written(fresh);
  {
    const Descriptor out(open(fresh.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode));
    if (out.get() < 0) return file_error(file, "cannot be written");
    if (fchmod(out.get(), mode) != 0 || !write_all(out.get(), content) || fsync(out.get()) != 0) {
      return file_error(file, "cannot be written");
    }
  }
  if (::rename(fresh.c_str(), file.c_str()) != 0) return file_error(file, "cannot be replaced");
  half_written.done();
  return sync_folder_of(file);
}

}  // namespace

Result<std::string> read_file(const std::filesystem::path& file, std::size_t max_bytes) {
  const Descriptor in(open(file.c_str(), O_RDONLY | O_CLOEXEC));
  if (in.get() < 0) return file_error(file, "cannot be read");
  std::string content = unset_bytes(max_bytes + 1);  // one more tells that there is more
  std::size_t filled = 0;
  while (filled < content.size()) {
    const auto got = read(in.get(), content.data() + filled, content.size() - filled);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return file_error(file, "cannot be read");
    if (got == 0) break;
    filled += static_cast<std::size_t>(got);
  }
  if (filled > max_bytes) {
    return fail(ErrorKind::too_large, "body_too_large",
                file.string() + ": expected at most " + std::to_string(max_bytes) + " bytes");
  }
  content.resize(filled);
  return content;
}

Result<> write_private_file(const std::filesystem::path& file, std::string_view content) {
  return replace_file(file, content, 0600);
}

Result<> write_public_file(const std::filesystem::path& file, std::string_view content) {
  return replace_file(file, content, 0644);
}

}  // namespace holdfast
