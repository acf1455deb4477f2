#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <stdexcept>
#include <utility>

#include "holdfast/async/block_on.h"
#include "holdfast/async/cpu_pool.h"
#include "holdfast/async/io_pool.h"
#include "holdfast/async/offload.h"
#include "holdfast/crypto/key_wrap.h"
#include "holdfast/region/acknowledge.h"
#include "holdfast/region/members.h"
#include "holdfast/region/peer_table.h"
#include "holdfast/region/region_state.h"
#include "holdfast/region/writer.h"
#include "holdfast/storage/local_db.h"
#include "test_region_key.h"
#include "test_store.h"

namespace holdfast::test {

/// A region that is alone in its cluster and primary, on real stores in a temporary directory and a clock
/// that the test moves: what the tests of domain rooms stand on. Name: us-east-1, or another one given.
class TestRegion {
 public:
  explicit TestRegion(RegionName name = RegionName("us-east-1"))
      : name_(name),
        local_(must(
            storage::LocalDb::open({.path = store_.directory() / "local.db", .create = true}, region_key()))),
        members_(must(region::Members::open(store_.core(), name))),
        peers_(*members_, store_.clock()),
        state_(name),
        settings_(must(region::AcknowledgeSettings::open(store_.core()))),
        writer_(state_, store_.committer(), peers_, *settings_) {
    become_primary();
  }

  /// Accepts writes, as after the construction.
  void become_primary() {
    state_.become_primary({.reign = 1, .incarnation = 1}, {.name = name_,
                                                           .public_url = "https://us-east-1.example:8443",
                                                           .objects_url = {},
                                                           .reachable = true});
    state_.set_synced(true);
  }
  /// Refuses writes, as a secondary of us-east-1 does. Its replicated store stays what it is.
  void become_secondary() {
    state_.become_secondary();
    state_.primary_heard({.name = RegionName("us-east-1"),
                          .public_url = "https://us-east-1.example:8443",
                          .objects_url = {},
                          .reachable = true},
                         {.reign = 1, .incarnation = 1});
  }

  [[nodiscard]] const RegionName& name() const { return name_; }
  [[nodiscard]] TestStore& store() { return store_; }
  [[nodiscard]] storage::CoreDb& core() { return store_.core(); }
  [[nodiscard]] TestClock& clock() { return store_.clock(); }
  [[nodiscard]] storage::LocalDb& local() { return *local_; }
  [[nodiscard]] region::Members& members() { return *members_; }
  [[nodiscard]] region::PeerTable& peers() { return peers_; }
  [[nodiscard]] region::RegionState& state() { return state_; }
  [[nodiscard]] region::Writer& writer() { return writer_; }
  [[nodiscard]] const region::AcknowledgeSettings& acknowledge() const { return *settings_; }
  [[nodiscard]] async::IoPool& io() { return io_; }
  [[nodiscard]] async::CpuPool& cpu() { return cpu_; }
  [[nodiscard]] async::DiskPool& disk() { return disk_; }

  /// Runs a task on an I/O thread and waits for it.
  template <class T>
  T run(async::Task<T> task) {
    return async::block_on(io_.next(), std::move(task));
  }

  /// The value, or a failure of the test's own preparation.
  template <class T>
  static T must(Result<T> result) {
    if (!result) throw std::runtime_error(result.error().describe());
    if constexpr (!std::is_void_v<T>) return *std::move(result);
  }

 private:
  static crypto::RsaRegionKey& region_key() {
    static crypto::RsaRegionKey key = must(crypto::RsaRegionKey::from_pem(test_region_key_pem));
    return key;
  }

  RegionName name_;
  // Outlives the commit thread, which may still be in post() when an answer is here.
  async::IoPool io_{1};
  TestStore store_;
  async::CpuPool cpu_{"cpu", {.threads = 2, .limits = {}}};
  async::DiskPool disk_{1};
  std::unique_ptr<storage::LocalDb> local_;
  std::unique_ptr<region::Members> members_;
  region::PeerTable peers_;
  region::RegionState state_;
  std::unique_ptr<region::AcknowledgeSettings> settings_;
  region::Writer writer_;
};

/// The same as a GoogleTest fixture.
class DomainTest : public ::testing::Test {
 protected:
  TestRegion region_;
};

}  // namespace holdfast::test
