#include "holdfast/storage/checkpointer.h"

#include <rocksdb/db.h>
#include <rocksdb/utilities/checkpoint.h>

#include <algorithm>
#include <chrono>
#include <system_error>
#include <thread>

#include "checkpoint_files.h"
#include "files.h"
#include "holdfast/base/log.h"
#include "holdfast/storage/core_db.h"
#include "holdfast/storage/step.h"
#include "rocks.h"

namespace holdfast::storage {
namespace {

/// A publish follows its write within microseconds; only a failing store takes longer.
constexpr auto publish_patience = std::chrono::seconds(5);

/// RocksDB's own log of a read-only look would be written into the checkpoint.
class SilentLogger : public rocksdb::Logger {
 public:
  using rocksdb::Logger::Logv;
  void Logv(const char*, va_list) override {}
};

struct CheckpointState {
  Head head;
  std::uint64_t sequence = 0;
};

/// Want of open files or memory says nothing about what was looked at.
std::unexpected<Error> look_failed(const rocksdb::Status& status) {
  if (status.IsIOError() && !status.IsPathNotFound()) return fail(to_error(status, "look into a checkpoint"));
  return checkpoint_refused(status.ToString());
}

/// Opening for reading is content with some of a store's families; opening for work, after the install, wants
/// every one of them named.
Result<> check_family_names(const rocksdb::DBOptions& options, const std::filesystem::path& directory) {
  std::vector<std::string> found;
  const auto listed = rocksdb::DB::ListColumnFamilies(options, directory.string(), &found);
  if (!listed.ok()) return look_failed(listed);
  std::ranges::sort(found);
  std::vector<std::string> ours(family_names.begin(), family_names.end());
  std::ranges::sort(ours);
  if (found != ours) return checkpoint_refused("it has other column families than this version");
  return {};
}

/// Opens the files without changing any of them.
Result<CheckpointState> look_into(const std::filesystem::path& directory, bool verify_blocks) {
  rocksdb::DBOptions options;
  options.info_log = std::make_shared<SilentLogger>();
  options.paranoid_checks = true;
  TRY_VOID(check_family_names(options, directory));
  std::vector<rocksdb::ColumnFamilyDescriptor> families;
  families.reserve(family_names.size());
  for (const auto name : family_names)
    families.emplace_back(std::string(name), rocksdb::ColumnFamilyOptions());
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  rocksdb::DB* raw = nullptr;
  const auto opened = rocksdb::DB::OpenForReadOnly(options, directory.string(), families, &handles, &raw);
  if (!opened.ok()) return look_failed(opened);
  const std::unique_ptr<rocksdb::DB> db(raw);
  CheckpointState state{.head = {}, .sequence = db->GetLatestSequenceNumber()};
  std::string record;
  const auto found = db->Get(rocksdb::ReadOptions(), handles[0], to_slice(head_key), &record);
  const auto verified = verify_blocks ? db->VerifyChecksum() : rocksdb::Status::OK();
  for (auto* handle : handles) db->DestroyColumnFamilyHandle(handle).PermitUncheckedError();
  if (!verified.ok()) return look_failed(verified);
  if (found.IsNotFound()) return checkpoint_refused("no head");
  if (!found.ok()) return look_failed(found);
  TRY(state.head, Head::decode(record));
  return state;
}

/// Describes what belongs to a checkpoint and removes what does not (OPTIONS names local settings).
Result<std::vector<CheckpointFile>> describe_directory(const std::filesystem::path& directory) {
  std::vector<CheckpointFile> described;
  TRY_VOID(files::for_each_name(directory, [&](const std::string& name) -> Result<bool> {
    if (!is_checkpoint_file_name(name)) {
      TRY_VOID(files::remove_tree(directory / name));
      return true;
    }
    TRY(auto file, describe_checkpoint_file(directory, name));
    described.push_back(std::move(file));
    return true;
  }));
  return described;
}

/// The files may hold a batch whose sync or publish was still under way when they were taken.
Result<> wait_until_synced(const SyncedPosition& synced, const Head& head) {
  const auto deadline = std::chrono::steady_clock::now() + publish_patience;
  while (synced().index < head.index) {
    if (std::chrono::steady_clock::now() > deadline) {
      return fail(ErrorKind::unavailable, "not_synced", "The store's newest writes are not on disk.");
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return {};
}

}  // namespace

Checkpointer::Checkpointer(CoreDb& db, SyncedPosition synced) : db_(db), synced_(std::move(synced)) {
  if (!synced_) synced_ = [&db] { return db.durable(); };
}

Result<CheckpointManifest> Checkpointer::create(const std::filesystem::path& directory) {
  const auto store = db_.rocks();
  std::error_code code;
  if (std::filesystem::exists(directory, code)) {
    return fail(ErrorKind::conflict, "already_exists", "The checkpoint's directory exists.",
                directory.string());
  }
  // It begins with a flush, and one that meets the end of the disk would close the store.
  TRY_VOID(check_free_bytes(*store->db->GetEnv(), store->path, apply_floor_bytes));
  const auto make = [&]() -> Result<CheckpointManifest> {
    // The checkpoint copies the live logs as they are; what is in them shall be on disk before it is anywhere
    // else.
    if (const auto status = store->db->SyncWAL(); !status.ok()) return fail(to_error(status, "sync the log"));
    rocksdb::Checkpoint* raw = nullptr;
    auto status = rocksdb::Checkpoint::Create(store->db.get(), &raw);
    const std::unique_ptr<rocksdb::Checkpoint> checkpoint(raw);
    if (status.ok()) status = checkpoint->CreateCheckpoint(directory.string());
    if (!status.ok()) return fail(to_error(status, "make a checkpoint"));
    reached("checkpoint.created");
    CheckpointManifest manifest;
    TRY(manifest.files, describe_directory(directory));
    TRY(const auto state, look_into(directory, false));
    manifest.head = state.head;
    manifest.sequence = state.sequence;
    TRY_VOID(wait_until_synced(synced_, manifest.head));
    TRY_VOID(files::sync_tree(directory));
    return manifest;
  };
  auto manifest = make();
  if (!manifest) {
    std::filesystem::remove_all(directory, code);
    return manifest;
  }
  log::info("checkpoint made", {{"index", manifest->head.index},
                                {"files", manifest->files.size()},
                                {"bytes", manifest->total_bytes()}});
  return manifest;
}

Result<> Checkpointer::verify_content(const std::filesystem::path& directory,
                                      const CheckpointManifest& manifest) {
  TRY(const auto state, look_into(directory, true));
  if (state.head != manifest.head) return checkpoint_refused("another head than announced");
  if (state.sequence != manifest.sequence) return checkpoint_refused("another sequence than announced");
  return {};
}

}  // namespace holdfast::storage
