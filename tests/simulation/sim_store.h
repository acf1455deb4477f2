#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "holdfast/region/term_record.h"
#include "holdfast/storage/checkpointer.h"
#include "holdfast/storage/raw_batch.h"

namespace holdfast::simulation {

/// A region's disk: the log (all batches), how much of it is synced, from where on it can still be streamed,
/// and a snapshot that is being received. A kill loses what is not synced, nothing else.
class SimStore {
 public:
  [[nodiscard]] const storage::Head& applied() const { return applied_; }
  [[nodiscard]] const storage::Head& durable() const { return durable_; }
  [[nodiscard]] const region::TermChain& chain() const { return chain_; }
  [[nodiscard]] const std::vector<storage::RawBatchPtr>& log() const { return log_; }
  [[nodiscard]] std::uint64_t next_sequence() const { return next_sequence_; }

  /// Checks everything that the LogApplier checks; says what is wrong.
  std::string apply(const storage::RawBatch& batch);
  void sync() { durable_ = applied_; }
  void lose_unsynced() { cut(durable_.index); }
  /// As after a flipped byte in the log, or a restored backup: the tail is gone, synced or not.
  void cut(std::uint64_t index);
  /// Batches up to here cannot be streamed any more.
  void purge(std::uint64_t index) { purged_ = std::max(purged_, std::min(index, durable_.index)); }

  /// nullopt: the log is gone. Never above the synced head.
  [[nodiscard]] std::optional<std::vector<storage::RawBatchPtr>> read_after(std::uint64_t index,
                                                                            std::size_t max_bytes) const;

  /// The whole state as files, for a snapshot.
  struct Snapshot {
    storage::CheckpointManifest manifest;
    std::map<std::string, Bytes> files;
  };
  [[nodiscard]] Snapshot snapshot() const;

  // Receiving.
  [[nodiscard]] std::optional<storage::StagedCheckpoint::Want> begin_staging(
      const std::string& id, const storage::CheckpointManifest& manifest);
  std::string stage(const std::string& file, std::uint64_t offset, BytesView bytes);
  /// All or nothing.
  std::string install();
  [[nodiscard]] const std::string& staged_id() const { return staged_id_; }

 private:
  void rebuild();

  std::vector<storage::RawBatchPtr> log_;
  storage::Head applied_;
  storage::Head durable_;
  region::TermChain chain_;
  std::uint64_t next_sequence_ = 1;
  std::uint64_t purged_ = 0;
  std::string staged_id_;
  storage::CheckpointManifest staged_manifest_;
  std::map<std::string, Bytes> staged_;
};

/// The value that the first batch of a term carries in the simulation.
inline constexpr std::string_view term_value_prefix = "term:";

}  // namespace holdfast::simulation
