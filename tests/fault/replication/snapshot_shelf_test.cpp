#include "snapshot_shelf.h"

#include <gtest/gtest.h>

#include "holdfast/storage/checkpointer.h"
#include "slot_book.h"
#include "two_regions.h"

// Snapshots that are made for a member and fetched late, or not at all.
namespace holdfast::test {
namespace {

using replication::SnapshotGet;
using replication::SnapshotShelf;

class ShelfClock : public Clock {
 public:
  [[nodiscard]] WallTime now() const override { return system_clock().now(); }
  [[nodiscard]] SteadyTime steady_now() const override { return system_clock().steady_now() + ahead; }
  std::chrono::minutes ahead{0};
};

class Shelf : public TwoRegions {
 protected:
  void SetUp() override {
    TwoRegions::SetUp();
    ASSERT_TRUE(primary.write("k", std::string(1000, 'x')));
    book = *replication::SlotBook::open(primary.local());
    shelf = std::make_unique<SnapshotShelf>(primary.data(), primary.core(), *book, clock);
  }
  SnapshotShelf::Snapshot make(const std::string& resume = {}) {
    return shelf->make(second.name(), resume).value();
  }
  [[nodiscard]] SnapshotGet first_bytes_of(const SnapshotShelf::Snapshot& snapshot) const {
    return {.id = snapshot.id, .file = "CURRENT", .offset = 0, .size = 4};
  }
  std::filesystem::path directory_of(const SnapshotShelf::Snapshot& snapshot) {
    return primary.data().staging() / ("send-" + snapshot.id);
  }

  ShelfClock clock;
  std::unique_ptr<replication::SlotBook> book;
  std::unique_ptr<SnapshotShelf> shelf;
};

TEST_F(Shelf, gives_again_what_was_not_fetched_until_it_is_old) {
  const auto first = make();
  clock.ahead = std::chrono::minutes(9);
  EXPECT_EQ(make().id, first.id);
  clock.ahead = std::chrono::minutes(11);
  EXPECT_NE(make(first.id).id, first.id);
  EXPECT_FALSE(std::filesystem::exists(directory_of(first)));
}

TEST_F(Shelf, drops_what_was_not_fetched_when_it_is_old_though_it_was_asked_for) {
  const auto first = make();
  clock.ahead = std::chrono::minutes(9);
  EXPECT_EQ(make().id, first.id);
  clock.ahead = std::chrono::minutes(11);
  shelf->drop_idle();
  EXPECT_FALSE(std::filesystem::exists(directory_of(first)));
}

TEST_F(Shelf, gives_nothing_whose_log_is_given_up) {
  const auto first = make();
  ASSERT_TRUE(book->mark_lost(second.name()));
  EXPECT_NE(make().id, first.id);
  EXPECT_EQ(book->state(second.name()), region::SlotState::reserved) << "pinned again";
}

TEST_F(Shelf, gives_nothing_of_a_store_that_was_replaced) {
  const auto first = make();
  const auto copy = directory / "other.db";
  ASSERT_TRUE(storage::Checkpointer(primary.core()).create(copy));
  ASSERT_TRUE(primary.core().replace(copy));
  EXPECT_NE(make().id, first.id);
}

TEST_F(Shelf, goes_on_with_what_is_being_fetched_however_old_it_is) {
  const auto first = make();
  ASSERT_TRUE(shelf->read(second.name(), first_bytes_of(first)));
  for (const int minutes : {9, 18, 27}) {
    clock.ahead = std::chrono::minutes(minutes);
    shelf->drop_idle();
    EXPECT_EQ(make(first.id).id, first.id);
  }
  EXPECT_NE(make().id, first.id) << "its member has nothing of it any more";
}

TEST_F(Shelf, one_failed_read_is_no_reason_to_drop_it_and_two_are) {
  const auto first = make();
  const auto file = directory_of(first) / "CURRENT";
  const auto away = directory / "away";
  std::filesystem::rename(file, away);
  EXPECT_FALSE(shelf->read(second.name(), first_bytes_of(first)));
  std::filesystem::rename(away, file);
  const auto again = shelf->read(second.name(), first_bytes_of(first));
  ASSERT_TRUE(again) << again.error().describe();
  EXPECT_FALSE(again->gone);
  std::filesystem::rename(file, away);
  EXPECT_FALSE(shelf->read(second.name(), first_bytes_of(first)));
  EXPECT_TRUE(shelf->read(second.name(), first_bytes_of(first))->gone);
}

}  // namespace
}  // namespace holdfast::test
