#include "holdfast/http/router.h"

#include <gtest/gtest.h>

#include <stdexcept>

namespace holdfast::http {
namespace {

async::Task<Result<Response>> no_handler(Request* /*request*/) { co_return Response{}; }

Router table_of(std::initializer_list<std::pair<Method, std::string_view>> rows) {
  Router router;
  for (const auto& [method, path] : rows) {
    router.add({.method = method, .path = std::string(path), .handler = no_handler});
  }
  return router;
}

std::string matched(const Router& router, Method method, std::string_view path) {
  const auto match = router.match(method, path);
  if (match.row == nullptr) {
    std::string none = "none";
    for (const Method allowed : match.allowed) none.append(" ").append(to_string(allowed));
    return none;
  }
  std::string text = std::string(to_string(match.row->method)) + " " + match.row->path;
  for (const PathParam& param : match.params) {
    text.append(" ").append(param.name).append("=").append(param.value);
    if (param.raw != param.value) text.append("(").append(param.raw).append(")");
  }
  return text;
}

TEST(Router, LiteralsWinSegmentBySegmentAndParametersFillIn) {
  const auto router = table_of({{Method::get, "/{pool}/.well-known/jwks.json"},
                                {Method::post, "/{pool}/oauth2/token"},
                                {Method::get, "/state/{app}"},
                                {Method::get, "/health/live"},
                                {Method::get, "/apps/{app}/comments/{photo}"},
                                {Method::del, "/apps/{app}/comments/{photo}/{comment}"},
                                {Method::get, "/{pool}/login"},
                                {Method::post, "/"}});
  EXPECT_EQ(matched(router, Method::get, "/health/live"), "GET /health/live");
  EXPECT_EQ(matched(router, Method::get, "/health/login"), "GET /{pool}/login pool=health");
  EXPECT_EQ(matched(router, Method::get, "/state/a%2Fb"), "GET /state/{app} app=a/b(a%2Fb)");
  EXPECT_EQ(matched(router, Method::post, "/eu_1/oauth2/token"), "POST /{pool}/oauth2/token pool=eu_1");
  EXPECT_EQ(matched(router, Method::get, "/apps/x/comments/y"),
            "GET /apps/{app}/comments/{photo} app=x photo=y");
  EXPECT_EQ(matched(router, Method::post, "/"), "POST /");
  EXPECT_EQ(matched(router, Method::get, "/"), "none POST");
  EXPECT_EQ(matched(router, Method::put, "/state/login"), "none GET");
  EXPECT_EQ(matched(router, Method::get, "/state/"), "none") << "a parameter is never empty";
  EXPECT_EQ(matched(router, Method::get, "/state"), "none");
  EXPECT_EQ(matched(router, Method::get, "/health/live/"), "none");
  EXPECT_EQ(matched(router, Method::get, "/health/%6cive"), "none") << "literals match as sent";
}

TEST(Router, AnotherTemplateMayServeTheMethod) {
  const auto router = table_of({{Method::get, "/a/b"}, {Method::post, "/a/{x}"}});
  EXPECT_EQ(matched(router, Method::get, "/a/b"), "GET /a/b");
  EXPECT_EQ(matched(router, Method::post, "/a/b"), "POST /a/{x} x=b");
  EXPECT_EQ(matched(router, Method::put, "/a/b"), "none GET POST");
}

TEST(Router, HeadIsServedByGetUnlessItHasItsOwnRow) {
  const auto router =
      table_of({{Method::get, "/a"}, {Method::get, "/b"}, {Method::head, "/b"}, {Method::post, "/c"}});
  EXPECT_EQ(matched(router, Method::head, "/a"), "GET /a");
  EXPECT_EQ(matched(router, Method::head, "/b"), "HEAD /b");
  EXPECT_EQ(matched(router, Method::head, "/c"), "none POST");
}

TEST(Router, TheRestKeepsItsExactBytes) {
  const auto router = table_of(
      {{Method::get, "/{bucket}"}, {Method::put, "/{bucket}/{key...}"}, {Method::get, "/health/live"}});
  EXPECT_EQ(matched(router, Method::put, "/b/a//c%2Fd/%C3%A9"),
            "PUT /{bucket}/{key...} bucket=b key=a//c/d/\u00e9(a//c%2Fd/%C3%A9)");
  EXPECT_EQ(matched(router, Method::put, "/b/k/"), "PUT /{bucket}/{key...} bucket=b key=k/");
  EXPECT_EQ(matched(router, Method::put, "/b//"), "PUT /{bucket}/{key...} bucket=b key=/");
  EXPECT_EQ(matched(router, Method::put, "/b/"), "none");
  EXPECT_EQ(matched(router, Method::put, "/health/live"), "PUT /{bucket}/{key...} bucket=health key=live");
}

TEST(Router, RefusesATableWithDefects) {
  const auto add = [](Router& router, Method method, std::string path) {
    router.add({.method = method, .path = std::move(path), .handler = no_handler});
  };
  Router router;
  add(router, Method::get, "/a/{x}");
  EXPECT_THROW(add(router, Method::get, "/a/{y}"), std::logic_error);
  EXPECT_THROW(add(router, Method::get, "a"), std::logic_error);
  EXPECT_THROW(add(router, Method::get, "/{rest...}/b"), std::logic_error);
  EXPECT_THROW(router.add({.path = "/x"}), std::logic_error);
}

}  // namespace
}  // namespace holdfast::http
