#include <filesystem>

#include "cutting_proxy.h"
#include "holdfast/async/block_on.h"
#include "rocks.h"
#include "two_regions.h"

// Fault test 12 (docs/fault-tests.md): a link that carries little, but always something.
namespace holdfast::test {
namespace {

// TCP carries no more over 80 ms of round trip and 5 % of loss: a chunk of an object takes ten seconds.
constexpr std::uint64_t far_away = 100'000;

class SlowLink : public TwoRegions {
 protected:
  void SetUp() override {
    proxy.hold_little();
    proxy.forward_to(primary.port());
    primary.advertised_port = proxy.port();
    TwoRegions::SetUp();
    join_second();
    ASSERT_TRUE(eventually([&] { return caught_up(); }));
  }
  void write_large() { ASSERT_TRUE(primary.write("large", crypto::random_bytes(900'000))); }
  /// True if the primary was heard all the while.
  testing::AssertionResult arrives(const std::function<bool()>& is_here) {
    bool was_silent = false;
    const bool arrived = eventually([&] {
      was_silent = was_silent || !hears_primary();
      return is_here();
    });
    if (!arrived) return testing::AssertionFailure() << "it never came";
    if (was_silent) return testing::AssertionFailure() << "the primary counted as silent";
    return testing::AssertionSuccess();
  }

  CuttingProxy proxy;
};

TEST_F(SlowLink, no_12_what_takes_longer_than_the_limit_of_silence_arrives_on_the_connection_that_began_it) {
  ASSERT_NO_FATAL_FAILURE(expect_both_connections());
  ASSERT_TRUE(eventually([&] { return hears_primary(); }));
  const auto before = proxy.connections();
  proxy.slow_down(far_away);
  const auto photo = want_object(1'000'000, primary, second);
  ASSERT_NO_FATAL_FAILURE(write_large());
  EXPECT_TRUE(arrives([&] { return caught_up() && second.blobs().has(photo); }));
  EXPECT_EQ(proxy.connections(), before) << "nobody took the slow one for dead";
}

TEST_F(SlowLink, no_12_a_region_that_begins_with_what_takes_long_hears_its_primary_first) {
  second.stop();
  ASSERT_NO_FATAL_FAILURE(write_large());
  // The batch is in its log alone: it beats while it looks there.
  primary.stop();
  primary.start({.policy = {.require_peers = false}});
  proxy.slow_down(far_away / 2);
  second.start();
  // The batch takes eighteen seconds.
  ASSERT_TRUE(eventually([&] { return hears_primary(); }, std::chrono::seconds(12)));
  EXPECT_FALSE(second.read("large"));
  EXPECT_TRUE(arrives([&] { return caught_up(); }));
}

TEST_F(SlowLink, no_12_objects_are_taken_while_others_wait_for_their_turn_to_be_given) {
  ASSERT_NO_FATAL_FAILURE(expect_both_connections());
  second.stop();
  primary.stop();
  // A chunk every twenty seconds, either way.
  primary.start({.policy = {.require_peers = false}, .blob_bytes_per_second = far_away / 2});
  second.start({.blob_bytes_per_second = far_away / 2});
  ASSERT_NO_FATAL_FAILURE(expect_both_connections());
  const auto before = proxy.connections();
  const auto there = want_object(1'200'000, primary, second);
  const auto here = want_object(1'200'000, second, primary);
  EXPECT_TRUE(eventually([&] { return second.blobs().has(there) && primary.blobs().has(here); }));
  EXPECT_EQ(proxy.connections(), before);
}

std::uintmax_t archived_log_bytes(TestRegion& region) {
  std::uintmax_t bytes = 0;
  std::error_code gone;
  // The janitor deletes them meanwhile.
  for (std::filesystem::directory_iterator entry(region.core().path() / "archive", gone), end;
       !gone && entry != end; entry.increment(gone)) {
    std::error_code unknown;
    const auto size = entry->file_size(unknown);
    if (!unknown) bytes += size;
  }
  return bytes;
}

TEST_F(SlowLink,
       no_12_a_member_behind_1_KB_a_second_costs_the_primary_neither_writes_nor_more_log_than_its_cap) {
  constexpr std::uint64_t cap = 4'000'000;
  second.stop();
  primary.stop();
  primary.start({.policy = {.require_peers = false}, .log_cap_bytes = cap});
  second.start();
  ASSERT_TRUE(eventually([&] { return caught_up(); }));
  const auto generation = second.data().current()->value().number;
  proxy.slow_down(1'000);
  const auto left_at = second.durable().index;
  // More than is on its way to a member at most (16 MiB), and the newest batches (4 MiB). Each write is
  // answered while the member has next to nothing of the ones before.
  for (int i = 0; i < 80; ++i) {
    ASSERT_TRUE(primary.write("k" + std::to_string(i), crypto::random_bytes(300'000)));
    for (auto* family : primary.core().rocks()->families)
      ASSERT_TRUE(primary.core().rocks()->db->Flush({}, family).ok());
  }
  EXPECT_LE(second.durable().index, left_at + 2);
  EXPECT_TRUE(
      eventually([&] { return primary.peers().find(second.name())->slot == region::SlotState::lost; }));
  EXPECT_TRUE(eventually([&] { return archived_log_bytes(primary) <= cap; })) << archived_log_bytes(primary);
  ASSERT_TRUE(primary.write("after", "the loss"));

  proxy.slow_down(0);
  ASSERT_TRUE(eventually([&] { return caught_up(); }));
  EXPECT_GT(second.data().current()->value().number, generation) << "it came by a snapshot";
  EXPECT_EQ(second.read("after"), "the loss");
  expect_identical();
}

}  // namespace
}  // namespace holdfast::test
