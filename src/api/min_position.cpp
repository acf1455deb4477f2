#include "holdfast/api/min_position.h"

namespace holdfast::api {
namespace {

constexpr std::string_view min_position_header = "Holdfast-Min-Position";

async::Task<Result<>> wait_for_position(region::PositionWatch* watch, const http::Request* request,
                                        std::chrono::milliseconds patience) {
  const auto text = request->headers.find(min_position_header);
  if (!text) co_return Result<>{};
  if (request->headers.count(min_position_header) > 1) {
    co_return fail(ErrorKind::invalid, "invalid_position", "Holdfast-Min-Position must be there once");
  }
  CO_TRY(const auto position, storage::parse_position(*text));
  co_return co_await watch->wait(position, patience);
}

}  // namespace

http::Preparation min_position(region::PositionWatch& watch, std::chrono::milliseconds patience) {
  return [watch = &watch, patience](const http::Request* request) {
    return wait_for_position(watch, request, patience);
  };
}

}  // namespace holdfast::api
