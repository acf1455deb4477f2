#include "admin_fixture.h"
#include "holdfast/crypto/random.h"

namespace holdfast::api {
namespace {

using Json = nlohmann::json;

class KeyEndpoints : public AdminApiTest {
 protected:
  Answer list(std::string_view query = "") {
    return get("/admin/v1/pools/" + pool_.id.str() + "/keys" + std::string(query));
  }
  Answer rotate(const Json& body) { return post("/admin/v1/keys/rotate", body); }
  std::vector<std::string> published() {
    std::vector<std::string> kids;
    for (const auto& key : parse_json(*must(identity_.keys.jwks(pool_.id)))->at("keys"))
      kids.push_back(key.at("kid"));
    return kids;
  }

  /// A region that has nothing yet.
  void add_member() {
    auto transaction = region_.core().transaction();
    must(region::Members::put(transaction, {.name = RegionName("eu-west-1"),
                                            .node_id = crypto::random_uuid(),
                                            .node_spki = "spki",
                                            .wrapping_spki = "spki",
                                            .replication_address = "127.0.0.1:9",
                                            .public_url = "https://eu-west-1.test",
                                            .objects_url = {},
                                            .joined = region_.clock().now()}));
    region_.store().commit(std::move(transaction));
  }

  identity::Pool pool_ = make_pool();
};

TEST_F(KeyEndpoints, APoolsFirstKeyIsShownWithoutAnythingPrivate) {
  const auto keys = list();
  ASSERT_EQ(keys.status, 200) << keys.json;
  EXPECT_EQ(keys.json.at("next"), nullptr);
  ASSERT_EQ(keys.json.at("keys").size(), 1U);
  const Json key = keys.json.at("keys")[0];
  EXPECT_EQ(key, Json({{"kid", published().at(0)},
                       {"algorithm", "ES256"},
                       {"state", "active"},
                       {"createdAt", to_rfc3339(region_.clock().now())},
                       {"activatedAt", to_rfc3339(region_.clock().now())}}));
}

TEST_F(KeyEndpoints, RotatingWhereNobodyElseIsTakesEffectAtOnce) {
  const std::string first = published().at(0);
  region_.clock().advance(std::chrono::seconds(5));
  const auto rotated = rotate({{"pool", pool_.id.str()}});
  ASSERT_EQ(rotated.status, 201) << rotated.json;
  EXPECT_TRUE(rotated.has_position());
  EXPECT_EQ(rotated.json.at("pool"), pool_.id.str());
  const auto keys = list().json.at("keys");
  ASSERT_EQ(keys.size(), 2U);
  EXPECT_EQ(keys[0].at("kid"), first) << "oldest first";
  EXPECT_EQ(keys[0].at("state"), "retiring");
  EXPECT_EQ(keys[1].at("kid"), rotated.json.at("kid"));
  EXPECT_EQ(keys[1].at("state"), "active");
  EXPECT_EQ(published().size(), 2U) << "what the old key signed is still verified";
  EXPECT_TRUE(was_audited("KEYS_ROTATED"));
}

TEST_F(KeyEndpoints, AKeyThatAMemberDoesNotHoldSignsNothing) {
  add_member();
  const auto rotated = rotate({{"pool", pool_.id.str()}});
  ASSERT_EQ(rotated.status, 201) << rotated.json;
  EXPECT_EQ(region_.run(identity_.keys.maintain(std::chrono::milliseconds(10))).error().code,
            "members_behind");
  const auto keys = list().json.at("keys");
  ASSERT_EQ(keys.size(), 2U);
  for (const auto& key : keys) {
    const bool is_new = key.at("kid") == rotated.json.at("kid");
    EXPECT_EQ(key.at("state"), is_new ? "pending" : "active");
    EXPECT_EQ(key.at("activatedAt").is_null(), is_new);
  }
  EXPECT_EQ(published().size(), 2U) << "published before it signs";
}

TEST_F(KeyEndpoints, AnEmergencyVoidsWhatTheOldKeysSigned) {
  const auto client = make_client(pool_.id);
  make_user(pool_.id, "ada");
  const std::string before = sign_in(client.id, "ada").access_token;
  EXPECT_TRUE(region_.run(identity_.tokens.verify_self_service(before)));
  const auto rotated = rotate({{"pool", pool_.id.str()}, {"emergency", true}});
  ASSERT_EQ(rotated.status, 201);
  EXPECT_EQ(published(), std::vector<std::string>{rotated.json.at("kid")});
  EXPECT_EQ(list().json.at("keys").size(), 1U) << "the old ones are void at once";
  EXPECT_FALSE(region_.run(identity_.tokens.verify_self_service(before)));
  EXPECT_TRUE(region_.run(identity_.tokens.verify_self_service(sign_in(client.id, "ada").access_token)));
  EXPECT_TRUE(was_audited("KEYS_ROTATED_EMERGENCY"));
}

TEST_F(KeyEndpoints, PagesAndWhatIsWrong) {
  rotate({{"pool", pool_.id.str()}});
  const auto first = list("?limit=1");
  ASSERT_EQ(first.json.at("keys").size(), 1U);
  const auto second = list("?limit=1&next=" + first.json.at("next").get<std::string>());
  ASSERT_EQ(second.json.at("keys").size(), 1U);
  EXPECT_NE(second.json.at("keys")[0].at("kid"), first.json.at("keys")[0].at("kid"));
  EXPECT_EQ(second.json.at("next"), nullptr);
  EXPECT_EQ(list("?limit=0").code(), "invalid_limit");
  EXPECT_EQ(list("?next=!!").code(), "invalid_next");
  EXPECT_EQ(list("?state=active").code(), "unknown_field");
  for (const char* pool : {"us-east-1_000000000", "x"}) {
    EXPECT_EQ(get("/admin/v1/pools/" + std::string(pool) + "/keys").code(), "not_found") << pool;
    EXPECT_EQ(rotate({{"pool", pool}}).code(), "not_found") << pool;
  }
  EXPECT_EQ(rotate(Json::object()).code(), "missing_field");
  EXPECT_EQ(rotate({{"pool", 1}}).code(), "invalid_field");
  EXPECT_EQ(rotate({{"pool", pool_.id.str()}, {"emergency", "yes"}}).code(), "invalid_field");
  EXPECT_EQ(rotate({{"pool", pool_.id.str()}, {"x", 1}}).code(), "unknown_field");
  EXPECT_EQ(
      send(http::Method::post, "/admin/v1/keys/rotate", R"({"pool":"a","pool":"b"})", "Bearer " + token_)
          .code(),
      "invalid_json");
}

TEST_F(KeyEndpoints, WhoMayNot) {
  const std::string keys = "/admin/v1/pools/" + pool_.id.str() + "/keys";
  const std::string body = to_json_text({{"pool", pool_.id.str()}});
  EXPECT_EQ(send(http::Method::get, keys, "", "").status, 401);
  EXPECT_EQ(send(http::Method::post, "/admin/v1/keys/rotate", body, "Bearer x").status, 401);
  const std::string reader = "Bearer " + make_token({"read"});
  EXPECT_EQ(send(http::Method::get, keys, "", reader).status, 200);
  EXPECT_EQ(send(http::Method::post, "/admin/v1/keys/rotate", body, reader).status, 403);
  region_.become_secondary();
  EXPECT_EQ(list().status, 200);
  EXPECT_EQ(rotate({{"pool", pool_.id.str()}}).code(), "read_only_region");
  EXPECT_EQ(published().size(), 1U);
}

}  // namespace
}  // namespace holdfast::api
