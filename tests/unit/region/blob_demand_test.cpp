#include "holdfast/region/blob_demand.h"

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_future.hpp>
#include <thread>

#include "holdfast/async/block_on.h"
#include "holdfast/async/io_pool.h"

namespace holdfast::region {
namespace {

using namespace std::chrono_literals;

const storage::BlobContent blob_said{.size = 7, .sha256 = Bytes(32, 's')};

class BlobDemandTest : public testing::Test {
 protected:
  Result<> fetch(const BlobId& id, std::chrono::milliseconds limit) {
    return async::block_on(io_.next(), demand_.fetch_now(id, blob_said, limit));
  }

  async::IoPool io_{1};
  BlobDemand demand_{system_clock()};
};

TEST_F(BlobDemandTest, GivesUrgentWishesFirstAndThenInTurn) {
  demand_.want(BlobId("a"), blob_said);
  demand_.want(BlobId("b"), blob_said);
  demand_.want(BlobId("a"), blob_said);
  EXPECT_FALSE(fetch(BlobId("c"), 1ms));
  EXPECT_EQ(demand_.next(2), (std::vector{BlobId("c"), BlobId("a")}));
  EXPECT_EQ(demand_.next(2), (std::vector{BlobId("b"), BlobId("c")}));
  EXPECT_EQ(demand_.next(9), (std::vector{BlobId("a"), BlobId("b"), BlobId("c")}));
  demand_.forget(BlobId("b"));
  demand_.arrived(BlobId("a"));
  EXPECT_EQ(demand_.next(9), std::vector{BlobId("c")});
  EXPECT_EQ(demand_.missing(), 1U);
}

TEST_F(BlobDemandTest, RequestsThatTimedOutLeaveNothingBehind) {
  demand_.want(BlobId("a"), blob_said);
  for (int i = 0; i < 100; ++i) {
    const auto refused = fetch(BlobId("a"), 0ms);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, "content_pending");
  }
  EXPECT_EQ(demand_.waiting(), 0U);
  EXPECT_EQ(demand_.missing(), 1U);
  EXPECT_EQ(demand_.next(9), std::vector{BlobId("a")}) << "one entry a wish";
}

TEST_F(BlobDemandTest, SaysWhatIsWantedForAsLongAsItIs) {
  demand_.want(BlobId("a"), blob_said);
  EXPECT_EQ(demand_.wanted(BlobId("a")), blob_said);
  EXPECT_FALSE(demand_.wanted(BlobId("b")));
  demand_.forget(BlobId("a"));
  EXPECT_FALSE(demand_.wanted(BlobId("a")));
}

TEST_F(BlobDemandTest, AnArrivalEndsEveryWait) {
  const auto waiting = [&] {
    return boost::asio::co_spawn(io_.next(), demand_.fetch_now(BlobId("a"), blob_said, 1min),
                                 boost::asio::use_future);
  };
  auto one = waiting();
  auto two = waiting();
  while (demand_.waiting() < 2) std::this_thread::yield();
  demand_.arrived(BlobId("a"));
  EXPECT_TRUE(one.get());
  EXPECT_TRUE(two.get());
  EXPECT_EQ(demand_.missing(), 0U);
}

}  // namespace
}  // namespace holdfast::region
