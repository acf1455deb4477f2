#include "cutting_proxy.h"
#include "holdfast/async/block_on.h"
#include "two_regions.h"

// Fault test 9 (docs/fault-tests.md): wall clocks that are a day off, and that jump by a day.
namespace holdfast::test {
namespace {

constexpr std::chrono::hours one_day{24};

/// Wall time that somebody moves; the steady clock stays as it is, as the kernel's does.
class MovedClock : public Clock {
 public:
  [[nodiscard]] WallTime now() const override { return system_clock().now() + off_.load(); }
  [[nodiscard]] SteadyTime steady_now() const override { return system_clock().steady_now(); }
  void move(std::chrono::hours off) { off_ = off; }

 private:
  std::atomic<std::chrono::hours> off_{};
};

class Clocks : public TwoRegions {
 protected:
  void SetUp() override {
    primary.clock = &primary_clock;
    second.clock = &second_clock;
    proxy.forward_to(primary.port());
    primary.advertised_port = proxy.port();
    TwoRegions::SetUp();
    join_second();
    ASSERT_TRUE(eventually([&] { return caught_up(); }));
    auto setting = primary.core().transaction();
    const region::AckRule rule{.needed = 1, .of = 1, .in_force = 1, .limit = std::chrono::seconds(60)};
    ASSERT_TRUE(region::AcknowledgeSettings::put(setting, region::AckClass::security, rule));
    ASSERT_TRUE(async::block_on(machine.io.next(), primary.writer().commit(std::move(setting))));
  }
  void TearDown() override {
    second.stop();  // while their clocks are there
    primary.stop();
  }
  /// Its answer waits for the other region, which must count as alive.
  void expect_acknowledged_write() {
    const auto name = "k" + std::to_string(++written);
    const auto done = primary.write(name, name, region::AckClass::security);
    ASSERT_TRUE(done) << done.error().describe();
    EXPECT_EQ(done->durability, region::Durability::acknowledged);
    EXPECT_EQ(second.read(name), name);
  }

  CuttingProxy proxy;
  MovedClock primary_clock;
  MovedClock second_clock;
  int written = 0;
};

TEST_F(Clocks, no_9_a_jump_by_a_day_of_either_clock_ends_no_connection_and_delays_no_write) {
  ASSERT_NO_FATAL_FAILURE(expect_both_connections());
  ASSERT_TRUE(eventually([&] { return hears_primary(); }));
  const auto connections = proxy.connections();
  for (auto* moved : {&primary_clock, &second_clock}) {
    for (const auto off : {one_day, -one_day, std::chrono::hours(0)}) {
      moved->move(off);
      ASSERT_NO_FATAL_FAILURE(expect_acknowledged_write()) << off.count();
      EXPECT_TRUE(hears_primary());
    }
  }
  EXPECT_EQ(proxy.connections(), connections);
  expect_identical();
}

TEST_F(Clocks, no_9_regions_that_start_with_clocks_a_day_apart_follow_each_other) {
  const auto generation = second.data().current()->value().number;
  for (const auto off : {one_day, -one_day}) {
    second.stop();
    primary.stop();
    primary_clock.move(off);
    second_clock.move(-off);
    second.start();
    primary.start();
    ASSERT_TRUE(eventually([&] { return primary.state().role() == region::Role::primary && caught_up(); }));
    ASSERT_TRUE(eventually([&] { return primary.peers().live(second.name()); }));
    ASSERT_NO_FATAL_FAILURE(expect_acknowledged_write());
  }
  EXPECT_EQ(second.data().current()->value().number, generation) << "by the log: nothing of it was too old";
  expect_identical();
}

}  // namespace
}  // namespace holdfast::test
