#include "holdfast/apps/app_service.h"

#include "app_records.h"
#include "apps_fixture.h"

namespace holdfast::apps {
namespace {

using test::AppsTest;
using test::TestRegion;

TEST_F(AppsTest, AnAppIsBornActiveWithVersionOne) {
  const auto app = apps_.get(app_);
  ASSERT_TRUE(app);
  EXPECT_EQ(app->clients, std::vector{ClientId("web")});
  EXPECT_EQ(app->created_at, region_.clock().now());
  const auto state = apps_.effective(app_);
  ASSERT_TRUE(state);
  EXPECT_EQ(state->state, AppState::active);
  EXPECT_EQ(state->version, 1U);
  EXPECT_EQ(state->reign, 1U);
  EXPECT_EQ(audited("APP_CREATED").size(), 1U);
}

TEST_F(AppsTest, CreatingRefusesWhatIsWrong) {
  EXPECT_EQ(create_app(app_).error().code, "already_exists");
  EXPECT_EQ(create_app(AppId("a/b")).error().code, "invalid_app");
  const auto foreign = region_.run(apps_.create({.id = AppId("x"), .pool = PoolId("other")}, actor_));
  EXPECT_EQ(foreign.error().code, "invalid_app");
  region_.become_secondary();
  EXPECT_EQ(create_app(AppId("x")).error().code, "read_only_region");
}

TEST_F(AppsTest, UpdatingKeepsWhatIsNotNamed) {
  const auto updated = region_.run(apps_.update(app_, {.accept_id_token = true}, actor_));
  ASSERT_TRUE(updated);
  const auto app = apps_.get(app_);
  EXPECT_TRUE(app->accept_id_token);
  EXPECT_EQ(app->web_origins, std::vector<std::string>{"https://photos.example"});
  EXPECT_EQ(region_.run(apps_.update(AppId("none"), {}, actor_)).error().code, "not_found");
  EXPECT_EQ(region_.run(apps_.update(app_, {.web_origins = {{"null"}}}, actor_)).error().code, "invalid_app");
  region_.become_secondary();
  EXPECT_EQ(region_.run(apps_.update(app_, {}, actor_)).error().code, "read_only_region");
}

TEST_F(AppsTest, ListsById) {
  TestRegion::must(create_app(AppId("b")));
  TestRegion::must(create_app(AppId("a")));
  const auto first = apps_.list({}, 2);
  ASSERT_EQ(first->size(), 2U);
  EXPECT_EQ(first->at(0).id.str(), "a");
  const auto second = apps_.list(first->back().id, 2);
  ASSERT_EQ(second->size(), 1U);
  EXPECT_EQ(second->front().id, app_);
}

TEST_F(AppsTest, OnlyAFencedAppGoes) {
  EXPECT_EQ(region_.run(apps_.remove(app_, actor_)).error().code, "app_not_fenced");
  TestRegion::must(set_state(AppState::fenced));
  ASSERT_TRUE(region_.run(apps_.remove(app_, actor_)));
  EXPECT_EQ(apps_.get(app_).error().code, "not_found");
  EXPECT_EQ(apps_.effective(app_).error().code, "not_found");
  EXPECT_EQ(apps_.view(app_).error().code, "not_found");
  EXPECT_EQ(audited("APP_DELETED").size(), 1U);
}

TEST_F(AppsTest, AnAppWithABucketStays) {
  auto transaction = region_.core().transaction();
  TestRegion::must(apps_.put_bucket(app_, "photos-bucket", transaction));
  region_.store().commit(std::move(transaction));
  auto again = region_.core().transaction();
  EXPECT_EQ(apps_.put_bucket(app_, "other", again).error().code, "app_has_bucket");
  EXPECT_EQ(apps_.put_bucket(app_, {}, again).error().code, "app_not_fenced");
  TestRegion::must(set_state(AppState::fenced));
  EXPECT_EQ(region_.run(apps_.remove(app_, actor_)).error().code, "app_has_bucket");
}

TEST_F(AppsTest, EachChangeOfStateIsAudited) {
  const auto set = set_state(AppState::fenced);
  ASSERT_TRUE(set) << set.error().describe();
  EXPECT_EQ(set->record.version, 2U);
  EXPECT_EQ(set->confirmed_by, std::vector{region_.name()});
  ASSERT_TRUE(set->receipt);
  EXPECT_EQ(apps_.effective(app_)->state, AppState::fenced);
  const auto events = audited("STATE_UPDATED");
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(events[0].actor, "op-1");
  EXPECT_EQ(events[0].target, "photos");
  EXPECT_EQ(events[0].region, "us-east-1");
  EXPECT_EQ(events[0].details,
            (std::map<std::string, std::string>{{"old", "active"},
                                                {"new", "fenced"},
                                                {"version", "2"},
                                                {"cluster", "00112233445566778899aabbccddeeff"}}));
}

TEST_F(AppsTest, TheSameStateAgainChangesNothing) {
  EXPECT_EQ(set_state(AppState::active).error().code, "state_unchanged");
  EXPECT_EQ(apps_.effective(app_)->version, 1U);
  EXPECT_TRUE(audited("STATE_UPDATED").empty());
  EXPECT_EQ(region_.run(apps_.set_state(AppId("none"), AppState::fenced, actor_)).error().code, "not_found");
}

TEST_F(AppsTest, ASecondaryKeepsAnOverride) {
  region_.become_secondary();
  EXPECT_EQ(set_state(AppState::active).error().code, "state_unchanged");
  const auto set = set_state(AppState::failover);
  ASSERT_TRUE(set) << set.error().describe();
  EXPECT_EQ(set->record.version, 2U);
  EXPECT_FALSE(set->receipt);
  EXPECT_EQ(set->confirmed_by, std::vector{region_.name()});
  EXPECT_EQ(apps_.effective(app_)->state, AppState::failover);
  EXPECT_EQ(set_state(AppState::active).error().code, "read_only_region");
  EXPECT_EQ(set_state(AppState::failover).error().code, "state_unchanged");
  // A second one steps on from the override.
  EXPECT_EQ(set_state(AppState::fenced)->record.version, 3U);
  EXPECT_TRUE(audited("STATE_UPDATED").empty());
}

TEST_F(AppsTest, AnOverrideSurvivesARestart) {
  region_.become_secondary();
  TestRegion::must(set_state(AppState::failover));
  const auto reopened = open_facts(region_);
  const auto held = reopened->find_override("app_state", "photos");
  ASSERT_TRUE(held);
  EXPECT_EQ(decode_state(held->value)->state, AppState::failover);
}

TEST_F(AppsTest, AReturningPrimaryWritesTheWinningOverrideAndDropsIt) {
  region_.become_secondary();
  TestRegion::must(set_state(AppState::failover));
  region_.become_primary();
  // In force before it is in the log.
  EXPECT_EQ(apps_.effective(app_)->state, AppState::failover);
  ASSERT_TRUE(region_.run(facts_->adopt_overrides(region_.writer())));
  EXPECT_EQ(apps_.effective(app_)->state, AppState::failover);
  EXPECT_EQ(apps_.effective(app_)->version, 2U);
  EXPECT_FALSE(facts_->find_override("app_state", "photos"));
  const auto events = audited("STATE_UPDATED");
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(events[0].actor, "op-1");
  EXPECT_EQ(events[0].details.at("new"), "failover");
  EXPECT_EQ(set_state(AppState::active)->record.version, 3U);
}

TEST_F(AppsTest, ALosingOverrideIsDroppedUnwritten) {
  TestRegion::must(set_state(AppState::fenced));
  TestRegion::must(set_state(AppState::active));
  const StateRecord old{.state = AppState::failover, .reign = 1, .version = 2, .changed_by = "op-2"};
  TestRegion::must(facts_->heard_overrides(
      RegionName("eu-west-1"), {{.kind = "app_state", .key = "photos", .value = encode_state(old)}}));
  EXPECT_FALSE(facts_->find_override("app_state", "photos"));
  EXPECT_EQ(apps_.effective(app_)->state, AppState::active);
}

TEST_F(AppsTest, AHeardOverrideThatWinsIsInForceAtOnce) {
  const StateRecord heard{.state = AppState::failover, .reign = 1, .version = 1, .changed_by = "op-2"};
  TestRegion::must(facts_->heard_overrides(
      RegionName("eu-west-1"), {{.kind = "app_state", .key = "photos", .value = encode_state(heard)}}));
  // Equal version: failover beats active.
  EXPECT_EQ(apps_.effective(app_)->state, AppState::failover);
  const StateRecord damaged{.state = AppState::fenced, .reign = 9, .version = 9};
  TestRegion::must(facts_->heard_overrides(
      RegionName("eu-west-1"),
      {{.kind = "app_state", .key = "photos", .value = encode_state(damaged) + "\xff"}}));
  EXPECT_EQ(apps_.effective(app_)->state, AppState::failover);
}

TEST_F(AppsTest, OverridesThatTheLogHasCaughtUpWithAreDropped) {
  region_.become_secondary();
  TestRegion::must(set_state(AppState::failover));
  // The primary's log arrives with a later setting.
  const auto key = app_key(app_);
  auto log = region_.core().transaction();
  log.put(app_states_table, key, storage::Scope::system(), state_version,
          encode_state({.state = AppState::active, .reign = 1, .version = 3, .changed_by = "op-3"}));
  region_.store().commit(std::move(log));
  EXPECT_EQ(apps_.effective(app_)->state, AppState::active);
  const auto gone = [&] { return !facts_->find_override("app_state", "photos"); };
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (!gone() && std::chrono::steady_clock::now() < deadline) std::this_thread::yield();
  EXPECT_TRUE(gone());
}

TEST_F(AppsTest, WritesAreGovernedByTheEffectiveState) {
  auto transaction = region_.core().transaction();
  EXPECT_TRUE(apps_.require_writable(app_, transaction));
  // The state changes between the judgement and the commit.
  TestRegion::must(set_state(AppState::fenced));
  const auto late = region_.run(region_.writer().commit(std::move(transaction)));
  ASSERT_FALSE(late);
  EXPECT_TRUE(is_state_race(late.error()));
  auto fenced = region_.core().transaction();
  EXPECT_EQ(apps_.require_writable(app_, fenced).error().code, "app_fenced");
  TestRegion::must(set_state(AppState::failover));
  EXPECT_EQ(apps_.require_writable(app_, fenced).error().code, "app_failed_over");
}

TEST_F(AppsTest, TheViewPointsClientsAtARegion) {
  auto members = region_.core().transaction();
  for (const auto* name : {"us-east-1", "eu-west-1"}) {
    region::Member member;
    member.name = RegionName(name);
    member.node_spki = std::string("spki of ") + name;
    member.public_url = std::string("https://") + name + ".example:8443";
    member.objects_url = std::string("https://") + name + ".example:8444";
    TestRegion::must(region::Members::put(members, member));
  }
  region_.store().commit(std::move(members));
  auto view = apps_.view(app_);
  ASSERT_TRUE(view);
  EXPECT_EQ(view->region, "us-east-1");
  EXPECT_TRUE(view->writes_enabled);
  ASSERT_EQ(view->regions.size(), 2U);
  EXPECT_EQ(view->regions[0].name, "eu-west-1");
  EXPECT_EQ(view->regions[0].role, "secondary");
  EXPECT_EQ(view->regions[1].role, "primary");
  EXPECT_EQ(view->regions[1].objects_url, "https://us-east-1.example:8444");
  TestRegion::must(set_state(AppState::fenced));
  view = apps_.view(app_);
  EXPECT_EQ(view->region, "us-east-1");
  EXPECT_FALSE(view->writes_enabled);
  EXPECT_EQ(view->version, 2U);
}

TEST_F(AppsTest, PromotionFencesWhatHadFailedOver) {
  TestRegion::must(create_app(AppId("other")));
  TestRegion::must(set_state(AppState::failover));
  auto first = region_.core().transaction();
  TestRegion::must(apps_.add_promoted_states(first, 2, false, actor_));
  region_.store().commit(std::move(first));
  EXPECT_EQ(apps_.effective(app_)->state, AppState::fenced);
  EXPECT_EQ(apps_.effective(app_)->reign, 2U);
  EXPECT_EQ(apps_.effective(AppId("other"))->version, 1U);
}

TEST_F(AppsTest, TokensAreAskedWhatTheAppSays) {
  auto app = *apps_.get(app_);
  app.accept_id_token = true;
  const auto comments = AppService::demand(app, TokenPurpose::comments);
  EXPECT_EQ(comments.pool, pool_);
  EXPECT_EQ(comments.clients, std::vector{ClientId("web")});
  EXPECT_TRUE(comments.accept_id_token);
  EXPECT_EQ(comments.party, identity::TokenDemand::Party::user);
  const auto upload = AppService::demand(app, TokenPurpose::write_objects);
  EXPECT_FALSE(upload.accept_id_token);
  EXPECT_EQ(upload.party, identity::TokenDemand::Party::any);
  EXPECT_EQ(upload.machine_scopes, std::vector<std::string>{"objects.write"});
  EXPECT_EQ(AppService::demand(app, TokenPurpose::read_objects).machine_scopes,
            std::vector<std::string>{"objects.read"});
}

}  // namespace
}  // namespace holdfast::apps
