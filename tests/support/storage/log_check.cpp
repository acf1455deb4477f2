#include "storage/log_check.h"

#include <gtest/gtest.h>
#include <rocksdb/db.h>
#include <rocksdb/transaction_log.h>
#include <rocksdb/write_batch.h>

#include "rocks.h"

namespace holdfast::test {

std::vector<storage::RawBatch> read_log(storage::CoreDb& db) {
  std::vector<storage::RawBatch> log;
  std::unique_ptr<rocksdb::TransactionLogIterator> tail;
  const auto store = db.rocks();
  if (!store->db->GetUpdatesSince(1, &tail).ok()) return log;
  for (; tail->Valid(); tail->Next()) {
    auto batch = tail->GetBatch();
    if (batch.writeBatchPtr->Count() == 0) continue;
    storage::RawBatch raw{.first_sequence = batch.sequence,
                          .count = static_cast<std::uint32_t>(batch.writeBatchPtr->Count()),
                          .rep = batch.writeBatchPtr->Data(),
                          .head = {}};
    const auto head =
        storage::Head::decode(BytesView(raw.rep).substr(raw.rep.size() - storage::Head::encoded_size));
    if (head) raw.head = *head;
    EXPECT_TRUE(head) << "batch without head at sequence " << raw.first_sequence;
    log.push_back(std::move(raw));
  }
  return log;
}

void expect_exact_chain(const std::vector<storage::RawBatch>& log, const storage::Head& last) {
  storage::Head previous;
  std::uint64_t sequence = 1;
  for (const auto& raw : log) {
    ASSERT_EQ(raw.head.index, previous.index + 1);
    ASSERT_GE(raw.head.term, previous.term);
    ASSERT_GE(raw.head.committed_at, previous.committed_at);
    ASSERT_EQ(raw.head.hash, storage::chain_hash(previous, storage::hashed_operations(raw.rep)));
    ASSERT_EQ(raw.first_sequence, sequence);
    sequence += raw.count;
    previous = raw.head;
  }
  ASSERT_EQ(previous, last);
}

}  // namespace holdfast::test
