#include "holdfast/api/metrics_endpoint.h"

#include <regex>
#include <set>
#include <sstream>

#include "admin_fixture.h"

namespace holdfast::api {
namespace {

using http::AuthLevel;
using http::Method;

constexpr std::string_view own_token = "hfm_0123456789012345678901234567890123456789012";

class MetricsEndpoint : public AdminApiTest {
 protected:
  MetricsEndpoint() {
    add_metrics_row(router_, region_.disk(), [this] {
      RegionReading reading{.version = "1"};
      reading.view = region_.state().view();
      return reading;
    });
    authenticate_ = with_metrics_token(own_, region_.clock(), std::move(authenticate_));
  }

  OwnMetricsToken own_{MetricsToken{.hash = metrics_token_hash(own_token),
                                    .created = region_.clock().now(),
                                    .expires = region_.clock().now() + std::chrono::hours(1)},
                       [this] { return ++erased_, Result<>(); }};
  int erased_ = 0;

  http::Response scrape(const std::string& token, std::string_view path = "/metrics") {
    http::Request request;
    request.request_id = "r-1";
    if (!token.empty()) request.headers.add("Authorization", "Bearer " + token);
    const auto match = router_.match(Method::get, path);
    request.route = match.row->path;
    auto response = region_.run(handle(match.row, &request));
    return response ? *std::move(response) : problem_response(response.error(), 0, request, {});
  }
  int status_for(const std::string& token, std::string_view path = "/metrics") {
    return scrape(token, path).status;
  }
};

TEST_F(MetricsEndpoint, ItsOwnTokenOpensItAndNothingElse) {
  const auto answer = scrape(std::string(own_token));
  ASSERT_EQ(answer.status, 200);
  EXPECT_EQ(answer.headers.find("Content-Type"), ops::metrics_content_type);
  EXPECT_EQ(answer.headers.find("Cache-Control"), "no-store");
  EXPECT_EQ(answer.body.find(own_token), std::string::npos);
  EXPECT_EQ(status_for(std::string(own_token), "/admin/v1/pools"), 401);
  EXPECT_EQ(status_for(std::string(own_token), "/admin/v1/admin-tokens"), 401);
}

TEST_F(MetricsEndpoint, WithoutATokenThereIsNothing) {
  EXPECT_EQ(status_for(""), 401);
  EXPECT_EQ(status_for("hfm_" + std::string(43, 'A')), 401);
  EXPECT_EQ(status_for(std::string(own_token).substr(1)), 401);
  region_.clock().advance(std::chrono::hours(1));
  EXPECT_EQ(status_for(std::string(own_token)), 401) << "it has ended";
}

TEST_F(MetricsEndpoint, AdminTokensNeedTheScope) {
  EXPECT_EQ(status_for(make_token({"metrics"})), 200);
  EXPECT_EQ(status_for(make_token({"admin"})), 200) << "admin includes every scope";
  EXPECT_EQ(status_for(make_token({"read"})), 403);
  EXPECT_EQ(status_for(make_token({"state"})), 403);
  EXPECT_EQ(status_for(make_token({"metrics"}), "/admin/v1/pools"), 403);
}

TEST_F(MetricsEndpoint, ARegionWithoutATokenOfItsOwnAsksTheOperators) {
  const OwnMetricsToken none;
  const auto authenticate =
      with_metrics_token(none, region_.clock(), admin_authenticator(identity_.operators));
  http::Request request;
  request.headers.add("Authorization", "Bearer " + make_token({"metrics"}));
  EXPECT_TRUE(region_.run(authenticate(&request, AuthLevel::metrics)).has_value());
  request.headers.set("Authorization", "Bearer " + std::string(own_token));
  EXPECT_FALSE(region_.run(authenticate(&request, AuthLevel::metrics)).has_value());
}

TEST_F(MetricsEndpoint, ItsOwnTokenEndsWhenItIsRevoked) {
  const auto id = own_.current()->id();
  EXPECT_TRUE(id.starts_with("metrics-")) << id;
  EXPECT_EQ(own_.revoke("metrics-0000").error().kind, ErrorKind::not_found);
  EXPECT_EQ(status_for(std::string(own_token)), 200);
  EXPECT_TRUE(own_.revoke(id));
  EXPECT_EQ(erased_, 1);
  EXPECT_EQ(status_for(std::string(own_token)), 401);
  EXPECT_FALSE(own_.current());
  EXPECT_EQ(own_.revoke(id).error().kind, ErrorKind::not_found);
}

TEST_F(MetricsEndpoint, ATokenThatCannotBeErasedStays) {
  OwnMetricsToken stuck(own_.current(), [] { return fail(ErrorKind::storage_full, "storage_full", "full"); });
  EXPECT_EQ(stuck.revoke(own_.current()->id()).error().code, "storage_full");
  EXPECT_TRUE(stuck.current()) << "it would open /metrics again after a restart";
}

/// Every name of every room that this executable holds, which is all that export anything.
TEST_F(MetricsEndpoint, NamesFollowPrometheusAndHaveHelp) {
  std::istringstream lines(scrape(std::string(own_token)).body);
  const std::regex help("# HELP (holdfast_[a-z0-9_]+) [A-Z1].{10,}\\.");
  const std::regex type("# TYPE (holdfast_[a-z0-9_]+) (counter|gauge|histogram)");
  std::string line;
  std::string helped;
  std::set<std::string> seen;
  while (std::getline(lines, line)) {
    std::smatch match;
    if (line.starts_with("# HELP")) {
      ASSERT_TRUE(std::regex_match(line, match, help)) << line;
      helped = match[1];
      EXPECT_TRUE(seen.insert(helped).second) << helped << " twice";
    } else if (line.starts_with("# TYPE")) {
      ASSERT_TRUE(std::regex_match(line, match, type)) << line;
      EXPECT_EQ(match[1], helped);
      EXPECT_EQ(match[2] == "counter", helped.ends_with("_total")) << line;
      for (const char* unit : {"_microseconds", "_micros", "_ms", "_millis", "_kib"})
        EXPECT_EQ(helped.find(unit), std::string::npos) << "base units: " << line;
    }
  }
  EXPECT_GT(seen.size(), 20U);
}

TEST(RequestCounting, CountsByRouteAndStatusAndNeverByPath) {
  auto router = std::make_shared<http::Router>();
  const auto nothing = [](http::Request*) -> async::Task<Result<http::Response>> {
    co_return http::Response();
  };
  router->add({.path = "/zz/{thing}", .handler = nothing});
  router->add({.method = Method::post, .path = "/zz/{thing}", .handler = nothing});
  int decorated = 0;
  const auto decorate =
      count_requests("zz-test", router, [&](const http::Request&, http::Response&) { ++decorated; });
  const auto answer = [&](Method method, std::string_view path, int status) {
    http::Request request;
    request.received_at = system_clock().steady_now();
    if (const auto match = router->match(method, path); match.row != nullptr) request.route = match.row->path;
    http::Response response;
    response.status = status;
    decorate(request, response);
  };
  answer(Method::get, "/zz/secret-1", 200);
  answer(Method::get, "/zz/secret-2", 204);
  answer(Method::get, "/zz/secret-3", 404);
  answer(Method::post, "/zz/secret-4", 503);
  answer(Method::get, "/elsewhere", 404);
  EXPECT_EQ(decorated, 5);
  const auto text = ops::metrics_text({});
  const auto counted = [&](const std::string& labels, int count) {
    return text.find("holdfast_http_request_duration_seconds_count{listener=\"zz-test\"," + labels + "} " +
                     std::to_string(count) + "\n") != std::string::npos;
  };
  EXPECT_TRUE(counted(R"(method="GET",route="/zz/{thing}",status="2xx")", 2)) << text;
  EXPECT_TRUE(counted(R"(method="GET",route="/zz/{thing}",status="4xx")", 1));
  EXPECT_TRUE(counted(R"(method="POST",route="/zz/{thing}",status="5xx")", 1));
  EXPECT_TRUE(counted(R"(method="none",route="none",status="4xx")", 1));
  EXPECT_EQ(text.find("secret"), std::string::npos);
  EXPECT_EQ(text.find("elsewhere"), std::string::npos);
}

}  // namespace
}  // namespace holdfast::api
