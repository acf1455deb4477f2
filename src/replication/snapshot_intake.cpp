#include "snapshot_intake.h"

#include <algorithm>
#include <utility>

#include "holdfast/base/log.h"

namespace holdfast::replication {
namespace {

constexpr std::string_view sent_by_us = "send-";
/// Of one snapshot, where none of them proves that it is a bad one.
constexpr int max_verifications = 3;

}  // namespace

std::string SnapshotIntake::resumable(const storage::DataDirectory& data) {
  std::error_code ignored;
  std::string id;
  for (const auto& entry : std::filesystem::directory_iterator(data.staging(), ignored)) {
    const auto name = entry.path().filename().string();
    if (!name.starts_with(sent_by_us)) id = std::max(id, name);
  }
  return id;
}

Result<std::optional<storage::StagedCheckpoint::Want>> SnapshotIntake::begin(const BeginSnapshot& begin) {
  const auto& data = context_->parts.data;
  TRY(auto manifest, storage::CheckpointManifest::decode(begin.manifest));
  TRY(auto staged,
      storage::StagedCheckpoint::begin(data, begin.id, manifest, context_->options.max_snapshot_bytes));
  staged_.emplace(std::move(staged));
  begun_ = begin;
  begun_at_ = context_->parts.clock.steady_now();
  received_before_ = staged_->received_bytes();
  log::warn("receiving a snapshot", {{"from", from_.str()},
                                     {"reason", to_string(begin.reason)},
                                     {"bytes", manifest.total_bytes()},
                                     {"alreadyHere", received_before_}});
  report();
  return staged_->next();
}

Result<> SnapshotIntake::add(const SnapshotChunk& chunk) {
  TRY_VOID(staged_->add(chunk.file, chunk.offset, chunk.bytes));
  report();
  return {};
}

void SnapshotIntake::report() {
  SnapshotProgress progress{.from = from_,
                            .reason = std::string(to_string(begun_.reason)),
                            .received_bytes = staged_->received_bytes(),
                            .total_bytes = staged_->manifest().total_bytes()};
  const auto elapsed = std::chrono::duration<double>(context_->parts.clock.steady_now() - begun_at_).count();
  const auto fresh = progress.received_bytes - std::min(received_before_, progress.received_bytes);
  if (fresh > 0 && elapsed > 0) {
    const auto rate = static_cast<double>(fresh) / elapsed;
    const auto left = static_cast<double>(progress.total_bytes - progress.received_bytes) / rate;
    progress.remaining = std::chrono::seconds(static_cast<std::int64_t>(left) + 1);
  }
  context_->set_progress(std::move(progress));
}

Result<> SnapshotIntake::verify() {
  auto verified = staged_->finish();
  // Once CURRENT points to it this region starts with nothing else.
  if (verified) verified = context_->parts.core.check_replacement(staged_->core_db());
  if (verified || verified.error().kind == ErrorKind::storage_full) return verified;
  // Files that were torn here are asked for again alone, and want of open files passes. But to go on with one
  // that never verifies would be to read it again at every dial, and to keep the giver from making another.
  const auto torn = staged_->next();
  const bool is_proven = verified.error().kind == ErrorKind::corrupt && torn && !*torn;
  if (context_->count_failed_verification(begun_.id) < max_verifications && !is_proven) return verified;
  if (const auto discarded = staged_->discard(); !discarded)
    log::error("a snapshot that does not verify could not be removed", discarded.error());
  return verified;
}

Result<> SnapshotIntake::install() {
  auto& parts = context_->parts;
  TRY_VOID(verify());
  TRY(auto lock, parts.authority.lock_for_intake());
  TRY(const auto before, parts.data.current());
  const bool is_forked = begun_.reason == Welcome::SnapshotReason::forked;
  TRY(const auto installed, parts.data.install(std::move(*staged_), is_forked ? storage::Replaced::kept
                                                                              : storage::Replaced::dropped));
  staged_.reset();
  TRY_VOID(parts.core.replace(installed.core_db()));
  lock.unlock();
  parts.ring.clear();
  context_->set_progress(std::nullopt);
  TRY_VOID(parts.authority.store_replaced());
  log::warn("a snapshot was installed", {{"from", from_.str()}, {"generation", installed.number}});
  if (before && is_forked) {
    const std::string_view known =
        begun_.fork.index != 0
            ? "this region held batches that the primary's history does not contain"
            : "what this region held cannot be compared with the primary's history, or is not all in it";
    log::error(std::string(known) + "; its old generation is kept in quarantine until an operator drops it",
               {{"generation", before->number},
                {"directory", before->directory.string()},
                {"forkIndex", begun_.fork.index}});
    return {};
  }
  if (const auto dropped = parts.data.drop_replaced(); !dropped)
    log::warn("the old generation could not be removed", {{"error", dropped.error().describe()}});
  return {};
}

}  // namespace holdfast::replication
