#pragma once

#include <string>
#include <vector>

#include "holdfast/storage/log_tail.h"
#include "storage/log_scene.h"

namespace holdfast::test {

/// A written history with the whole state after each of its batches: what a damaged store is compared with.
struct LogHistory {
  std::vector<storage::RawBatch> batches;
  std::vector<std::string> states;  ///< [index]: the dump after batch `index`; [0]: the empty store

  static LogHistory begin(const storage::CoreDb& db) { return {.batches = {}, .states = {dump_store(db)}}; }
  void add(storage::RawBatch batch, const storage::CoreDb& db) {
    batches.push_back(std::move(batch));
    states.push_back(dump_store(db));
  }

  /// Invariant B: the store is exactly one state of the history, the one that its head names. Gives the
  /// index.
  std::uint64_t expect_prefix(const storage::CoreDb& db) const {
    const auto head = db.applied();
    EXPECT_LT(head.index, states.size());
    EXPECT_EQ(dump_store(db), states.at(head.index)) << "at index " << head.index;
    if (head.index > 0) EXPECT_EQ(head, batches.at(head.index - 1).head);
    return head.index;
  }

  /// The tail that a store lost, from a peer that has it (invariants A and G).
  void heal(storage::CoreDb& db) const {
    storage::LogApplier applier(db);
    for (auto index = db.applied().index; index < batches.size(); ++index) {
      const auto applied = applier.apply(batches[index]);
      ASSERT_TRUE(applied) << applied.error().describe();
    }
    ASSERT_TRUE(applier.sync());
    EXPECT_EQ(dump_store(db), states.back());
  }

  /// Catch-up from the beginning gives the very history.
  void expect_whole_log(storage::CoreDb& db) const {
    storage::LogTail tail(db);
    auto at = storage::position_of(storage::Head{});
    while (at.index < batches.size()) {
      const auto read = tail.read_after(at, std::size_t{64} << 20U);
      ASSERT_TRUE(read) << read.error().describe();
      ASSERT_FALSE(read->empty());
      for (const auto& batch : *read) EXPECT_EQ(batch->rep, batches.at(batch->head.index - 1).rep);
      at = storage::position_of(read->back()->head);
    }
  }
};

}  // namespace holdfast::test
