#include "sim_store.h"

#include "holdfast/base/codec.h"
#include "holdfast/crypto/hash.h"
#include "holdfast/storage/log_applier.h"
#include "replication/batches.h"

namespace holdfast::simulation {
namespace {

constexpr std::size_t batches_per_file = 40;

}  // namespace

std::string SimStore::apply(const storage::RawBatch& batch) {
  if (const auto checked = storage::check_batch(batch); !checked) return checked.error().describe();
  if (batch.head.index != applied_.index + 1) return "a gap at " + std::to_string(batch.head.index);
  if (batch.head.term < applied_.term) return "a term that falls";
  if (batch.first_sequence != next_sequence_) return "another sequence";
  if (storage::chain_hash(applied_, storage::hashed_operations(batch.rep)) != batch.head.hash)
    return "another history";
  log_.push_back(std::make_shared<const storage::RawBatch>(batch));
  applied_ = batch.head;
  next_sequence_ += batch.count;
  const auto value = test::value_of(batch);
  if (value.starts_with(term_value_prefix)) {
    auto record = region::TermRecord::decode(BytesView(value).substr(term_value_prefix.size()));
    if (!record) return record.error().describe();
    chain_.append(*std::move(record));
  }
  return {};
}

void SimStore::cut(std::uint64_t index) {
  while (!log_.empty() && log_.back()->head.index > index) log_.pop_back();
  rebuild();
}

void SimStore::rebuild() {
  const auto batches = std::move(log_);
  const auto durable = durable_.index;
  *this = [&] {
    SimStore fresh;
    fresh.purged_ = purged_;
    fresh.staged_id_ = staged_id_;
    fresh.staged_manifest_ = staged_manifest_;
    fresh.staged_ = staged_;
    return fresh;
  }();
  for (const auto& batch : batches) {
    apply(*batch);
    if (batch->head.index <= durable) durable_ = batch->head;
  }
}

std::optional<std::vector<storage::RawBatchPtr>> SimStore::read_after(std::uint64_t index,
                                                                      std::size_t max_bytes) const {
  if (index < purged_) return std::nullopt;
  std::vector<storage::RawBatchPtr> batches;
  std::size_t bytes = 0;
  for (auto at = index; at < durable_.index && (batches.empty() || bytes < max_bytes); ++at) {
    batches.push_back(log_.at(at));
    bytes += batches.back()->rep.size();
  }
  return batches;
}

SimStore::Snapshot SimStore::snapshot() const {
  Snapshot snapshot;
  snapshot.manifest.head = durable_;
  ByteWriter writer;
  std::size_t number = 1;
  const auto finish_file = [&] {
    const auto name = "00000" + std::to_string(number++) + ".sst";
    auto bytes = writer.take();
    writer = ByteWriter();
    snapshot.manifest.files.push_back({.name = name, .size = bytes.size(), .crc32c = crypto::crc32c(bytes)});
    snapshot.files[name] = std::move(bytes);
  };
  for (std::uint64_t i = 0; i < durable_.index; ++i) {
    writer.bytes(log_[i]->rep);
    if ((i + 1) % batches_per_file == 0 && number < 9) finish_file();
  }
  finish_file();
  return snapshot;
}

std::optional<storage::StagedCheckpoint::Want> SimStore::begin_staging(
    const std::string& id, const storage::CheckpointManifest& manifest) {
  if (id != staged_id_ || manifest.encode() != staged_manifest_.encode()) {
    staged_.clear();
    staged_id_ = id;
    staged_manifest_ = manifest;
  }
  for (const auto& file : manifest.files) {
    const auto have = staged_[file.name].size();
    if (have < file.size) return storage::StagedCheckpoint::Want{.file = file.name, .offset = have};
  }
  return std::nullopt;
}

std::string SimStore::stage(const std::string& file, std::uint64_t offset, BytesView bytes) {
  auto& staged = staged_[file];
  if (offset != staged.size()) return "a chunk at a wrong offset";
  staged.append(bytes);
  return {};
}

std::string SimStore::install() {
  SimStore fresh;
  for (const auto& file : staged_manifest_.files) {
    const auto& bytes = staged_[file.name];
    if (bytes.size() != file.size || crypto::crc32c(bytes) != file.crc32c) {
      staged_.clear();
      staged_id_.clear();
      return "a file of the snapshot does not verify";
    }
    ByteReader reader(bytes);
    while (reader.ok() && !reader.at_end()) {
      const auto batch = storage::parse_batch(Bytes(reader.bytes()));
      if (!batch) return batch.error().describe();
      if (auto wrong = fresh.apply(*batch); !wrong.empty()) return wrong;
    }
  }
  if (fresh.applied_ != staged_manifest_.head) return "the snapshot ends elsewhere";
  fresh.sync();
  // Only from here on is there a log to stream from.
  fresh.purged_ = fresh.durable_.index;
  *this = std::move(fresh);
  return {};
}

}  // namespace holdfast::simulation
