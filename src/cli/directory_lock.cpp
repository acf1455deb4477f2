#include "directory_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <system_error>

namespace holdfast::cli {

Result<DirectoryLock> DirectoryLock::take(const std::filesystem::path& dir) {
  const auto path = dir / "demo.lock";
  DirectoryLock lock(open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (lock.file_ < 0) {
    return fail(ErrorKind::invalid, "invalid_argument",
                path.string() + ": cannot be opened: " + std::generic_category().message(errno));
  }
  if (flock(lock.file_, LOCK_EX | LOCK_NB) != 0) {
    return fail(ErrorKind::conflict, "directory_in_use",
                dir.string() + ": a demo runs there already: stop it, or give another --dir");
  }
  return lock;
}

DirectoryLock::~DirectoryLock() {
  if (file_ >= 0) close(file_);
}

}  // namespace holdfast::cli
