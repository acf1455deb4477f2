#include "holdfast/api/admin_auth.h"

#include "admin_fixture.h"

namespace holdfast::api {
namespace {

using http::Method;

class AdminAuth : public AdminApiTest {
 protected:
  Answer send_as(const std::string& authorization, Method method = Method::get,
                 std::string_view target = "/admin/v1/pools") {
    return send(method, target, method == Method::get ? "" : R"({"name":"x","algorithm":"ES256"})",
                authorization);
  }
};

TEST_F(AdminAuth, AGoodTokenOpensWhateverItsScopesSay) {
  EXPECT_EQ(send_as("Bearer " + token_).status, 200);
  EXPECT_EQ(send_as("bearer " + token_).status, 200) << "the scheme has no case";
  const auto reader = "Bearer " + make_token({"read"});
  EXPECT_EQ(send_as(reader).status, 200);
  const auto refused = send_as(reader, Method::post);
  EXPECT_EQ(refused.status, 403);
  EXPECT_EQ(refused.code(), "forbidden");
  EXPECT_EQ(send_as("Bearer " + make_token({"metrics"})).code(), "forbidden");
  EXPECT_EQ(send_as("Bearer " + make_token({"state"}), Method::post).code(), "forbidden");
}

TEST_F(AdminAuth, EverythingThatIsNoValidTokenGetsOneAnswer) {
  const auto elsewhere = make_token({"admin"}, RegionName("eu-west-1"));
  const auto expired = make_token({"admin"});
  region_.clock().advance(std::chrono::hours(1));
  const auto fresh = make_token({"admin"});
  const std::string unknown = "hfa_" + std::string(43, 'A');
  for (const std::string& authorization :
       {std::string(), "Bearer " + unknown, "Bearer " + expired, "Bearer " + elsewhere,
        std::string("Bearer "), std::string("Bearer"), "Basic " + fresh, "Bearer  " + fresh, fresh}) {
    const auto answer = send_as(authorization);
    EXPECT_EQ(answer.status, 401) << authorization;
    EXPECT_EQ(answer.headers.find("WWW-Authenticate"), "Bearer");
    EXPECT_EQ(answer.json, send_as("").json) << authorization;
  }
  must(region_.run(identity_.operators.set_enabled(operator_id_, false, test::operator_actor())));
  EXPECT_EQ(send_as("Bearer " + fresh).json, send_as("").json);
}

TEST_F(AdminAuth, TheStateScopeWritesOnlyTheRowsOfStates) {
  http::Request request;
  request.headers.add("Authorization", "Bearer " + make_token({"state"}));
  const auto may_write = [&](std::string_view route) {
    request.route = route;
    return region_.run(authenticate_(&request, http::AuthLevel::operator_write)).has_value();
  };
  EXPECT_TRUE(may_write("/admin/v1/apps/{app}/state"));
  EXPECT_TRUE(may_write("/admin/v1/app-state"));
  EXPECT_FALSE(may_write("/admin/v1/apps/{app}"));
  EXPECT_FALSE(may_write("/admin/v1/pools"));
}

TEST_F(AdminAuth, MetricsHaveATokenOfTheirOwn) {
  http::Request request;
  request.route = "/metrics";
  request.headers.add("Authorization", "Bearer " + make_token({"metrics"}));
  EXPECT_TRUE(region_.run(authenticate_(&request, http::AuthLevel::metrics)));
  const auto refused = region_.run(authenticate_(&request, http::AuthLevel::operator_read));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, "forbidden");
  request.headers.set("Authorization", "Bearer " + make_token({"read"}));
  EXPECT_FALSE(region_.run(authenticate_(&request, http::AuthLevel::metrics)));
}

TEST_F(AdminAuth, RowsOfOtherListenersAreNotForOperators) {
  http::Request request;
  request.headers.add("Authorization", "Bearer " + token_);
  for (const auto level : {http::AuthLevel::user, http::AuthLevel::client}) {
    const auto refused = region_.run(authenticate_(&request, level));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, "unauthenticated");
  }
}

TEST_F(AdminAuth, ReadingNeedsReadAndChangingNeedsAdminInEveryRow) {
  for (const auto& row : router_.rows()) {
    const auto expected =
        row->method == Method::get ? http::AuthLevel::operator_read : http::AuthLevel::operator_write;
    EXPECT_EQ(row->auth, expected) << row->path;
    EXPECT_TRUE(row->path.starts_with("/admin/v1/")) << row->path;
  }
}

TEST_F(AdminAuth, NoRowTakesAQueryParameterThatItDoesNotDescribe) {
  for (const auto& row : router_.rows()) {
    std::string target = row->path;
    for (auto at = target.find('{'); at != std::string::npos; at = target.find('{'))
      target.replace(at, target.find('}') - at + 1, "x");
    const auto refused = send(row->method, target + "?limitt=1", "", "Bearer " + token_);
    EXPECT_EQ(refused.code(), "unknown_field") << http::to_string(row->method) << " " << target;
    EXPECT_EQ(refused.json.value("detail", ""), "unknown query parameter: limitt");
  }
}

TEST_F(AdminAuth, TheAuditTrailNamesTheOperatorAndTheRequest) {
  region_.clock().advance(std::chrono::seconds(1));
  ASSERT_EQ(post("/admin/v1/pools", {{"name", "x"}, {"algorithm", "ES256"}}).status, 201);
  const auto events = get("/admin/v1/audit").json.at("events");
  const auto& last = events.back();
  EXPECT_EQ(last.at("kind"), "POOL_CREATED");
  EXPECT_EQ(last.at("actor"), nlohmann::json({{"kind", "operator"}, {"id", operator_id_}}));
  EXPECT_EQ(last.at("requestId"), "r-1");
}

}  // namespace
}  // namespace holdfast::api
