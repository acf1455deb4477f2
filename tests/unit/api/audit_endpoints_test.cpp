#include "admin_fixture.h"

namespace holdfast::api {
namespace {

using Json = nlohmann::json;

class AuditEndpoints : public AdminApiTest {
 protected:
  Answer list(const std::string& query = "") { return get("/admin/v1/audit" + query); }
  static std::vector<std::string> kinds(const Answer& answer) {
    std::vector<std::string> kinds;
    for (const auto& event : answer.json.at("events")) kinds.push_back(event.at("kind"));
    return kinds;
  }
  std::string now() { return to_rfc3339(region_.clock().now()); }
};

TEST_F(AuditEndpoints, AnEventSaysWhoDidWhatToWhatAndWhen) {
  region_.clock().advance(std::chrono::seconds(10));
  const std::string since = now();
  const auto pool = post("/admin/v1/pools", {{"name", "customers"}, {"algorithm", "ES256"}});
  ASSERT_EQ(pool.status, 201);
  const auto listed = list("?from=" + since);
  ASSERT_EQ(listed.status, 200) << listed.json;
  ASSERT_EQ(kinds(listed), std::vector<std::string>{"POOL_CREATED"});
  const Json event = listed.json.at("events")[0];
  EXPECT_EQ(event.at("time"), since);
  EXPECT_EQ(event.at("actor"), Json({{"kind", "operator"}, {"id", operator_id_}}));
  EXPECT_EQ(event.at("target"), Json({{"kind", "pool"}, {"id", pool.json.at("id")}}));
  EXPECT_EQ(event.at("region"), "us-east-1");
  EXPECT_EQ(event.at("requestId"), "r-1");
  EXPECT_TRUE(event.at("details").is_object());
}

TEST_F(AuditEndpoints, FromIsIncludedAndUntilIsNot) {
  std::vector<std::string> times;
  for (int i = 0; i < 3; ++i) {
    region_.clock().advance(std::chrono::seconds(10));
    times.push_back(now());
    make_pool();
  }
  EXPECT_EQ(kinds(list("?from=" + times[0])).size(), 3U);
  EXPECT_EQ(kinds(list("?from=" + times[1])).size(), 2U);
  EXPECT_EQ(kinds(list("?from=" + times[0] + "&until=" + times[1])).size(), 1U);
  const auto first = list("?limit=2&from=" + times[0]).json;
  EXPECT_EQ(first.at("events")[0].at("time"), times[0]);
  const auto rest = list("?limit=2&from=" + times[0] + "&next=" + std::string(first.at("next"))).json;
  ASSERT_EQ(rest.at("events").size(), 1U);
  EXPECT_EQ(rest.at("events")[0].at("time"), times[2]);
  EXPECT_EQ(rest.at("next"), nullptr);
  EXPECT_EQ(kinds(list("?from=" + times[1] + "&until=" + times[0])).size(), 0U);
  EXPECT_EQ(kinds(list("?from=1900-01-01T00:00:00Z")), kinds(list()));
}

TEST_F(AuditEndpoints, PagesHoldEveryEventOnceInOrder) {
  for (int i = 0; i < 5; ++i) make_pool();  // all at one moment
  const auto whole = list();
  Json events = Json::array();
  std::string next;
  do {
    const auto page = list("?limit=2" + (next.empty() ? "" : "&next=" + next));
    ASSERT_EQ(page.status, 200) << page.json;
    ASSERT_LE(page.json.at("events").size(), 2U);
    for (const auto& event : page.json.at("events")) events.push_back(event);
    next = page.json.at("next").is_null() ? "" : page.json.at("next").get<std::string>();
  } while (!next.empty());
  EXPECT_EQ(events, whole.json.at("events"));
  EXPECT_GE(events.size(), 6U);
}

TEST_F(AuditEndpoints, NothingSecretIsInTheTrail) {
  const auto pool = make_pool();
  const auto machine = make_machine(pool.id);
  make_user(pool.id, "ada");
  const std::string trail = to_json_text(list("?limit=200").json);
  for (const auto& secret :
       {machine.secret, std::string(test::good_password), token_, std::string("ada@example.com")}) {
    EXPECT_FALSE(trail.contains(secret)) << secret;
  }
}

TEST_F(AuditEndpoints, WhatIsWrongIsNamed) {
  const auto detail = [&](const std::string& query) { return list(query).json.value("detail", ""); };
  EXPECT_EQ(detail("?from=yesterday"), "from must be a time like 2025-01-31T12:00:00Z");
  EXPECT_EQ(detail("?until=2025-02-30T00:00:00Z"), "until must be a time like 2025-01-31T12:00:00Z");
  EXPECT_EQ(list("?from=x").code(), "invalid_field");
  EXPECT_EQ(list("?kind=POOL_CREATED").code(), "unknown_field");
  EXPECT_EQ(list("?limit=201").code(), "invalid_limit");
  EXPECT_EQ(list("?next=!!").code(), "invalid_next");
  EXPECT_EQ(list("?limit=1&limit=2").code(), "invalid_field");
}

TEST_F(AuditEndpoints, ItIsForOperatorsWhoMayReadAtAnyRegion) {
  EXPECT_EQ(send(http::Method::get, "/admin/v1/audit", "", "").status, 401);
  EXPECT_EQ(send(http::Method::get, "/admin/v1/audit", "", "Bearer " + make_token({"metrics"})).status, 403);
  const std::string reader = "Bearer " + make_token({"read"});
  region_.become_secondary();
  EXPECT_EQ(send(http::Method::get, "/admin/v1/audit", "", reader).status, 200);
}

}  // namespace
}  // namespace holdfast::api
