#include "admin_fixture.h"

namespace holdfast::api {
namespace {

using Json = nlohmann::json;

constexpr std::string_view pools_path = "/admin/v1/pools";

class PoolEndpoints : public AdminApiTest {
 protected:
  Answer create(Json body) {
    if (!body.contains("algorithm")) body["algorithm"] = "ES256";
    return post(pools_path, body);
  }
};

TEST_F(PoolEndpoints, APoolIsMadeWithDefaultsShownAndListed) {
  const auto created = create({{"name", "customers"}});
  ASSERT_EQ(created.status, 201) << created.json;
  EXPECT_TRUE(created.has_position());
  EXPECT_EQ(created.headers.find("Cache-Control"), "no-store");
  EXPECT_TRUE(created.json.at("id").get<std::string>().starts_with("us-east-1_"));
  EXPECT_EQ(created.json.at("lifetimes").at("refreshTokenSeconds"), 30 * 24 * 3600);
  EXPECT_EQ(created.json.at("passwordPolicy").at("minimumLength"), 8);
  EXPECT_EQ(created.json.at("createdAt"), to_rfc3339(region_.clock().now()));

  const std::string path = std::string(pools_path) + "/" + created.json.at("id").get<std::string>();
  EXPECT_EQ(get(path).json, created.json);
  const auto list = get(pools_path);
  EXPECT_EQ(list.json, Json({{"pools", {created.json}}, {"next", nullptr}}));
}

TEST_F(PoolEndpoints, EverySettingGoesInAndComesOut) {
  const Json settings = {
      {"name", "strict"},
      {"algorithm", "ES256"},
      {"usernamesAreCaseSensitive", true},
      {"passwordPolicy",
       {{"minimumLength", 12},
        {"needsLower", false},
        {"needsUpper", false},
        {"needsDigit", false},
        {"needsSymbol", false},
        {"temporaryPasswordSeconds", 3600}}},
      {"lifetimes",
       {{"accessTokenSeconds", 300},
        {"idTokenSeconds", 600},
        {"refreshTokenSeconds", 7200},
        {"challengeSeconds", 300}}},
      {"requiredAttributes", {"email"}},
      {"customAttributes",
       {{{"name", "custom:tier"}, {"type", "number"}, {"mutable", false}, {"least", 1}, {"most", 5}}}}};
  auto created = create(settings);
  ASSERT_EQ(created.status, 201) << created.json;
  for (const auto& [name, value] : settings.items()) EXPECT_EQ(created.json.at(name), value) << name;
}

TEST_F(PoolEndpoints, WhatAGetAnswersCanBeEditedAndSentBack) {
  const std::string path = make_pool_path();
  auto pool = get(path).json;
  pool["name"] = "renamed";
  pool["lifetimes"]["accessTokenSeconds"] = 900;
  region_.clock().advance(std::chrono::seconds(5));
  const auto changed = put(path, pool);
  ASSERT_EQ(changed.status, 200) << changed.json;
  EXPECT_TRUE(changed.has_position());
  EXPECT_NE(changed.json.at("modifiedAt"), pool.at("modifiedAt"));
  pool["modifiedAt"] = changed.json.at("modifiedAt");
  EXPECT_EQ(changed.json, pool);
  EXPECT_EQ(get(path).json, pool);
  EXPECT_EQ(put(path, {{"name", "x"}, {"usernamesAreCaseSensitive", true}}).code(), "immutable_field");
}

TEST_F(PoolEndpoints, WhatIsWrongIsNamed) {
  const auto detail = [&](const Json& body) { return create(body).json.value("detail", ""); };
  EXPECT_EQ(create({}).code(), "missing_field");
  EXPECT_EQ(detail({{"name", "x"}, {"nam", "y"}}), "unknown field: nam");
  EXPECT_EQ(detail({{"name", "x"}, {"passwordPolicy", {{"minimumLenght", 9}}}}),
            "unknown field: passwordPolicy.minimumLenght");
  EXPECT_EQ(detail({{"name", "x"}, {"customAttributes", {{{"name", "custom:a"}, {"kind", "x"}}}}}),
            "unknown field: customAttributes[0].kind");
  EXPECT_EQ(detail({{"name", "x"}, {"algorithm", "HS256"}}), "algorithm must be RS256 or ES256");
  EXPECT_EQ(create({{"name", ""}}).code(), "invalid_pool");
  EXPECT_EQ(create({{"name", "x"}, {"lifetimes", {{"accessTokenSeconds", 1}}}}).code(), "invalid_pool");
  EXPECT_EQ(send(http::Method::post, pools_path, "{", "Bearer " + token_).code(), "invalid_json");
  EXPECT_EQ(get("/admin/v1/pools/us-east-1_AbCdEfGhI").status, 404);
  EXPECT_EQ(get("/admin/v1/pools/nonsense").code(), "not_found");
  EXPECT_EQ(put("/admin/v1/pools/us-east-1_AbCdEfGhI", {{"name", "x"}}).code(), "not_found");
}

TEST_F(PoolEndpoints, ListsPageAndRefuseWhatTheyDoNotKnow) {
  for (int i = 0; i < 3; ++i) make_pool();
  std::vector<Json> seen;
  std::string next;
  do {
    const auto page = get("/admin/v1/pools?limit=2" + (next.empty() ? "" : "&next=" + next));
    ASSERT_EQ(page.status, 200);
    ASSERT_LE(page.json.at("pools").size(), 2U);
    for (const auto& pool : page.json.at("pools")) seen.push_back(pool.at("id"));
    next = page.json.at("next").is_null() ? "" : page.json.at("next").get<std::string>();
  } while (!next.empty());
  EXPECT_EQ(seen.size(), 3U);
  EXPECT_EQ(get("/admin/v1/pools?limit=0").code(), "invalid_limit");
  EXPECT_EQ(get("/admin/v1/pools?limit=201").code(), "invalid_limit");
  EXPECT_EQ(get("/admin/v1/pools?limit=2x").code(), "invalid_limit");
  const std::string given = get("/admin/v1/pools?limit=1").json.at("next").get<std::string>();
  const std::string changed = given.substr(0, given.size() - 3) + (given.ends_with("AAA") ? "BBB" : "AAA");
  for (const auto& made_up : {std::string("!"), std::string("AA"), std::string("AAAA"), std::string(500, 'a'),
                              std::string(4000, 'a'), changed}) {
    const auto refused = get("/admin/v1/pools?next=" + made_up);
    EXPECT_EQ(refused.status, 400) << made_up;
    EXPECT_EQ(refused.code(), "invalid_next") << made_up;
  }
  EXPECT_EQ(get("/admin/v1/pools?page=2").code(), "unknown_field");
  EXPECT_EQ(get("/admin/v1/pools?limit=1&limit=2").code(), "invalid_field");
}

TEST_F(PoolEndpoints, ARegionThatMayNotWriteNamesThePrimary) {
  region_.become_secondary();
  const auto refused = create({{"name", "x"}});
  EXPECT_EQ(refused.status, 421);
  EXPECT_EQ(refused.code(), "read_only_region");
  EXPECT_EQ(get(pools_path).status, 200);
}

}  // namespace
}  // namespace holdfast::api
