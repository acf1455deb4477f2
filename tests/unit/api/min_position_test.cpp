#include "holdfast/api/min_position.h"

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_future.hpp>
#include <deque>
#include <future>
#include <vector>

#include "domain_fixture.h"
#include "holdfast/api/problem.h"

namespace holdfast::api {
namespace {

class MinPosition : public test::DomainTest {
 protected:
  /// "status code" of the refusal, or "0" when the request may go on.
  std::string answer(http::Headers headers) {
    http::Request request;
    request.headers = std::move(headers);
    const auto prepared = region_.run(prepare_(&request));
    return prepared ? "0"
                    : std::to_string(status_of(prepared.error())) + " " + std::string(prepared.error().code);
  }
  std::string answer(const storage::Position& position) {
    return answer({{"Holdfast-Min-Position", storage::to_string(position)}});
  }

  void write() {
    static constexpr storage::Table written{storage::Family::apps, 0x03f0, "written"};
    auto transaction = region_.core().transaction();
    transaction.put(written, "row", storage::Scope::system(), 1, "value");
    region_.store().commit(std::move(transaction));
  }

  std::unique_ptr<region::PositionWatch> watch_ =
      test::TestRegion::must(region::PositionWatch::open(region_.core()));
  http::Preparation prepare_ = min_position(*watch_, {.patience = std::chrono::milliseconds(5)});
};

TEST_F(MinPosition, WithoutTheHeaderNothingIsAsked) { EXPECT_EQ(answer(http::Headers{}), "0"); }

TEST_F(MinPosition, APositionIsHeldAwaitedOrLost) {
  auto position = storage::position_of(region_.core().applied());
  EXPECT_EQ(answer(position), "0");
  position.hash_prefix[0] = static_cast<char>(position.hash_prefix[0] ^ 1);
  EXPECT_EQ(answer(position), "409 position_lost");
  ++position.index;
  EXPECT_EQ(answer(position), "503 position_pending");
}

TEST_F(MinPosition, WhatIsNoPositionIsRefused) {
  const std::string good = storage::to_string(storage::position_of(region_.core().applied()));
  for (const std::string& bad : {std::string(), std::string("x"), good + "A", good.substr(1), "!" + good})
    EXPECT_EQ(answer({{"Holdfast-Min-Position", bad}}), "400 invalid_position") << bad;
  EXPECT_EQ(answer({{"Holdfast-Min-Position", good}, {"holdfast-min-position", good}}),
            "400 invalid_position");
}

TEST_F(MinPosition, OnlySoManyWaitAndOnlySoManyOfOneAddress) {
  prepare_ = min_position(
      *watch_, {.patience = std::chrono::seconds(20), .most_waiting = 3, .most_waiting_of_one_address = 2});
  auto next = storage::position_of(region_.core().applied());
  const auto held = next;
  ++next.index;
  std::deque<http::Request> requests;
  const auto prepare_from = [&](const std::string& address, const storage::Position& position) {
    http::Request& request = requests.emplace_back();
    request.headers = {{"Holdfast-Min-Position", storage::to_string(position)}};
    request.limit_key = address;
    // One thread: whatever began before has its place by the time that this one runs.
    return boost::asio::co_spawn(region_.io().next(), prepare_(&request), boost::asio::use_future);
  };
  std::vector<std::future<Result<>>> waiting;
  waiting.push_back(prepare_from("a", next));
  waiting.push_back(prepare_from("a", next));
  EXPECT_EQ(prepare_from("a", next).get().error().code, "position_pending") << "of one address";
  EXPECT_TRUE(prepare_from("a", held).get()) << "what is here is not waited for";
  waiting.push_back(prepare_from("b", next));
  EXPECT_EQ(prepare_from("c", next).get().error().code, "position_pending") << "in all";
  write();
  for (auto& wait : waiting) EXPECT_EQ(wait.get().error().code, "position_lost") << "another batch came";
  ++next.index;
  auto again = prepare_from("a", next);
  write();
  EXPECT_EQ(again.get().error().code, "position_lost") << "places are given back";
}

}  // namespace
}  // namespace holdfast::api
