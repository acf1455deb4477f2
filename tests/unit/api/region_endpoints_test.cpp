#include "holdfast/api/region_endpoints.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "app_parts.h"
#include "domain_fixture.h"
#include "holdfast/api/problem.h"
#include "holdfast/base/json.h"
#include "holdfast/crypto/random.h"
#include "holdfast/crypto/x509.h"
#include "holdfast/identity/operator_model.h"
#include "holdfast/region/terms.h"
#include "holdfast/storage/audit_event.h"
#include "holdfast/storage/data_directory.h"

namespace holdfast::api {
namespace {

using Json = nlohmann::json;

/// The region rows over a whole region that replicates with nobody yet: real stores, a bound replication
/// listener, the real boot rules.
class RegionEndpoints : public test::DomainTest {
 protected:
  struct Answer {
    int status = 0;
    http::Headers headers;
    Json json;
    [[nodiscard]] std::string code() const { return json.value("code", ""); }
  };

  void SetUp() override {
    auto transaction = region_.core().transaction();
    must(region::create_cluster_record(
        transaction, {.id = cluster_, .issuer_base = "https://auth.test", .created = region_.clock().now()}));
    must(region::Members::put(transaction, member("us-east-1", key_)));
    must(region::put_term(transaction,
                          region::first_term(cluster_, region_.name(), key_, region_.clock().now())));
    region_.store().commit(std::move(transaction));
    region_.store().committer().fence();
    must(data_.create_first_generation());
    authority_ = must(region::Authority::open({.core = region_.core(),
                                               .local = region_.local(),
                                               .committer = region_.store().committer(),
                                               .members = region_.members(),
                                               .state = region_.state(),
                                               .clock = region_.clock(),
                                               .key = key_,
                                               .cluster = cluster_},
                                              {}));
    open_replication();
    must(authority_->start());
    add_region_endpoints(rows_, {.core = region_.core(),
                                 .authority = *authority_,
                                 .state = region_.state(),
                                 .members = region_.members(),
                                 .peers = region_.peers(),
                                 .desk = desk_,
                                 .replication = *replication_,
                                 .disk = region_.disk(),
                                 .clock = region_.clock(),
                                 .acknowledge = region_.acknowledge(),
                                 .writer = region_.writer(),
                                 .operators = operators_});
  }

  void open_replication() {
    const auto certificate =
        must(crypto::self_signed_certificate(key_, region_.name().str(), system_clock().now()));
    auto tls = must(
        net::PeerTls::create({.certificate_pem = certificate, .private_key_pem = key_.private_key_pem()}));
    replication_ = must(replication::Replication::open({.io = region_.io(),
                                                        .disk = region_.disk(),
                                                        .clock = region_.clock(),
                                                        .data = data_,
                                                        .core = region_.core(),
                                                        .local = region_.local(),
                                                        .blobs = blobs_,
                                                        .ring = ring_,
                                                        .authority = *authority_,
                                                        .members = region_.members(),
                                                        .state = region_.state(),
                                                        .peers = region_.peers(),
                                                        .facts = *facts_,
                                                        .demand = demand_,
                                                        .writer = region_.writer(),
                                                        .desk = desk_,
                                                        .tls = tls,
                                                        .node = {.cluster = cluster_,
                                                                 .node_id = crypto::random_uuid(),
                                                                 .region = region_.name(),
                                                                 .node_key = key_.private_bytes()}},
                                                       {.listen_port = 0}));
  }

  region::Member member(std::string name, const crypto::NodeKey& key) {
    return {.name = RegionName(name),
            .node_id = crypto::random_uuid(),
            .node_spki = key.public_spki_der(),
            .wrapping_spki = "not used",
            .replication_address = "127.0.0.1:9",
            .public_url = "https://" + name + ".test",
            .objects_url = {},
            .joined = region_.clock().now()};
  }
  void add_member(const std::string& name) {
    auto transaction = region_.core().transaction();
    must(region::Members::put(transaction, member(name, must(crypto::NodeKey::generate()))));
    region_.store().commit(std::move(transaction));
  }

  Answer call(http::Method method, std::string_view path, std::string body = {}) {
    http::Request request;
    request.method = method;
    request.target = http::parse_target(path).value();
    request.body = std::move(body);
    request.request_id = "r-1";
    identity::OperatorPrincipal principal;
    principal.operator_id = "op-7";
    request.principal = http::Principal::of(std::move(principal));
    auto match = rows_.match(method, request.target.raw_path);
    if (match.row == nullptr) return {.status = 404, .headers = {}, .json = "no such row"};
    request.params = std::move(match.params);
    auto answer = region_.run(match.row->handler(&request));
    auto response = answer ? *std::move(answer) : problem_response(answer.error(), 0, request, [] {
      return std::optional<std::string>("https://primary.test");
    });
    return {.status = response.status,
            .headers = std::move(response.headers),
            .json = parse_json(response.body).value()};
  }
  Answer show() { return call(http::Method::get, "/admin/v1/region"); }
  Answer post(const std::string& path, const Json& body = {}) {
    return call(http::Method::post, "/admin/v1/" + path, body.is_null() ? "" : to_json_text(body));
  }

  template <class T>
  static T must(Result<T> result) {
    return test::TestRegion::must(std::move(result));
  }

  const ClusterId cluster_{"00112233445566778899aabbccddeeff"};
  crypto::NodeKey key_ = must(crypto::NodeKey::generate());
  storage::DataDirectory data_ = must(storage::DataDirectory::create(region_.store().directory() / "data"));
  storage::BlobStore blobs_ = must(storage::BlobStore::open(
      region_.store().directory() / "blobs", cluster_,
      [](std::uint32_t) -> Result<Secret> {
        return fail(ErrorKind::not_found, "not_found", "no blobs here");
      },
      0));
  storage::BatchRing ring_{std::size_t{1} << 20U};
  region::BlobDemand demand_{region_.clock()};
  std::unique_ptr<region::FactExchange> facts_ = test::open_facts(region_);
  replication::JoinDesk desk_{{.core = region_.core(),
                               .members = region_.members(),
                               .writer = region_.writer(),
                               .clock = region_.clock(),
                               .key = key_,
                               .root = storage::RootKey::generate(1)}};
  identity::OperatorService operators_{{.core = region_.core(),
                                        .local = region_.local(),
                                        .writer = region_.writer(),
                                        .peers = region_.peers(),
                                        .hashing = region_.cpu(),
                                        .disk = region_.disk(),
                                        .clock = region_.clock(),
                                        .entropy = crypto::system_entropy(),
                                        .region = region_.name(),
                                        .issuer_base = {},
                                        .argon2 = {}}};
  std::unique_ptr<region::Authority> authority_;
  std::unique_ptr<replication::Replication> replication_;
  http::Router rows_;
};

TEST_F(RegionEndpoints, ThePrimaryShowsItself) {
  const auto shown = show();
  ASSERT_EQ(shown.status, 200);
  EXPECT_EQ(shown.headers.find("Cache-Control"), "no-store");
  EXPECT_EQ(shown.json.at("name"), "us-east-1");
  EXPECT_EQ(shown.json.at("role"), "primary");
  EXPECT_EQ(shown.json.at("term"), Json({{"reign", 1}, {"incarnation", 2}})) << "this start's own";
  EXPECT_EQ(shown.json.at("primary"), "us-east-1");
  EXPECT_EQ(shown.json.at("takesTraffic"), true);
  EXPECT_EQ(shown.json.at("secondaries"), Json::array());
  EXPECT_EQ(shown.json.at("position"), storage::to_string(storage::position_of(region_.core().durable())));
  for (const char* name : {"reason", "cutOffSeconds", "snapshot"}) EXPECT_FALSE(shown.json.contains(name));
}

TEST_F(RegionEndpoints, ASecondaryThatNeverConnectedIsShownWithItsLag) {
  add_member("eu-west-1");
  const auto secondaries = show().json.at("secondaries");
  ASSERT_EQ(secondaries.size(), 1U);
  EXPECT_EQ(secondaries[0].at("name"), "eu-west-1");
  EXPECT_EQ(secondaries[0].at("state"), "disconnected");
  EXPECT_TRUE(secondaries[0].at("durablePosition").is_null());
  for (const char* name : {"lagSeconds", "lagBytes", "blobsMissing"})
    EXPECT_TRUE(secondaries[0].at(name).is_number()) << name;
}

TEST_F(RegionEndpoints, ASecondaryShowsItsPrimaryAndHowLongItIsAway) {
  region_.become_secondary();
  auto shown = show().json;
  EXPECT_EQ(shown.at("role"), "secondary");
  EXPECT_EQ(shown.at("primary"), "us-east-1");
  EXPECT_EQ(shown.at("secondaries"), Json::array()) << "only the primary knows";
  region_.state().primary_silent(region_.clock().steady_now());
  region_.clock().advance(std::chrono::seconds(7));
  EXPECT_EQ(show().json.at("cutOffSeconds"), 7.0);
  EXPECT_EQ(show().json.at("takesTraffic"), true) << "it signs users in all the same";
  region_.state().set_synced(false);
  EXPECT_EQ(show().json.at("takesTraffic"), false);
}

TEST_F(RegionEndpoints, FencingStopsWritesUntilUnfenced) {
  const auto fenced = post("region/fence");
  ASSERT_EQ(fenced.status, 200) << fenced.json;
  EXPECT_EQ(fenced.json.at("role"), "fenced");
  EXPECT_EQ(fenced.json.at("reason"), region::to_string(region::FenceReason::by_operator));
  EXPECT_FALSE(region_.writer().may_write());
  EXPECT_TRUE(must(region_.local().standing()).fenced) << "also after a restart";
  EXPECT_EQ(post("region/fence").code(), "state_unchanged");
  const auto open = post("region/unfence", Json::object());
  ASSERT_EQ(open.status, 200) << open.json;
  EXPECT_EQ(open.json.at("role"), "primary");
  EXPECT_EQ(open.json.at("term"), Json({{"reign", 1}, {"incarnation", 3}}));
  EXPECT_TRUE(region_.writer().may_write());
}

TEST_F(RegionEndpoints, AWorkingRegionIsNotUnfenced) {
  add_member("eu-west-1");
  const auto refused = post("region/unfence");
  EXPECT_EQ(refused.status, 409);
  EXPECT_EQ(refused.code(), "state_unchanged");
  EXPECT_EQ(show().json.at("role"), "primary") << "it must not start waiting for the others";
  for (const char* path : {"region/fence", "region/unfence"}) {
    EXPECT_EQ(post(path, {{"force", true}}).code(), "unknown_field") << path;
    EXPECT_EQ(post(path, Json::array()).status, 400) << path;
  }
  EXPECT_TRUE(region_.writer().may_write());
}

TEST_F(RegionEndpoints, QueryParametersThatARowDoesNotKnowAreRefused) {
  add_member("eu-west-1");
  using http::Method;
  for (const auto& [method, path] : {std::pair(Method::get, "/admin/v1/region?verbose=1"),
                                     std::pair(Method::del, "/admin/v1/region/members/eu-west-1?forse=true"),
                                     std::pair(Method::post, "/admin/v1/join-tokens?x"),
                                     std::pair(Method::post, "/admin/v1/region/verify?x"),
                                     std::pair(Method::post, "/admin/v1/region/fence?x")}) {
    EXPECT_EQ(call(method, path).code(), "unknown_field") << path;
  }
  EXPECT_EQ(call(Method::del, "/admin/v1/region/members/eu-west-1?force=true&force=true").code(),
            "invalid_field");
  EXPECT_TRUE(region_.writer().may_write());
  EXPECT_TRUE(region_.members().find(RegionName("eu-west-1")));
}

TEST_F(RegionEndpoints, AJoinTokenIsForOneNameAndAtMostAnHour) {
  const auto made = post("join-tokens", {{"name", "eu-west-1"}, {"minutes", 5}, {"mayPromote", false}});
  ASSERT_EQ(made.status, 201) << made.json;
  EXPECT_EQ(made.headers.find("Cache-Control"), "no-store") << "it is a secret";
  EXPECT_EQ(made.json.at("name"), "eu-west-1");
  EXPECT_EQ(made.json.at("expiresAt"), to_rfc3339(region_.clock().now() + std::chrono::minutes(5)));
  const auto token = must(replication::JoinToken::decode(made.json.at("token").get<std::string>()));
  EXPECT_EQ(token.node.str(), "eu-west-1");
  EXPECT_FALSE(token.may_promote);
  EXPECT_EQ(token.primary_spki_hash, region_.members().self()->spki_hash());
  EXPECT_EQ(made.headers.find("Holdfast-Position"),
            storage::to_string(storage::position_of(region_.core().durable())));
  std::string asked_by;
  must(storage::scan_audit(region_.core().reader(), WallTime{}, WallTime::max(), {}, 100,
                           [&](BytesView, const storage::AuditEvent& event) {
                             if (event.kind == "JOIN_TOKEN_CREATED")
                               asked_by = event.actor + " " + event.request_id;
                           }));
  EXPECT_EQ(asked_by, "op-7 r-1") << "the trail names the operator and the request";
}

TEST_F(RegionEndpoints, JoinTokensAreRefusedForWhatIsWrong) {
  const auto code = [&](const Json& body) { return post("join-tokens", body).code(); };
  EXPECT_EQ(post("join-tokens").code(), "invalid_json");
  EXPECT_EQ(call(http::Method::post, "/admin/v1/join-tokens", R"({"name":"a","name":"b"})").code(),
            "invalid_json");
  EXPECT_EQ(code(Json::object()), "missing_field");
  EXPECT_EQ(code({{"name", 7}}), "invalid_field");
  EXPECT_EQ(code({{"name", "eu-west-1"}, {"nam", "x"}}), "unknown_field");
  EXPECT_EQ(code({{"name", "eu-west-1"}, {"minutes", 61}}), "invalid_field");
  EXPECT_EQ(code({{"name", "eu-west-1"}, {"minutes", 0}}), "invalid_field");
  EXPECT_EQ(post("join-tokens", {{"name", "EU WEST"}}).status, 400);
  EXPECT_EQ(code({{"name", "us-east-1"}}), "already_exists");
  region_.become_secondary();
  const auto refused = post("join-tokens", {{"name", "eu-west-1"}});
  EXPECT_EQ(refused.status, 421);
  EXPECT_EQ(refused.code(), "read_only_region");
  EXPECT_EQ(refused.json.at("primary"), "https://primary.test");
}

TEST_F(RegionEndpoints, ASecondaryIsNotFenced) {
  region_.become_secondary();
  const auto refused = post("region/fence");
  EXPECT_EQ(refused.status, 409);
  EXPECT_EQ(refused.code(), "not_primary");
  EXPECT_EQ(region_.state().role(), region::Role::secondary);
}

TEST_F(RegionEndpoints, VerifyNeedsAnotherRegionThatIsThere) {
  EXPECT_EQ(post("region/verify").code(), "not_found") << "alone";
  add_member("eu-west-1");
  EXPECT_EQ(post("region/verify", {{"region", "ap-south-1"}}).code(), "not_found");
  EXPECT_EQ(post("region/verify", {{"region", "us-east-1"}}).code(), "not_found") << "not with itself";
  EXPECT_EQ(post("region/verify", {{"regon", "x"}}).code(), "unknown_field");
  const auto away = post("region/verify", {{"region", "eu-west-1"}});
  EXPECT_EQ(away.status, 503);
  EXPECT_EQ(away.code(), "member_away");
  add_member("ap-south-1");
  const auto all = post("region/verify");
  ASSERT_EQ(all.status, 200) << all.json;
  EXPECT_EQ(all.json.at("identical"), false);
  ASSERT_EQ(all.json.at("reports").size(), 2U) << "one member that is away hides no other's report";
  for (const auto& report : all.json.at("reports")) {
    EXPECT_EQ(report.at("identical"), false);
    EXPECT_EQ(report.at("error").at("code"), "member_away");
  }
  region_.become_secondary();
  EXPECT_EQ(post("region/verify").code(), "read_only_region");
}

TEST_F(RegionEndpoints, AMemberIsRemovedWithItsAdminTokensAndMayJoinAgain) {
  add_member("eu-west-1");
  identity::Operator person{.id = "op-7", .name = "Ada", .email = {}, .phone = {}, .created_at = {}};
  identity::AdminToken token{.id = "t-1",
                             .name = "join",
                             .operator_id = "op-7",
                             .scopes = {"admin"},
                             .region = RegionName("eu-west-1"),
                             .created_at = region_.clock().now(),
                             .expires_at = region_.clock().now() + std::chrono::hours(1)};
  auto transaction = region_.core().transaction();
  identity::OperatorService::put_operator(transaction, person);
  identity::OperatorService::put_token(transaction, Bytes(32, 'h'), token);
  region_.store().commit(std::move(transaction));

  const std::string path = "/admin/v1/region/members/eu-west-1";
  EXPECT_EQ(call(http::Method::del, path + "?force=yes").code(), "invalid_field");
  region_.peers().heard(RegionName("eu-west-1"));
  EXPECT_EQ(call(http::Method::del, path).code(), "member_live");
  EXPECT_EQ(post("join-tokens", {{"name", "eu-west-1"}}).code(), "already_exists");
  const auto removed = call(http::Method::del, path + "?force=true");
  ASSERT_EQ(removed.status, 200) << removed.json;
  EXPECT_TRUE(removed.json.at("secondaries").empty());
  EXPECT_TRUE(removed.headers.find("Holdfast-Position"));
  EXPECT_TRUE(must(operators_.tokens()).empty());
  EXPECT_EQ(call(http::Method::del, path).code(), "state_unchanged");
  EXPECT_EQ(call(http::Method::del, "/admin/v1/region/members/us-east-1").code(), "own_region");
  EXPECT_EQ(call(http::Method::del, "/admin/v1/region/members/nobody").code(), "not_found");
  EXPECT_EQ(post("join-tokens", {{"name", "eu-west-1"}}).status, 201);
}

TEST_F(RegionEndpoints, OnlyOperatorsCallAndOnlyWritersChange) {
  using http::AuthLevel;
  const auto level = [&](http::Method method, std::string_view path) {
    return rows_.match(method, path).row->auth;
  };
  EXPECT_EQ(level(http::Method::get, "/admin/v1/region"), AuthLevel::operator_read);
  EXPECT_EQ(level(http::Method::post, "/admin/v1/region/verify"), AuthLevel::operator_read);
  for (const char* path : {"/admin/v1/join-tokens", "/admin/v1/region/fence", "/admin/v1/region/unfence"})
    EXPECT_EQ(level(http::Method::post, path), AuthLevel::operator_write) << path;
  EXPECT_EQ(level(http::Method::del, "/admin/v1/region/members/eu-west-1"), AuthLevel::operator_write);
}

}  // namespace
}  // namespace holdfast::api
