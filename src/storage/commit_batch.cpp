#include "commit_batch.h"

#include <algorithm>
#include <exception>

#include "error_guard.h"

namespace holdfast::storage {
namespace {

Error written_unknown(const rocksdb::Status& status) {
  return {.kind = ErrorKind::outcome_unknown,
          .code = "outcome_unknown",
          .message = "it is not known whether this was written",
          .detail = status.ToString()};
}

/// RocksDB's own header is little-endian.
void set_sequence(Bytes& rep, std::uint64_t sequence) {
  for (std::size_t byte = 0; byte < sizeof sequence; ++byte) {
    rep[byte] = static_cast<char>(sequence >> (8 * byte) & 0xffU);
  }
}

}  // namespace

Result<std::optional<RowTag>> CommitBatch::current(Family family, const Bytes& key) {
  std::pair<Family, Bytes> place(family, key);
  const auto found = known_.find(place);
  if (found != known_.end()) return found->second;
  rocksdb::PinnableSlice value;
  const auto status = store_->db->Get({}, store_->family(family), key, &value);
  if (!status.ok() && !status.IsNotFound()) return fail(to_error(status, "check precondition"));
  const auto tag = status.ok() ? std::optional(row_tag_of(to_view(value))) : std::nullopt;
  known_.emplace(std::move(place), tag);
  return tag;
}

Result<> CommitBatch::check(const Transaction::Precondition& precondition) {
  TRY(const auto tag, current(precondition.family, precondition.key));
  bool holds = false;
  switch (precondition.need) {
    case Transaction::Need::absent:
      holds = !tag;
      break;
    case Transaction::Need::present:
      holds = tag.has_value();
      break;
    case Transaction::Need::unchanged:
      holds = tag == precondition.tag;
      break;
  }
  if (!holds) return fail(precondition.otherwise);
  return {};
}

Result<> CommitBatch::add(const Transaction& transaction) {
  for (const auto& precondition : transaction.preconditions()) TRY_VOID(check(precondition));
  for (const auto& [family, key, value] : transaction.operations()) {
    auto* const handle = store_->family(family);
    const auto status = value ? batch_.Put(handle, key, *value) : batch_.Delete(handle, key);
    // Only a batch with a size limit can refuse, and ours has none: half a transaction must never get in.
    if (!status.ok()) std::terminate();
    known_[{family, key}] = value ? std::optional(row_tag_of(*value)) : std::nullopt;
    changes_.push_back({.family = family, .key = key, .deleted = !value});
  }
  return {};
}

Result<RawBatchPtr> CommitBatch::write(const Head& previous, Term term, WallTime now) {
  auto raw = std::make_shared<RawBatch>();
  raw->head = {.term = term,
               .index = previous.index + 1,
               .committed_at = std::max(previous.committed_at, now),
               .hash = chain_hash(previous, BytesView(batch_.Data()).substr(batch_header_size))};
  auto status = batch_.Put(store_->family(Family::standard), to_slice(head_key), raw->head.encode());
  if (status.ok()) {
    rocksdb::WriteOptions options;
    options.sync = true;
    status = store_->db->Write(options, &batch_);
  }
  if (!status.ok()) {
    store_->guard->fail(status.ToString());
    return fail(written_unknown(status));
  }
  raw->count = static_cast<std::uint32_t>(batch_.Count());
  raw->first_sequence = store_->db->GetLatestSequenceNumber() - raw->count + 1;
  raw->rep = batch_.Data();
  set_sequence(raw->rep, raw->first_sequence);
  return raw;
}

}  // namespace holdfast::storage
