#include "tail_walk.h"

#include <string>
#include <utility>

#include "batch_check.h"
#include "holdfast/storage/log_applier.h"

namespace holdfast::storage {

Error position_unknown(const Position& from) {
  return {ErrorKind::conflict, "position_unknown", "This history does not contain that position.",
          to_string(from)};
}
Error log_damaged(std::string why) {
  return {ErrorKind::corrupt, "log_damaged", "The log of this region is damaged.", std::move(why)};
}

Result<bool> TailWalk::visit(std::uint64_t sequence, const rocksdb::WriteBatch& operations) {
  if (operations.Count() == 0) return true;  // a damaged log gains such a record; our writers never make one
  TRY(const auto head, head_at_end(operations.Data()));
  if (head.index < from_.index) return true;
  if (head.index == from_.index) {
    if (position_of(head) != from_) return fail(position_unknown(from_));
    previous_ = head;
    return true;
  }
  if (head.index > bound_.index || head.index != next_index()) return false;
  TRY(auto batch, parse_batch(operations.Data()));
  if (batch.first_sequence != sequence)
    return fail(log_damaged("sequence of batch " + std::to_string(head.index)));
  if (previous_ && head.hash != chain_hash(*previous_, hashed_operations(batch.rep))) {
    return fail(log_damaged("hash of batch " + std::to_string(head.index)));
  }
  if (!taken_.empty() && bytes_ + batch.rep.size() > max_bytes_) return false;
  bytes_ += batch.rep.size();
  previous_ = head;
  taken_.push_back(std::make_shared<const RawBatch>(std::move(batch)));
  return bytes_ < max_bytes_ && head.index < bound_.index;
}

}  // namespace holdfast::storage
