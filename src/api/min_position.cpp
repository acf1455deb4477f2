#include "holdfast/api/min_position.h"

#include <memory>
#include <optional>
#include <utility>

#include "holdfast/async/places.h"

namespace holdfast::api {
namespace {

constexpr std::string_view min_position_header = "Holdfast-Min-Position";

std::unexpected<Error> too_many_wait() {
  return fail(ErrorKind::unavailable, "position_pending",
              "this region has not got to that position yet, and too many wait for it; try again soon");
}

async::Task<Result<>> wait_for_position(region::PositionWatch* watch, const http::Request* request,
                                        std::shared_ptr<async::Places> places,
                                        std::chrono::milliseconds patience) {
  const auto text = request->headers.find(min_position_header);
  if (!text) co_return Result<>{};
  if (request->headers.count(min_position_header) > 1) {
    co_return fail(ErrorKind::invalid, "invalid_position", "Holdfast-Min-Position must be there once");
  }
  CO_TRY(const auto position, storage::parse_position(*text));
  std::optional<async::Places::Place> place;
  if (watch->judge(position) == region::PositionFate::pending) {
    if (auto taken = places->take(request->limit_key)) place.emplace(*std::move(taken));
    if (!place) co_return too_many_wait();
  }
  co_return co_await watch->wait(position, patience);
}

}  // namespace

http::Preparation min_position(region::PositionWatch& watch, MinPositionLimits limits) {
  auto places = std::make_shared<async::Places>(limits.most_waiting, limits.most_waiting_of_one_address);
  return [watch = &watch, places = std::move(places), limits](const http::Request* request) {
    return wait_for_position(watch, request, places, limits.patience);
  };
}

}  // namespace holdfast::api
