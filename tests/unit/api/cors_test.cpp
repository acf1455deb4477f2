#include "holdfast/api/cors.h"

#include "api_fixture.h"

namespace holdfast::api {
namespace {

using http::Method;

constexpr std::string_view app_origin = "https://photos.example";

async::Task<Result<http::Response>> plain_answer(http::Request* request) {
  if (request->query("fail")) co_return fail(ErrorKind::not_found, "not_found", "no");
  co_return http::respond(200, "text/plain", "x");
}

http::Router cors_table() {
  http::Router router;
  std::vector<http::Row> rows;
  rows.push_back({.method = Method::get, .path = "/state/{app}", .handler = plain_answer});
  rows.push_back({.method = Method::post, .path = "/state/{app}", .handler = plain_answer});
  add_rows_with_cors(router, std::move(rows), [](const http::Request& request, std::string_view origin) {
    return request.param("app") == "photos" && origin == app_origin;
  });
  return router;
}

http::Response cross(Method method, std::string_view target, std::string_view origin,
                     http::Headers more = {}) {
  if (!origin.empty()) more.add("Origin", origin);
  return handle_in_process(cors_table(), request_to(method, target, std::move(more)));
}

std::string header_of(const http::Response& response, std::string_view name) {
  return std::string(response.headers.find(name).value_or("none"));
}

TEST(Cors, NamesTheExactOriginAndNeverCredentials) {
  for (const std::string_view target : {"/state/photos", "/state/photos?fail"}) {
    const auto allowed = cross(Method::get, target, app_origin);
    EXPECT_EQ(header_of(allowed, "Access-Control-Allow-Origin"), app_origin) << target;
    EXPECT_EQ(header_of(allowed, "Vary"), "Origin");
    EXPECT_EQ(header_of(allowed, "Access-Control-Allow-Credentials"), "none");
    EXPECT_TRUE(header_of(allowed, "Access-Control-Expose-Headers").contains("Holdfast-Position"));
  }
}

TEST(Cors, OthersGetNothingButVary) {
  for (const std::string_view origin : {"", "null", "https://photos.example.evil", "http://photos.example",
                                        "https://photos.example:443", "https://PHOTOS.example", "*"}) {
    const auto refused = cross(Method::get, "/state/photos", origin);
    EXPECT_EQ(refused.status, 200) << "CORS protects the page's user, not the resource";
    EXPECT_EQ(header_of(refused, "Access-Control-Allow-Origin"), "none") << origin;
    EXPECT_EQ(header_of(refused, "Vary"), "Origin");
  }
  EXPECT_EQ(header_of(cross(Method::get, "/state/other", app_origin), "Access-Control-Allow-Origin"), "none");
}

TEST(Cors, PreflightAllowsTheMethodsOfThePathAndKnownHeaders) {
  const auto preflight =
      cross(Method::options, "/state/photos", app_origin,
            {{"Access-Control-Request-Method", "POST"},
             {"Access-Control-Request-Headers",
              "content-type,x-amz-target, x-amz-user-agent,cache-control,amz-sdk-invocation-id,"
              "amz-sdk-request,Authorization,x-amz-meta-colour,x-evil,cookie"}});
  EXPECT_EQ(preflight.status, 204);
  EXPECT_EQ(header_of(preflight, "Access-Control-Allow-Origin"), app_origin);
  EXPECT_EQ(header_of(preflight, "Access-Control-Allow-Methods"), "GET, POST");
  EXPECT_EQ(
      header_of(preflight, "Access-Control-Allow-Headers"),
      "content-type, x-amz-target, x-amz-user-agent, cache-control, amz-sdk-invocation-id, amz-sdk-request, "
      "Authorization, x-amz-meta-colour");
  EXPECT_EQ(header_of(preflight, "Access-Control-Allow-Credentials"), "none");
  EXPECT_EQ(preflight.headers.count("Vary"), 2U);
}

TEST(Cors, PreflightsHaveAFormOfTheirOwn) {
  const auto row_errors = [](const Error&, int, const http::Request&) { return http::respond_empty(418); };
  const auto preflight_of = [&](const http::ErrorRenderer& errors) -> std::string {
    http::Router router;
    std::vector<http::Row> rows;
    rows.push_back({.method = Method::post, .path = "/", .handler = plain_answer, .errors = row_errors});
    add_rows_with_cors(
        router, std::move(rows), [](const http::Request&, std::string_view) { return false; }, errors);
    return router.match(Method::options, "/").row->errors ? "its own" : "the listener's";
  };
  EXPECT_EQ(preflight_of({}), "the listener's");
  EXPECT_EQ(preflight_of(row_errors), "its own");
}

TEST(Cors, PreflightOfAStrangerIsRefused) {
  const auto refused = cross(Method::options, "/state/photos", "https://evil.example",
                             {{"Access-Control-Request-Method", "POST"}});
  EXPECT_EQ(refused.body, "origin_not_allowed");
  EXPECT_EQ(header_of(refused, "Access-Control-Allow-Origin"), "none");
}

}  // namespace
}  // namespace holdfast::api
