#include "holdfast/api/health.h"

#include <memory>
#include <nlohmann/json.hpp>
#include <utility>

#include "holdfast/api/json_body.h"

namespace holdfast::api {
namespace {

using http::Request;
using http::Response;
using SharedChecks = std::shared_ptr<const HealthChecks>;

Response health_answer(const HealthChecks& checks, const Result<>& state) {
  nlohmann::json body = {
      {"status", state ? "ok" : state.error().code}, {"region", checks.region}, {"role", checks.role()}};
  if (!state) body["detail"] = state.error().message;
  return json_response(state ? 200 : 503, body);
}

async::Task<Result<Response>> answer_live(SharedChecks checks) { co_return health_answer(*checks, {}); }

async::Task<Result<Response>> answer_ready(SharedChecks checks) {
  co_return health_answer(*checks, checks->ready());
}

async::Task<Result<Response>> answer_traffic(SharedChecks checks, const Request* request) {
  const auto role = request->query("role");
  if (role && *role != "primary") {
    co_return fail(ErrorKind::invalid, "invalid_field", "role must be primary, or absent");
  }
  Result<> state;
  if (role && !checks->takes_primary_traffic()) {
    state = fail(ErrorKind::unavailable, "not_primary", "this region is not the writable primary");
  } else if (!role && !checks->takes_traffic()) {
    state = fail(ErrorKind::unavailable, "no_traffic", "this region does not sign users in now");
  }
  co_return health_answer(*checks, state);
}

}  // namespace

void add_health_rows(http::Router& router, HealthChecks checks) {
  const auto shared = std::make_shared<const HealthChecks>(std::move(checks));
  const auto add = [&](std::string path, http::Handler handler, http::RowAbout about) {
    router.add(
        {.path = std::move(path), .handler = std::move(handler), .always = true, .about = std::move(about)});
  };
  add("/health/live", [shared](Request*) { return answer_live(shared); },
      {.summary = "Answers while the process lives."});
  add("/health/ready", [shared](Request*) { return answer_ready(shared); },
      {.summary = "Whether unsealing, signing and the store work: 200 or 503."});
  add("/health/traffic", [shared](Request* request) { return answer_traffic(shared, request); },
      {.summary = "Whether this region should get traffic, or with role=primary writes: 200 or 503.",
       .query = {"role"}});
}

}  // namespace holdfast::api
