#include <gtest/gtest.h>

#include "held_step.h"
#include "holdfast/storage/log_applier.h"
#include "holdfast/storage/log_tail.h"
#include "state_override.h"
#include "storage/fault_env.h"
#include "two_regions.h"

// Batches that are applied together, of which a later one meets a disk that fails.
namespace holdfast::test {
namespace {

class HalfApplied : public TwoRegions {
 protected:
  void SetUp() override {
    for (auto* region : {&primary, &second}) region->on_building = &register_state;
    second.core_env = faults.env();
    faults.set_hook(
        [](FaultEnv::Operation operation, const std::string& path) -> std::optional<rocksdb::IOStatus> {
          if (!is_failing_ || operation != FaultEnv::Operation::append || !path.ends_with(".log")) return {};
          return rocksdb::IOStatus::IOError("injected");
        });
    TwoRegions::SetUp();
  }
  void TearDown() override {
    second.stop();
    is_failing_ = false;
  }
  /// The disk fails once so many more batches were written.
  static void fail_after(int batches) {
    left_ = batches;
    storage::set_step_hook([](std::string_view step) {
      if (step == "apply.written" && --left_ == 0) is_failing_ = true;
    });
  }

  FaultEnv faults;
  static inline std::atomic<int> left_ = 0;
  static inline std::atomic<bool> is_failing_ = false;
};

TEST_F(HalfApplied, a_term_that_began_before_the_failure_is_known) {
  join_second();
  ASSERT_TRUE(eventually([&] { return caught_up(); }));
  second.stop();
  ASSERT_TRUE(primary.write("old", "term"));
  primary.stop();
  primary.start({.policy = {.require_peers = false}});
  ASSERT_EQ(primary.state().role(), region::Role::primary);
  const auto term = primary.durable().term;
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(primary.write("new", "term"));

  const HeldStep first("apply.checked");
  second.start();
  ASSERT_TRUE(eventually([] { return HeldStep::is_held(); }));
  ASSERT_LT(second.core().applied().term, term);
  // Sent behind the batches, so that those are here once this is.
  ASSERT_TRUE(primary.facts().set_override({.kind = "state", .key = "photos", .value = "2failover"}));
  ASSERT_TRUE(eventually([&] { return second.facts().find_override("state", "photos").has_value(); }));
  fail_after(2);
  HeldStep::let_go();
  ASSERT_TRUE(eventually([&] { return second.core().failure().has_value(); }));
  ASSERT_EQ(second.core().applied().term, term) << "its first batch was written, the next one was not";
  ASSERT_LT(second.core().applied().index, primary.durable().index);
  EXPECT_TRUE(eventually([&] { return second.authority().chain().newest()->term == term; },
                         std::chrono::seconds(20)));
}

TEST_F(HalfApplied, what_no_session_could_sync_is_synced_when_any_session_ends) {
  TestRegion third{machine, "ap-south-1", directory / "c"};
  third.on_building = &register_state;
  join_second();
  ASSERT_TRUE(third.join(primary));
  third.start();
  ASSERT_TRUE(eventually([&] { return caught_up() && third.durable() == primary.durable(); }));
  second.stop();
  const auto before = storage::position_of(primary.durable());
  ASSERT_TRUE(primary.write("k", "1"));
  const auto batches =
      storage::LogTail(primary.core(), [&] { return primary.durable(); }).read_after(before, 1U << 20U);
  ASSERT_TRUE(batches);
  primary.stop();
  second.start();
  ASSERT_TRUE(eventually([&] { return second.peers().live(third.name()); }));
  for (const auto& batch : *batches) ASSERT_TRUE(storage::LogApplier(second.core()).apply(*batch));
  ASSERT_NE(second.core().applied(), second.durable());
  third.stop();
  EXPECT_TRUE(
      eventually([&] { return second.durable() == second.core().applied(); }, std::chrono::seconds(30)))
      << "a primary that came back without it would wait for it for ever";
}

}  // namespace
}  // namespace holdfast::test
