#include "snapshot_pull.h"

#include <algorithm>

namespace holdfast::replication {
namespace {

// 8 × 256 KiB on their way fill 80 ms of a 200 Mbit/s line and bound the memory of both sides.
constexpr std::size_t max_requests_ahead = 8;

std::unexpected<Error> bad_snapshot(std::string detail) {
  return fail(ErrorKind::corrupt, "bad_snapshot", "a snapshot does not arrive as announced",
              std::move(detail));
}

}  // namespace

SnapshotPull::SnapshotPull(std::string id, storage::CheckpointManifest manifest)
    : id_(std::move(id)), manifest_(std::move(manifest)) {}

void SnapshotPull::skip_complete_files() {
  while (file_ < manifest_.files.size() && offset_ >= manifest_.files[file_].size) {
    ++file_;
    offset_ = 0;
  }
}

Result<> SnapshotPull::begin_at(const std::optional<storage::StagedCheckpoint::Want>& want) {
  waiting_.clear();
  if (!want) {
    file_ = manifest_.files.size();
    return {};
  }
  const auto found = std::ranges::find(manifest_.files, want->file, &storage::CheckpointFile::name);
  if (found == manifest_.files.end() || want->offset > found->size)
    return bad_snapshot("no such place to begin at");
  file_ = static_cast<std::size_t>(found - manifest_.files.begin());
  offset_ = want->offset;
  return {};
}

std::vector<SnapshotGet> SnapshotPull::take_requests() {
  std::vector<SnapshotGet> requests;
  while (waiting_.size() < max_requests_ahead && file_ < manifest_.files.size()) {
    const auto& file = manifest_.files[file_];
    const auto size = std::min<std::uint64_t>(file.size - offset_, snapshot_chunk_bytes);
    SnapshotGet get{
        .id = id_, .file = file.name, .offset = offset_, .size = static_cast<std::uint32_t>(size)};
    requests.push_back(get);
    waiting_.push_back(std::move(get));
    offset_ += size;
    skip_complete_files();
  }
  return requests;
}

Result<> SnapshotPull::accept(const SnapshotChunk& chunk) {
  if (chunk.id != id_) return bad_snapshot("another snapshot's chunk");
  if (chunk.gone) return bad_snapshot("the sender has it no more");
  if (waiting_.empty()) return bad_snapshot("a chunk that nobody asked for");
  const auto& wanted = waiting_.front();
  if (chunk.file != wanted.file || chunk.offset != wanted.offset || chunk.bytes.size() != wanted.size) {
    return bad_snapshot("not the chunk that was asked for next");
  }
  waiting_.pop_front();
  return {};
}

}  // namespace holdfast::replication
