#include <gtest/gtest.h>

#include "server_fixture.h"

// More connections than there may be: idle ones go first, then newcomers are told, then they are closed.
namespace holdfast::http {
namespace {

constexpr std::string_view get_always = "GET /always HTTP/1.1\r\nHost: localhost\r\n\r\n";
constexpr std::string_view get_wait = "GET /wait HTTP/1.1\r\nHost: localhost\r\n\r\n";

class ConnectionCapTest : public ServerTest {
 protected:
  void start_with(std::size_t connections, std::size_t reserve, std::chrono::nanoseconds shed_after) {
    auto options = listener();
    options.listen.max_connections = connections;
    options.listen.reserve = reserve;
    start({.shed_after = shed_after}, std::move(options));
  }
  [[nodiscard]] bool has_idle(std::size_t count) const {
    return eventually([&] { return server_->idle_connections() == count; });
  }
};

TEST_F(ConnectionCapTest, TheOneThatWaitedLongestMakesRoom) {
  start_with(2, 2, std::chrono::nanoseconds(0));
  RawSocket oldest(port_);
  ASSERT_TRUE(has_idle(1));
  RawSocket younger(port_);
  ASSERT_TRUE(has_idle(2));
  RawSocket newcomer(port_);
  EXPECT_EQ(status_of(newcomer.send(get_hello).response()), 200);
  EXPECT_TRUE(oldest.ended());
  EXPECT_EQ(status_of(younger.send(get_hello).response()), 200);
  EXPECT_EQ(status_of(newcomer.send(get_hello).response()), 200) << "it stays";
  EXPECT_TRUE(eventually([&] { return server_->connections() == 2; }));
}

TEST_F(ConnectionCapTest, WhereNobodyIsIdleTheNewcomerIsToldAndHealthIsAnswered) {
  start_with(1, 1, std::chrono::nanoseconds(0));
  RawSocket busy(port_);
  busy.send(get_wait);
  ASSERT_TRUE(entered_.wait());
  const auto told = RawSocket(port_).send(get_hello).rest();
  EXPECT_EQ(status_of(told), 503);
  EXPECT_TRUE(told.contains("Retry-After: 1\r\n")) << told;
  EXPECT_TRUE(told.contains("Connection: close\r\n")) << told;
  ASSERT_TRUE(eventually([&] { return server_->connections() == 1; }));
  const auto health = RawSocket(port_).send(get_always).rest();
  EXPECT_EQ(status_of(health), 200);
  EXPECT_TRUE(health.contains("Connection: close\r\n")) << "the reserve is for others, too: " << health;
  release_.set();
  EXPECT_EQ(body_of(busy.response()), "released");
  ASSERT_TRUE(has_idle(1));
  EXPECT_TRUE(eventually([&] { return status_of(ask(get_hello)) == 200; })) << "it made room";
}

TEST_F(ConnectionCapTest, WhoWasJustServedIsNotClosedForANewcomer) {
  start_with(1, 1, std::chrono::hours(1));
  RawSocket first(port_);
  EXPECT_EQ(status_of(first.send(get_hello).response()), 200);
  EXPECT_EQ(status_of(RawSocket(port_).send(get_hello).rest()), 503);
  EXPECT_EQ(status_of(first.send(get_hello).response()), 200);
}

TEST_F(ConnectionCapTest, BeyondTheReserveConnectionsAreClosed) {
  start_with(1, 1, std::chrono::hours(1));
  RawSocket first(port_);
  ASSERT_TRUE(has_idle(1));
  RawSocket told(port_);
  ASSERT_TRUE(has_idle(2));
  EXPECT_TRUE(RawSocket(port_).ended());
  EXPECT_EQ(status_of(told.send(get_hello).rest()), 503);
  EXPECT_EQ(status_of(first.send(get_hello).response()), 200);
}

}  // namespace
}  // namespace holdfast::http
