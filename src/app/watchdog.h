#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "holdfast/storage/committer.h"
#include "service_manager.h"

namespace holdfast::app {

struct Foundation;

/// Something that must stay able to work: `ask` makes it call `answer` once, soon, on its own thread.
struct Vital {
  std::string name;
  std::function<void(std::function<void()> answer)> ask;
};

/// Feeds the service manager's watchdog, and only while work gets done: a round asks every vital part, and
/// the proof of life is sent when all have answered. One that does not answer is named in the log, once, and
/// the service manager restarts the process after its interval. Own thread, from the constructor to the
/// destructor; none where the service manager has no watchdog. What the vitals use outlives it.
class Watchdog {
 public:
  Watchdog(ServiceManager& manager, std::vector<Vital> vitals);
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;
  ~Watchdog();

 private:
  struct Round;
  void run(std::chrono::microseconds interval);
  [[nodiscard]] std::shared_ptr<Round> ask_all() const;
  /// True: stop.
  bool rest(std::chrono::microseconds time);

  ServiceManager& manager_;
  std::vector<Vital> vitals_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;
  std::thread thread_;
};

/// Asked with an empty transaction, which goes the way of every write and writes nothing.
Vital commit_thread_of(storage::Committer& committer, storage::CoreDb& core);
/// Every I/O thread and the commit thread.
std::vector<Vital> vitals_of(Foundation& base);

}  // namespace holdfast::app
