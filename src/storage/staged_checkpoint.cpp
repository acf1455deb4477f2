#include <algorithm>
#include <system_error>

#include "checkpoint_files.h"
#include "files.h"
#include "holdfast/storage/checkpointer.h"
#include "holdfast/storage/data_directory.h"
#include "holdfast/storage/step.h"

namespace holdfast::storage {
namespace {

constexpr std::size_t max_manifest_bytes = std::size_t{32} << 20U;

bool is_staging_id(std::string_view id) {
  constexpr std::size_t shortest = 8;
  constexpr std::size_t longest = 64;
  constexpr std::string_view allowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-";
  return id.size() >= shortest && id.size() <= longest &&
         id.find_first_not_of(allowed) == std::string_view::npos;
}

std::uint64_t size_or_zero(const std::filesystem::path& path) {
  std::error_code code;
  const auto size = std::filesystem::file_size(path, code);
  return code ? 0 : size;
}

/// Only one snapshot is received at a time; what others left would only take room.
Result<> remove_other_stages(const std::filesystem::path& staging, const std::string& id) {
  return files::for_each_name(staging, [&](const std::string& name) -> Result<bool> {
    if (name != id) TRY_VOID(files::remove_tree(staging / name));
    return true;
  });
}

}  // namespace

Result<StagedCheckpoint> StagedCheckpoint::begin(const DataDirectory& data, const std::string& id,
                                                 const CheckpointManifest& manifest,
                                                 std::uint64_t max_bytes) {
  if (!is_staging_id(id))
    return fail(ErrorKind::invalid, "invalid_snapshot", "The snapshot's id is not acceptable.");
  if (manifest.total_bytes() > max_bytes) {
    return fail(ErrorKind::too_large, "snapshot_too_large",
                "The snapshot is larger than this region accepts.");
  }
  TRY_VOID(remove_other_stages(data.staging(), id));
  StagedCheckpoint staged(data.staging() / id, manifest);
  const auto encoded = manifest.encode();
  if (files::read_all(staged.directory_ / "manifest", max_manifest_bytes).value_or("") != encoded) {
    TRY_VOID(files::remove_tree(staged.directory_));
    TRY_VOID(files::make_directory(staged.directory_));
    TRY_VOID(files::make_directory(staged.core_db()));
    TRY_VOID(files::write_durably(staged.directory_ / "manifest", encoded));
  }
  for (const auto& file : manifest.files) {
    if (file.size > 0) continue;
    TRY(const auto created, files::File::open_or_create(staged.core_db() / file.name));
    TRY_VOID(created.sync());
  }
  return staged;
}

Result<std::optional<StagedCheckpoint::Want>> StagedCheckpoint::next() const {
  for (const auto& file : manifest_.files) {
    const auto have = size_or_zero(core_db() / file.name);
    if (have < file.size) return Want{.file = file.name, .offset = have};
  }
  return std::optional<Want>{};
}

Result<> StagedCheckpoint::add(const std::string& file, std::uint64_t offset, BytesView bytes) {
  const auto known = std::ranges::find(manifest_.files, file, &CheckpointFile::name);
  if (known == manifest_.files.end())
    return fail(ErrorKind::invalid, "invalid_snapshot", "No such file is expected.");
  TRY(const auto target, files::File::open_or_create(core_db() / file));
  TRY(const auto have, target.size());
  if (offset != have)
    return fail(ErrorKind::invalid, "invalid_snapshot", "The bytes do not begin where the file ends.");
  if (bytes.size() > known->size - std::min(have, known->size)) {
    return fail(ErrorKind::invalid, "invalid_snapshot", "The file is longer than announced.");
  }
  TRY_VOID(target.append_whole(bytes));
  finished_ = false;
  reached("staging.added");
  return {};
}

std::uint64_t StagedCheckpoint::received_bytes() const {
  std::uint64_t bytes = 0;
  for (const auto& file : manifest_.files) bytes += std::min(file.size, size_or_zero(core_db() / file.name));
  return bytes;
}

Result<> StagedCheckpoint::discard() {
  finished_ = false;
  return files::remove_tree(directory_);
}

Result<> StagedCheckpoint::drop_torn() const {
  std::string torn;
  for (const auto& file : manifest_.files) {
    // That a file does not open now says nothing about what is in it.
    TRY(const auto found, describe_checkpoint_file(core_db(), file.name));
    if (found == file) continue;
    TRY_VOID(files::remove_tree(core_db() / file.name));
    torn = file.name;
  }
  if (torn.empty()) return {};
  return checkpoint_refused("file " + torn);
}

Result<> StagedCheckpoint::finish() {
  TRY(const auto missing, next());
  if (missing)
    return fail(ErrorKind::invalid, "invalid_snapshot", "The snapshot is not complete.", missing->file);
  if (auto synced = files::sync_tree(directory_); !synced) {
    // The kernel forgets what it could not write, and the next sync would say yes: all of it is asked for
    // again.
    TRY_VOID(files::remove_tree(directory_));
    return synced;
  }
  reached("staging.synced");
  TRY_VOID(drop_torn());
  TRY_VOID(refuse_other_files(core_db(), manifest_));
  TRY_VOID(Checkpointer::verify_content(core_db(), manifest_));
  finished_ = true;
  reached("staging.verified");
  return {};
}

}  // namespace holdfast::storage
