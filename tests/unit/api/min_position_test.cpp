#include "holdfast/api/min_position.h"

#include <gtest/gtest.h>

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

  std::unique_ptr<region::PositionWatch> watch_ =
      test::TestRegion::must(region::PositionWatch::open(region_.core()));
  http::Preparation prepare_ = min_position(*watch_, std::chrono::milliseconds(5));
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

}  // namespace
}  // namespace holdfast::api
