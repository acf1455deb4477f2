#include "holdfast/storage/data_directory.h"

#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <string>
#include <system_error>

#include "files.h"
#include "holdfast/base/log.h"
#include "holdfast/base/text.h"
#include "holdfast/storage/checkpointer.h"
#include "holdfast/storage/step.h"

namespace holdfast::storage {
namespace {

constexpr std::string_view format_word = "holdfast-data ";
constexpr std::string_view current_word = "generation ";
/// In a generation's directory: the one that it replaced, where that one may go. The same line as CURRENT's.
constexpr std::string_view replaces_name = "replaces";
constexpr std::size_t max_text_bytes = 64;

std::optional<std::uint64_t> parse_number(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool canonical =
      code == std::errc() && end == text.data() + text.size() && std::to_string(number) == text;
  return canonical ? std::optional(number) : std::nullopt;
}

/// `<word><number>\n`, exactly.
std::optional<std::uint64_t> parse_line(std::string_view text, std::string_view word) {
  if (!text.starts_with(word) || !text.ends_with('\n')) return std::nullopt;
  return parse_number(text.substr(word.size(), text.size() - word.size() - 1));
}

std::string pointer_to(std::uint64_t generation) {
  return std::string(current_word) + std::to_string(generation) + "\n";
}

bool is_present(const std::filesystem::path& path) {
  std::error_code code;
  return std::filesystem::exists(path, code);
}

Result<> check_format(const std::filesystem::path& root) {
  const auto text = files::read_all(root / "FORMAT", max_text_bytes);
  const auto number = text ? parse_line(*text, format_word) : std::nullopt;
  if (!number) {
    return fail(ErrorKind::corrupt, "data_format_unknown",
                root.string() + " is not a Holdfast data directory.");
  }
  if (*number > DataDirectory::format) {
    return fail(ErrorKind::conflict, "data_format_newer",
                root.string() + " has data format " + std::to_string(*number) +
                    "; this version reads up to " + std::to_string(DataDirectory::format) + ".");
  }
  return {};
}

}  // namespace

/// An advisory lock on LOCK; the kernel drops it with the process, however that ends.
struct DataDirectory::Lock {
  files::File file;

  static Result<std::unique_ptr<Lock>> take(const std::filesystem::path& root) {
    auto lock = std::make_unique<Lock>();
    TRY(lock->file, files::File::open_or_create(root / "LOCK"));
    if (::flock(lock->file.descriptor(), LOCK_EX | LOCK_NB) != 0) {
      if (errno != EWOULDBLOCK) return fail(files::error_of("lock", root, errno));
      const auto written = lock->file.read_at(0, max_text_bytes).value_or("");
      const auto holder = trim(written);
      return fail(ErrorKind::conflict, "data_directory_in_use",
                  root.string() + " is in use by " +
                      (holder.empty() ? "another process" : "process " + std::string(holder)) + ".");
    }
    TRY_VOID(lock->file.cut_to(0));
    // Only for that message: on a full disk, where it finds no room, the region must start all the same.
    if (const auto told = lock->file.append(std::to_string(::getpid()) + "\n"); !told)
      log::warn("the process id is not in the LOCK file", {{"error", told.error().describe()}});
    return lock;
  }
};

DataDirectory::DataDirectory(std::filesystem::path root, std::unique_ptr<Lock> lock)
    : root_(std::move(root)), lock_(std::move(lock)) {}
DataDirectory::DataDirectory(DataDirectory&&) noexcept = default;
DataDirectory& DataDirectory::operator=(DataDirectory&&) noexcept = default;
DataDirectory::~DataDirectory() = default;

Result<DataDirectory> DataDirectory::create(const std::filesystem::path& root) {
  std::error_code code;
  const bool is_new = std::filesystem::create_directories(root, code);
  if (code) return fail(files::error_of("create", root, code.value()));
  if (is_new) TRY_VOID(files::sync_directory(root.parent_path()));
  TRY(auto lock, Lock::take(root));
  for (const auto* name : {"FORMAT", "CURRENT", "local.db", "generations"}) {
    if (is_present(root / name)) {
      return fail(ErrorKind::conflict, "data_directory_exists",
                  root.string() + " already holds a region's data.");
    }
  }
  DataDirectory data(root, std::move(lock));
  std::filesystem::permissions(root, std::filesystem::perms::owner_all, code);
  if (code) return fail(files::error_of("protect", root, code.value()));
  TRY_VOID(files::make_directory(data.staging()));
  TRY_VOID(files::make_directory(data.blobs()));
  TRY_VOID(files::write_durably(root / "FORMAT", std::string(format_word) + std::to_string(format) + "\n"));
  TRY_VOID(files::make_directory(root / "generations"));
  return data;
}

Result<DataDirectory> DataDirectory::open(const std::filesystem::path& root) {
  if (!is_present(root)) {
    return fail(ErrorKind::not_found, "data_directory_missing", root.string() + " does not exist.");
  }
  // Nothing is written into a directory that is not ours, not even a LOCK file.
  TRY_VOID(check_format(root));
  TRY(auto lock, Lock::take(root));
  DataDirectory data(root, std::move(lock));
  TRY_VOID(files::make_directory(root / "generations"));
  TRY_VOID(files::make_directory(data.staging()));
  TRY_VOID(data.remove_unfinished_installs());
  return data;
}

Generation DataDirectory::at(std::uint64_t number) const {
  return {.number = number, .directory = root_ / "generations" / std::to_string(number)};
}

Result<std::optional<Generation>> DataDirectory::current() const {
  const auto text = files::read_all(root_ / "CURRENT", max_text_bytes);
  if (!text && text.error().kind == ErrorKind::not_found) return std::optional<Generation>{};
  if (!text) return fail(text.error());
  const auto number = parse_line(*text, current_word);
  if (!number || !is_present(at(*number).directory)) {
    return fail(ErrorKind::corrupt, "data_directory_damaged",
                "CURRENT in " + root_.string() + " names no generation.");
  }
  return at(*number);
}

Result<std::vector<Generation>> DataDirectory::generations() const {
  std::vector<Generation> found;
  TRY_VOID(files::for_each_name(root_ / "generations", [&](const std::string& name) -> Result<bool> {
    if (const auto number = parse_number(name)) found.push_back(at(*number));
    return true;
  }));
  std::ranges::sort(found, {}, &Generation::number);
  return found;
}

/// An install that was killed before its pointer left a generation beyond the current one: nobody ever used
/// it.
Result<> DataDirectory::remove_unfinished_installs() const {
  TRY(const auto now, current());
  TRY(const auto all, generations());
  for (const auto& generation : all) {
    if (generation.number > (now ? now->number : 0)) TRY_VOID(files::remove_tree(generation.directory));
  }
  return {};
}

/// All of the pointer that takes room on the disk; it does not point yet.
Result<> DataDirectory::write_pointer_to(std::uint64_t number) const {
  TRY(const auto file, files::File::create(root_ / "CURRENT.new"));
  TRY_VOID(file.append(pointer_to(number)));
  TRY_VOID(file.sync());
  reached("install.pointer_written");
  return {};
}

Result<> DataDirectory::turn_pointer() const {
  TRY_VOID(files::rename_durably(root_ / "CURRENT.new", root_ / "CURRENT"));
  reached("install.pointed");
  return {};
}

Result<Generation> DataDirectory::create_first_generation() {
  TRY(const auto now, current());
  if (now) return fail(ErrorKind::conflict, "already_exists", "There is a current generation.");
  auto first = at(1);
  TRY_VOID(files::remove_tree(first.directory));
  TRY_VOID(files::make_directory(first.directory));
  TRY_VOID(write_pointer_to(first.number));
  TRY_VOID(turn_pointer());
  return first;
}

Result<Generation> DataDirectory::install(StagedCheckpoint&& staged, Replaced replaced) {
  const auto taken = std::move(staged);
  if (!taken.finished()) return fail(ErrorKind::invalid, "invalid_snapshot", "The snapshot is not verified.");
  TRY(const auto now, current());
  TRY(const auto all, generations());
  auto next = at(all.empty() ? 1 : all.back().number + 1);
  reached("install.begin");
  // Inside the new generation, so that it counts from the very moment at which that one does.
  TRY_VOID(files::remove_tree(taken.directory() / replaces_name));
  if (now && replaced == Replaced::dropped)
    TRY_VOID(files::write_durably(taken.directory() / replaces_name, pointer_to(now->number)));
  if (auto synced = files::sync_tree(taken.directory()); !synced) {
    // As in StagedCheckpoint::finish: what a failed sync left cannot be trusted.
    TRY_VOID(files::remove_tree(taken.directory()));
    return fail(std::move(synced).error());
  }
  reached("install.synced");
  // A full disk shows here, while what was received can still be gone on with.
  TRY_VOID(write_pointer_to(next.number));
  TRY_VOID(files::rename_durably(taken.directory(), next.directory));
  TRY_VOID(files::sync_directory(staging()));
  reached("install.moved");
  TRY_VOID(turn_pointer());
  log::info("generation installed", {{"generation", next.number}});
  return next;
}

Result<> DataDirectory::drop_replaced() {
  TRY(const auto now, current());
  if (!now) return {};
  const auto text = files::read_all(now->directory / replaces_name, max_text_bytes);
  if (!text && text.error().kind == ErrorKind::not_found) return {};
  if (!text) return fail(text.error());
  const auto number = parse_line(*text, current_word);
  if (!number || *number >= now->number) {
    return fail(ErrorKind::corrupt, "data_directory_damaged",
                (now->directory / replaces_name).string() + " names no earlier generation.");
  }
  return files::remove_tree(at(*number).directory);
}

}  // namespace holdfast::storage
