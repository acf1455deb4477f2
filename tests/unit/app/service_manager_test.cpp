#include "service_manager.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <atomic>
#include <boost/asio/post.hpp>
#include <filesystem>
#include <future>

#include "holdfast/async/io_pool.h"
#include "storage/temp_directory.h"
#include "test_store.h"
#include "watchdog.h"

namespace holdfast::app {
namespace {

using namespace std::chrono_literals;
constexpr storage::Table watched_things{storage::Family::apps, 0x03f0, "things"};

/// What systemd has at the other end.
class NotifySocket {
 public:
  explicit NotifySocket(std::string address) : address_(std::move(address)) {
    sockaddr_un name{};
    name.sun_family = AF_UNIX;
    address_.copy(name.sun_path, sizeof name.sun_path - 1);
    const bool is_abstract = address_.front() == '@';
    if (is_abstract) name.sun_path[0] = '\0';
    const auto size = offsetof(sockaddr_un, sun_path) + address_.size() + (is_abstract ? 0 : 1);
    socket_ = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    EXPECT_EQ(bind(socket_, reinterpret_cast<const sockaddr*>(&name), static_cast<socklen_t>(size)), 0);
  }
  NotifySocket(const NotifySocket&) = delete;
  NotifySocket& operator=(const NotifySocket&) = delete;
  ~NotifySocket() {
    close(socket_);
    if (address_.front() == '/') std::filesystem::remove(address_);
  }

  [[nodiscard]] const std::string& address() const { return address_; }
  /// Empty: nothing came within `patience`.
  [[nodiscard]] std::string next(std::chrono::milliseconds patience = 10s) const {
    pollfd wanted{.fd = socket_, .events = POLLIN, .revents = 0};
    if (poll(&wanted, 1, static_cast<int>(patience.count())) != 1) return {};
    char text[512];
    const auto size = recv(socket_, text, sizeof text, 0);
    return size < 0 ? std::string() : std::string(text, static_cast<std::size_t>(size));
  }
  void drain() const {
    while (!next(0ms).empty()) {
    }
  }

 private:
  std::string address_;
  int socket_ = -1;
};

TEST(ServiceManager, SaysWhatItDoesToASocketInTheFileSystem) {
  const test::TempDirectory directory;
  const NotifySocket systemd(directory / "socket");
  ServiceManager manager(systemd.address());
  manager.ready();
  EXPECT_EQ(systemd.next(), "READY=1");
  manager.reloading();
  EXPECT_TRUE(systemd.next().starts_with("RELOADING=1\nMONOTONIC_USEC="));
  manager.stopping();
  EXPECT_EQ(systemd.next(), "STOPPING=1");
}

TEST(ServiceManager, SaysWhatItDoesToAnAbstractSocket) {
  const NotifySocket systemd("@holdfast-test-" + std::to_string(getpid()));
  ServiceManager manager(systemd.address());
  manager.ready();
  EXPECT_EQ(systemd.next(), "READY=1");
}

TEST(ServiceManager, TheSameStatusIsNotSentTwice) {
  const test::TempDirectory directory;
  const NotifySocket systemd(directory / "socket");
  ServiceManager manager(systemd.address());
  for (const auto* line : {"primary", "primary", "secondary"}) manager.status(line);
  EXPECT_EQ(systemd.next(), "STATUS=primary");
  EXPECT_EQ(systemd.next(), "STATUS=secondary");
}

TEST(ServiceManager, IsSilentWithoutASocketAndWithOneThatIsGone) {
  ServiceManager("", 1s).ready();
  EXPECT_FALSE(ServiceManager("", 1s).watchdog());
  EXPECT_FALSE(ServiceManager("relative", 1s).watchdog());
  EXPECT_FALSE(ServiceManager("/" + std::string(200, 'x'), 1s).watchdog());
  ServiceManager("/nowhere/socket").ready();
}

TEST(ServiceManager, AWatchdogForAnotherProcessIsNotOurs) {
  setenv("NOTIFY_SOCKET", "/run/nowhere", 1);
  setenv("WATCHDOG_USEC", "2000000", 1);
  EXPECT_EQ(ServiceManager::from_environment().watchdog(), 2s);
  setenv("WATCHDOG_PID", std::to_string(getpid()).c_str(), 1);
  EXPECT_EQ(ServiceManager::from_environment().watchdog(), 2s);
  setenv("WATCHDOG_PID", "1", 1);
  EXPECT_FALSE(ServiceManager::from_environment().watchdog());
  for (const auto* name : {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"}) unsetenv(name);
}

TEST(ServiceManager, TheStatusLineSaysWhoWeAre) {
  region::RegionView view;
  view.role = region::Role::primary;
  view.term = {.reign = 2, .incarnation = 5};
  EXPECT_EQ(status_line(view), "primary, reign 2, incarnation 5");
  view.role = region::Role::secondary;
  EXPECT_EQ(status_line(view), "secondary, no primary known");
  view.primary = region::PrimaryInfo{.name = RegionName("us-east-1"), .public_url = {}, .objects_url = {}};
  EXPECT_EQ(status_line(view), "secondary of us-east-1");
  view.cut_off_since = SteadyTime(1s);
  EXPECT_EQ(status_line(view), "secondary of us-east-1, cut off from it");
  view.role = region::Role::fenced;
  view.fence_reason = region::FenceReason::by_operator;
  EXPECT_EQ(status_line(view), "fenced: " + std::string(to_string(region::FenceReason::by_operator)));
}

TEST(Watchdog, IsFedOnlyWhileEveryThreadAnswers) {
  const test::TempDirectory directory;
  const NotifySocket systemd(directory / "socket");
  ServiceManager manager(systemd.address(), 200ms);
  async::IoPool io(2);
  std::vector<Vital> vitals;
  for (std::size_t i = 0; i < io.size(); ++i) {
    vitals.push_back({.name = "io", .ask = [&io, i](std::function<void()> answer) {
                        boost::asio::post(io.executor(i), std::move(answer));
                      }});
  }
  const Watchdog watchdog(manager, std::move(vitals));
  EXPECT_EQ(systemd.next(), "WATCHDOG=1");
  EXPECT_EQ(systemd.next(), "WATCHDOG=1");

  std::promise<void> held;
  std::promise<void> release;
  boost::asio::post(io.executor(1), [&] {
    held.set_value();
    release.get_future().wait();
  });
  held.get_future().wait();
  systemd.drain();
  // One round may have been answered before the thread was held, and is told whenever its thread gets to it.
  int late = 0;
  while (!systemd.next(600ms).empty() && late < 2) ++late;
  EXPECT_LE(late, 1);
  release.set_value();
  EXPECT_EQ(systemd.next(), "WATCHDOG=1");
}

TEST(Watchdog, TheCommitThreadAnswersOnlyWhileItWorks) {
  std::atomic<bool> hold = false;
  std::promise<void> held;
  std::promise<void> release;
  test::TestStore store({.publish = [&](const storage::RawBatchPtr&) {
    if (!hold.exchange(false)) return;
    held.set_value();
    release.get_future().wait();
  }});
  const auto vital = commit_thread_of(store.committer(), store.core());
  const auto ask = [&vital] {
    auto answered = std::make_shared<std::promise<void>>();
    auto answer = answered->get_future();
    vital.ask([answered] { answered->set_value(); });
    return answer;
  };
  const auto before = store.core().applied();
  ask().get();
  EXPECT_EQ(store.core().applied().index, before.index);

  hold = true;
  auto write = store.transaction();
  write.put(watched_things, "row", storage::Scope::system(), 1, "value");
  store.committer().commit(std::move(write), [](const Result<storage::Head>&) {});
  held.get_future().wait();
  auto waits = ask();
  EXPECT_EQ(waits.wait_for(100ms), std::future_status::timeout);
  release.set_value();
  waits.get();

  store.committer().fence();
  ask().get();
}

}  // namespace
}  // namespace holdfast::app
