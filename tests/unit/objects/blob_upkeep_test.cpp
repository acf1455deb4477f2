#include "holdfast/objects/blob_upkeep.h"

#include "holdfast/async/task_group.h"
#include "holdfast/crypto/hash.h"
#include "objects_fixture.h"

namespace holdfast::objects {
namespace {

using test::TestRegion;

class BlobUpkeepTest : public test::ObjectsTest {
 protected:
  void start(BlobUpkeep::Options options = {}) {
    upkeep_ = std::make_unique<BlobUpkeep>(BlobUpkeep::Parts{.objects = objects_,
                                                             .blobs = blobs_,
                                                             .demand = demand_,
                                                             .db = region_.core(),
                                                             .disk = region_.disk(),
                                                             .clock = region_.clock()},
                                           options);
    tasks_.spawn(region_.io().next(), upkeep_->run());
  }
  void TearDown() override {
    tasks_.cancel();
    tasks_.wait();
  }
  /// Puts an object whose bytes are then taken away.
  BlobId put_without_bytes(std::string key) {
    const auto object = TestRegion::must(put(std::move(key), Bytes(100'000, 'a')));
    TestRegion::must(blobs_.remove(*object.blob));
    return *object.blob;
  }
  /// What the task does, it does soon: no event of it is visible from outside.
  template <class Condition>
  static bool soon(Condition condition) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (!condition()) {
      if (std::chrono::steady_clock::now() > deadline) return false;
      std::this_thread::yield();
    }
    return true;
  }

  async::TaskGroup tasks_{"upkeep test"};
  std::unique_ptr<BlobUpkeep> upkeep_;
};

TEST_F(BlobUpkeepTest, WhatIsMissingAtStartIsAskedFor) {
  const auto missing = put_without_bytes("gone");
  TestRegion::must(put("here", Bytes(100'000, 'b')));
  start();
  EXPECT_TRUE(soon([&] { return demand_.missing() == 1; }));
  EXPECT_EQ(demand_.next(9), std::vector{missing});
  EXPECT_EQ(demand_.wanted(missing),
            (storage::BlobContent{.size = 100'000, .sha256 = crypto::sha256(Bytes(100'000, 'a'))}));
}

TEST_F(BlobUpkeepTest, RowsThatArriveAskAndRowsThatGoForget) {
  // As a secondary sees it: the row is there, the bytes are not. Observers run in the order of registration.
  const auto taken_away = objects_.observe_blobs([&](const BlobId& id, bool named) {
    if (named) TestRegion::must(blobs_.remove(id));
  });
  start();
  TestRegion::must(put("k", Bytes(100'000, 'a')));
  EXPECT_TRUE(soon([&] { return demand_.missing() == 1; }));
  TestRegion::must(remove("k", ada_));
  EXPECT_TRUE(soon([&] { return demand_.missing() == 0; }));
}

TEST_F(BlobUpkeepTest, UnnamedBlobsAreCollectedAfterTheirGrace) {
  TestRegion::must(put("k", Bytes(100'000, 'a')));
  TestRegion::must(put("k", Bytes(100'000, 'b')));
  EXPECT_EQ(blobs_on_disk(), 2U);
  start({.grace = std::chrono::seconds(0), .sweep_every = std::chrono::seconds(1)});
  EXPECT_TRUE(soon([&] { return blobs_on_disk() == 1; }));
  EXPECT_EQ(read("k"), Bytes(100'000, 'b'));
}

}  // namespace
}  // namespace holdfast::objects
