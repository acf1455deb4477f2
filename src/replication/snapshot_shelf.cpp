#include "snapshot_shelf.h"

#include <algorithm>
#include <fstream>
#include <utility>
#include <vector>

#include "holdfast/base/encoding.h"
#include "holdfast/base/log.h"
#include "holdfast/crypto/random.h"

namespace holdfast::replication {
namespace {

constexpr std::chrono::minutes idle_limit{10};
constexpr std::size_t snapshot_id_bytes = 16;
constexpr std::string_view shelf_prefix = "send-";

Result<Bytes> read_file_part(const std::filesystem::path& path, std::uint64_t offset, std::size_t size) {
  std::ifstream file(path, std::ios::binary);
  Bytes bytes(size, '\0');
  file.seekg(static_cast<std::streamoff>(offset));
  file.read(bytes.data(), static_cast<std::streamsize>(size));
  if (!file || static_cast<std::size_t>(file.gcount()) != size) {
    return fail(ErrorKind::internal, "internal", "internal error",
                "a checkpoint's file is shorter than its manifest");
  }
  return bytes;
}

}  // namespace

SnapshotShelf::SnapshotShelf(storage::DataDirectory& data, storage::CoreDb& core, SlotBook& slots,
                             const Clock& clock)
    : data_(&data), core_(&core), slots_(&slots), clock_(&clock) {
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(data.staging(), ignored)) {
    if (entry.path().filename().string().starts_with(shelf_prefix))
      std::filesystem::remove_all(entry.path(), ignored);
  }
}

std::filesystem::path SnapshotShelf::directory(const std::string& id) const {
  return data_->staging() / (std::string(shelf_prefix) + id);
}

void SnapshotShelf::remove(const std::string& id) const {
  std::error_code failed;
  std::filesystem::remove_all(directory(id), failed);
  if (failed) log::warn("a checkpoint could not be removed", {{"error", failed.message()}});
}

SnapshotShelf::Turn SnapshotShelf::take_turn() {
  const std::scoped_lock lock(mutex_);
  return Turn(std::exchange(turn_is_taken_, true) ? nullptr : this);
}

void SnapshotShelf::EndTurn::operator()(SnapshotShelf* shelf) const {
  {
    const std::scoped_lock lock(shelf->mutex_);
    shelf->turn_is_taken_ = false;
  }
  shelf->turn_ended_.notify();
}

bool SnapshotShelf::is_stale(const Entry& entry) const {
  return clock_->steady_now() - entry.made_at >= idle_limit ||
         slots_->state(entry.member) == region::SlotState::lost || entry.store != core_->path();
}

std::optional<SnapshotShelf::Snapshot> SnapshotShelf::find(const RegionName& member,
                                                           const std::string& resume) {
  const std::scoped_lock lock(mutex_);
  for (auto& [id, entry] : entries_) {
    // A session that ended before its snapshot was made left it to the next one, or a member that redials
    // faster than one can be made would never get any.
    if (entry.member != member || (entry.fetched ? id != resume : is_stale(entry))) continue;
    entry.used_at = clock_->steady_now();
    return Snapshot{.id = id, .manifest = entry.manifest};
  }
  return std::nullopt;
}

Result<SnapshotShelf::Snapshot> SnapshotShelf::make(const RegionName& member, const std::string& resume) {
  if (auto known = find(member, resume)) return *std::move(known);
  // One a member: whoever asks anew has no use for its earlier one.
  drop_where([&](const std::string&, const Entry& entry) { return entry.member == member; });
  TRY_VOID(slots_->pin(member, core_->durable().index));
  const auto id = to_hex(crypto::random_bytes(snapshot_id_bytes));
  const auto store = core_->path();
  storage::Checkpointer checkpointer(*core_, [core = core_] { return core->durable(); });
  auto manifest = checkpointer.create(directory(id));
  if (!manifest) {
    remove(id);
    return fail(std::move(manifest).error());
  }
  const std::scoped_lock lock(mutex_);
  const auto now = clock_->steady_now();
  entries_[id] =
      Entry{.member = member, .manifest = *manifest, .store = store, .made_at = now, .used_at = now};
  return Snapshot{.id = id, .manifest = *std::move(manifest)};
}

Result<SnapshotChunk> SnapshotShelf::read(const RegionName& member, const SnapshotGet& get) {
  SnapshotChunk chunk{.id = get.id, .file = get.file, .offset = get.offset};
  {
    const std::scoped_lock lock(mutex_);
    const auto entry = entries_.find(get.id);
    if (entry == entries_.end() || entry->second.member != member) {
      chunk.gone = true;
      return chunk;
    }
    entry->second.used_at = clock_->steady_now();
    entry->second.fetched = true;
    const auto& files = entry->second.manifest.files;
    const auto file = std::ranges::find(files, get.file, &storage::CheckpointFile::name);
    const bool inside =
        file != files.end() && get.offset <= file->size && get.size <= file->size - get.offset;
    if (!inside)
      return fail(ErrorKind::corrupt, "bad_snapshot", "a peer asked for bytes that a snapshot does not have");
  }
  auto bytes = read_file_part(directory(get.id) / get.file, get.offset, get.size);
  if (!bytes) {
    // Once may be for want of files or memory. More often, the member would ask for it again and again: the
    // next one is made from the store as it is then.
    if (is_second_failed_read(get.id)) drop(member, get.id);
    return fail(std::move(bytes).error());
  }
  chunk.bytes = *std::move(bytes);
  return chunk;
}

bool SnapshotShelf::is_second_failed_read(const std::string& id) {
  const std::scoped_lock lock(mutex_);
  const auto entry = entries_.find(id);
  return entry != entries_.end() && std::exchange(entry->second.read_failed, true);
}

void SnapshotShelf::drop(const RegionName& member, const std::string& id) {
  drop_where(
      [&](const std::string& known, const Entry& entry) { return known == id && entry.member == member; });
}

void SnapshotShelf::drop_idle() {
  const auto now = clock_->steady_now();
  drop_where([&](const std::string&, const Entry& entry) {
    return now - entry.used_at >= idle_limit || (!entry.fetched && is_stale(entry));
  });
}

void SnapshotShelf::drop_where(const std::function<bool(const std::string& id, const Entry&)>& wanted) {
  std::vector<std::string> dropped;
  {
    const std::scoped_lock lock(mutex_);
    std::erase_if(entries_, [&](const auto& known) {
      if (!wanted(known.first, known.second)) return false;
      dropped.push_back(known.first);
      return true;
    });
  }
  for (const auto& id : dropped) remove(id);
}

}  // namespace holdfast::replication
