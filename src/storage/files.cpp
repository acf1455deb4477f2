#include "files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <set>
#include <string>
#include <system_error>

#include "holdfast/base/unset_bytes.h"

namespace holdfast::storage::files {
namespace {

constexpr mode_t private_file = 0600;
constexpr mode_t private_directory = 0700;

Result<File> open_file(const std::filesystem::path& path, int flags) {
  int descriptor = -1;
  do {
    descriptor = ::open(path.c_str(), flags | O_CLOEXEC | O_NOFOLLOW, private_file);
  } while (descriptor < 0 && errno == EINTR);
  if (descriptor < 0) return fail(error_of("open", path, errno));
  return File(descriptor);
}

Error error_of_open_file(std::string_view what) { return error_of(what, {}, errno); }

}  // namespace

Error error_of(std::string_view what, const std::filesystem::path& path, int number) {
  auto detail = std::string(what) + " " + path.string() + ": " + std::generic_category().message(number);
  if (number == ENOSPC || number == EDQUOT) {
    return {ErrorKind::storage_full, "storage_full", "The disk of this region is full.", std::move(detail)};
  }
  if (number == ENOENT) return {ErrorKind::not_found, "not_found", "No such file.", std::move(detail)};
  return {ErrorKind::internal, "file_error", "A file operation failed.", std::move(detail)};
}

File& File::operator=(File&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  return *this;
}

File::~File() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

Result<File> File::open_for_reading(const std::filesystem::path& path) { return open_file(path, O_RDONLY); }

Result<File> File::create(const std::filesystem::path& path) {
  return open_file(path, O_RDWR | O_CREAT | O_TRUNC);
}

Result<File> File::open_or_create(const std::filesystem::path& path) {
  return open_file(path, O_RDWR | O_CREAT);
}

Result<> File::append(BytesView bytes) const {
  while (!bytes.empty()) {
    const auto written = ::write(descriptor_, bytes.data(), bytes.size());
    if (written < 0) {
      if (errno == EINTR) continue;
      return fail(error_of_open_file("write"));
    }
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return {};
}

Result<> File::append_whole(BytesView bytes) const {
  TRY(const auto before, size());
  TRY_VOID(cut_to(before));
  auto appended = append(bytes);
  if (!appended) TRY_VOID(cut_to(before));
  return appended;
}

Result<Bytes> File::read_at(std::uint64_t offset, std::size_t size) const {
  Bytes out = unset_bytes(size);
  std::size_t filled = 0;
  while (filled < size) {
    const auto got =
        ::pread(descriptor_, out.data() + filled, size - filled, static_cast<off_t>(offset + filled));
    if (got < 0) {
      if (errno == EINTR) continue;
      return fail(error_of_open_file("read"));
    }
    if (got == 0) break;
    filled += static_cast<std::size_t>(got);
  }
  out.resize(filled);
  return out;
}

Result<std::uint64_t> File::size() const {
  struct stat status{};
  if (::fstat(descriptor_, &status) != 0) return fail(error_of_open_file("stat"));
  return static_cast<std::uint64_t>(status.st_size);
}

Result<> File::cut_to(std::uint64_t size) const {
  if (::ftruncate(descriptor_, static_cast<off_t>(size)) != 0) return fail(error_of_open_file("truncate"));
  if (::lseek(descriptor_, static_cast<off_t>(size), SEEK_SET) < 0) return fail(error_of_open_file("seek"));
  return {};
}

Result<> File::sync() const {
  if (::fsync(descriptor_) != 0) return fail(error_of_open_file("fsync"));
  return {};
}

void File::forget_cached() const {
  static_cast<void>(::posix_fadvise(descriptor_, 0, 0, POSIX_FADV_DONTNEED));
}

Result<> make_directory(const std::filesystem::path& path) {
  return make_directories(path.parent_path(), {path.filename().string()});
}

Result<> make_directories(const std::filesystem::path& parent, const std::vector<std::string>& names) {
  for (const auto& name : names) {
    const auto path = parent / name;
    if (::mkdir(path.c_str(), private_directory) != 0 && errno != EEXIST)
      return fail(error_of("mkdir", path, errno));
  }
  return sync_directory(parent);
}

Result<> sync_directory(const std::filesystem::path& path) {
  const auto& directory = path.empty() ? std::filesystem::path(".") : path;
  TRY(const auto file, open_file(directory, O_RDONLY | O_DIRECTORY));
  return file.sync();
}

Result<> sync_tree(const std::filesystem::path& path) {
  TRY_VOID(for_each_name(path, [&](const std::string& name) -> Result<bool> {
    const auto child = path / name;
    std::error_code unknown;  // then opening it says why
    if (std::filesystem::is_directory(child, unknown)) {
      TRY_VOID(sync_tree(child));
    } else {
      TRY(const auto file, File::open_for_reading(child));
      TRY_VOID(file.sync());
    }
    return true;
  }));
  return sync_directory(path);
}

Result<> rename_durably(const std::filesystem::path& from, const std::filesystem::path& to) {
  if (::rename(from.c_str(), to.c_str()) != 0) return fail(error_of("rename", from, errno));
  return sync_directory(to.parent_path());
}

Result<> write_durably(const std::filesystem::path& path, BytesView content) {
  auto fresh = path;
  fresh += ".new";
  {
    TRY(const auto file, File::create(fresh));
    TRY_VOID(file.append(content));
    TRY_VOID(file.sync());
  }
  return rename_durably(fresh, path);
}

Result<Bytes> read_all(const std::filesystem::path& path, std::size_t max_bytes) {
  TRY(const auto file, File::open_for_reading(path));
  TRY(auto content, file.read_at(0, max_bytes + 1));
  if (content.size() > max_bytes)
    return fail(ErrorKind::too_large, "too_large", "A file is too large.", path.string());
  return content;
}

Result<> remove_tree(const std::filesystem::path& path) {
  std::error_code code;
  std::filesystem::remove_all(path, code);
  if (code) return fail(error_of("remove", path, code.value()));
  return {};
}

Result<> for_each_name(const std::filesystem::path& directory,
                       const std::function<Result<bool>(const std::string& name)>& visit) {
  std::error_code code;
  std::set<std::string> names;
  for (auto entry = std::filesystem::directory_iterator(directory, code);
       !code && entry != std::filesystem::directory_iterator(); entry.increment(code)) {
    names.insert(entry->path().filename().string());
  }
  if (code) return fail(error_of("list", directory, code.value()));
  for (const auto& name : names) {
    TRY(const auto go_on, visit(name));
    if (!go_on) break;
  }
  return {};
}

}  // namespace holdfast::storage::files
