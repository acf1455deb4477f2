#include "holdfast/base/files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>

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

std::unexpected<Error> file_error(const std::filesystem::path& file, std::string_view what) {
  const std::string reason = std::strerror(errno);
  return fail(ErrorKind::internal, "internal", file.string() + ": " + std::string(what) + ": " + reason);
}

bool write_all(int descriptor, std::string_view content) {
  while (!content.empty()) {
    const auto written = write(descriptor, content.data(), content.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    content.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

Result<> replace_file(const std::filesystem::path& file, std::string_view content, mode_t mode) {
  const std::filesystem::path temporary = file.string() + ".new";
  ::unlink(temporary.c_str());  // a left-over of a crash
  {
    const Descriptor out(open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode));
    if (out.get() < 0) return file_error(file, "cannot be written");
    if (fchmod(out.get(), mode) != 0 || !write_all(out.get(), content) || fsync(out.get()) != 0) {
      return file_error(file, "cannot be written");
    }
  }
  if (::rename(temporary.c_str(), file.c_str()) != 0) return file_error(file, "cannot be replaced");
  const auto parent = std::filesystem::absolute(file).parent_path();
  const Descriptor directory(open(parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (directory.get() < 0 || fsync(directory.get()) != 0) return file_error(parent, "cannot be synced");
  return {};
}

}  // namespace

Result<std::string> read_file(const std::filesystem::path& file, std::size_t max_bytes) {
  std::ifstream in(file, std::ios::binary);
  if (!in) return fail(ErrorKind::not_found, "not_found", file.string() + ": cannot be read");
  std::string content(max_bytes + 1, '\0');
  in.read(content.data(), static_cast<std::streamsize>(content.size()));
  content.resize(static_cast<std::size_t>(in.gcount()));
  if (content.size() > max_bytes) {
    return fail(ErrorKind::too_large, "body_too_large",
                file.string() + ": expected at most " + std::to_string(max_bytes) + " bytes");
  }
  return content;
}

Result<> write_private_file(const std::filesystem::path& file, std::string_view content) {
  return replace_file(file, content, 0600);
}

Result<> write_public_file(const std::filesystem::path& file, std::string_view content) {
  return replace_file(file, content, 0644);
}

}  // namespace holdfast
