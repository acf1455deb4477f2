#include "holdfast/apps/app_rules.h"

#include <gtest/gtest.h>

namespace holdfast::apps {
namespace {

constexpr WallTime rules_now = from_micros(1'700'000'000'000'000);

App good_app() {
  return {.id = AppId("photos"),
          .pool = PoolId("us-east-1_abc"),
          .clients = {ClientId("web"), ClientId("machine")},
          .bucket = "photos-bucket",
          .web_origins = {"https://photos.example"}};
}

StateRecord at(AppState state, std::uint32_t reign, std::uint64_t version) {
  return {.state = state, .reign = reign, .version = version};
}

TEST(AppRules, AppIdsAreSafeEverywhere) {
  for (const auto* good : {"a", "photos", "9f3c-x_y.z", "A1"}) EXPECT_TRUE(check_app_id(good)) << good;
  for (const auto& bad : {std::string(), std::string("-a"), std::string(".."), std::string("a/b"),
                          std::string("a b"), std::string("\xc3\xa9"), std::string(65, 'a')}) {
    const auto result = check_app_id(bad);
    ASSERT_FALSE(result) << bad;
    EXPECT_EQ(result.error().code, "invalid_app");
  }
  EXPECT_TRUE(check_app_id(std::string(64, 'a')));
}

TEST(AppRules, OriginsAreExactlyWhatABrowserSends) {
  for (const auto* good : {"https://a.example", "https://a.example:8443", "http://localhost:5173",
                           "http://127.0.0.1", "https://[::1]:8443", "https://[2001:db8::1]"}) {
    EXPECT_TRUE(check_web_origin(good)) << good;
  }
  for (const auto* bad : {"",
                          "null",
                          "*",
                          "https://*",
                          "https://",
                          "https://A.example",
                          "https://a.example/",
                          "https://a.example:443",
                          "http://localhost:80",
                          "http://a.example",
                          "https://a.example:0443",
                          "https://a.example:",
                          "https://a.example:70000",
                          "https://a.example:8a",
                          "https://u@a.example",
                          "ftp://a.example",
                          "https://a..example",
                          "https://-a.example",
                          "https://a.example?x",
                          "https://[zz]",
                          "https://[]"}) {
    EXPECT_FALSE(check_web_origin(bad)) << bad;
  }
}

TEST(AppRules, AnAppNamesOnePoolAndBoundedLists) {
  EXPECT_TRUE(check_app(good_app()));
  auto app = good_app();
  app.pool = PoolId();
  EXPECT_FALSE(check_app(app));
  app = good_app();
  app.clients.push_back(app.clients.front());
  EXPECT_FALSE(check_app(app));
  app = good_app();
  for (int i = 0; i < 64; ++i) app.clients.emplace_back("c" + std::to_string(i));
  EXPECT_FALSE(check_app(app));
  app = good_app();
  app.web_origins = {"https://a.example", "https://a.example"};
  EXPECT_FALSE(check_app(app));
  app = good_app();
  for (int i = 0; i < 33; ++i) app.web_origins.push_back("https://a" + std::to_string(i) + ".example");
  EXPECT_FALSE(check_app(app));
  app = good_app();
  app.web_origins = {"null"};
  EXPECT_FALSE(check_app(app));
}

TEST(AppRules, OnlyListedOriginsAndClientsAreAllowed) {
  const auto app = good_app();
  EXPECT_TRUE(allows_origin(app, "https://photos.example"));
  EXPECT_FALSE(allows_origin(app, "https://photos.example:8443"));
  EXPECT_FALSE(allows_origin(app, "null"));
  EXPECT_TRUE(allows_client(app, ClientId("web")));
  EXPECT_FALSE(allows_client(app, ClientId("other")));
  EXPECT_FALSE(allows_client(app, ClientId()));
}

TEST(AppStates, OnlyTheThreeWordsAreAccepted) {
  EXPECT_EQ(parse_state("active"), AppState::active);
  EXPECT_EQ(parse_state("fenced"), AppState::fenced);
  EXPECT_EQ(parse_state("failover"), AppState::failover);
  for (const auto* bad : {"", "Active", " active", "failed", "fence"}) {
    const auto result = parse_state(bad);
    ASSERT_FALSE(result) << bad;
    EXPECT_EQ(result.error().code, "invalid_state");
    for (const auto* word : {"active", "fenced", "failover"}) {
      EXPECT_NE(result.error().message.find(word), std::string::npos);
    }
  }
  EXPECT_EQ(parse_state_loosely(" FailOver\n"), AppState::failover);
  EXPECT_FALSE(parse_state_loosely("fail over"));
}

TEST(AppStates, HigherReignThenVersionThenStrengthWins) {
  EXPECT_TRUE(wins(at(AppState::active, 2, 1), at(AppState::fenced, 1, 9)));
  EXPECT_TRUE(wins(at(AppState::active, 1, 3), at(AppState::fenced, 1, 2)));
  EXPECT_TRUE(wins(at(AppState::fenced, 1, 2), at(AppState::failover, 1, 2)));
  EXPECT_TRUE(wins(at(AppState::failover, 1, 2), at(AppState::active, 1, 2)));
  EXPECT_FALSE(wins(at(AppState::fenced, 1, 2), at(AppState::fenced, 1, 2)));
  EXPECT_FALSE(wins(at(AppState::fenced, 1, 9), at(AppState::active, 2, 1)));
}

TEST(AppStates, AnOverrideCountsOnlyWhileItWins) {
  const auto stored = at(AppState::active, 1, 4);
  EXPECT_EQ(effective_state(stored, std::nullopt), stored);
  EXPECT_EQ(effective_state(stored, at(AppState::failover, 1, 5)).state, AppState::failover);
  EXPECT_EQ(effective_state(stored, at(AppState::failover, 1, 4)).state, AppState::failover);
  EXPECT_EQ(effective_state(at(AppState::active, 1, 6), at(AppState::failover, 1, 5)).state,
            AppState::active);
  EXPECT_EQ(effective_state(at(AppState::fenced, 1, 5), at(AppState::failover, 1, 5)).state,
            AppState::fenced);
  // A new reign beats every override of an older history.
  EXPECT_EQ(effective_state(at(AppState::active, 2, 2), at(AppState::failover, 1, 90)).state,
            AppState::active);
}

TEST(AppStates, TheSameStateAgainIsAnError) {
  for (const bool may_write : {true, false}) {
    const auto result = change_state(at(AppState::fenced, 1, 2), AppState::fenced,
                                     {.may_write = may_write, .reign = 1}, "op", rules_now);
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().kind, ErrorKind::conflict);
    EXPECT_EQ(result.error().code, "state_unchanged");
  }
}

TEST(AppStates, VersionsStepByOneUnderTheOwnReign) {
  const auto next = change_state(at(AppState::active, 1, 7), AppState::fenced,
                                 {.may_write = true, .reign = 3}, "op", rules_now);
  ASSERT_TRUE(next);
  EXPECT_EQ(*next, (StateRecord{.state = AppState::fenced,
                                .reign = 3,
                                .version = 8,
                                .changed_at = rules_now,
                                .changed_by = "op",
                                .origin = StateOrigin::operator_set}));
}

TEST(AppStates, ARegionThatMayNotWriteSetsOnlyRefusals) {
  const StateAuthority secondary{.may_write = false, .reign = 1};
  const auto active = change_state(at(AppState::fenced, 1, 2), AppState::active, secondary, "op", rules_now);
  ASSERT_FALSE(active);
  EXPECT_EQ(active.error().kind, ErrorKind::read_only);
  EXPECT_EQ(active.error().code, "read_only_region");
  EXPECT_TRUE(change_state(at(AppState::active, 1, 2), AppState::fenced, secondary, "op", rules_now));
  EXPECT_TRUE(change_state(at(AppState::active, 1, 2), AppState::failover, secondary, "op", rules_now));
}

TEST(AppStates, PromotionTurnsFailoverIntoFencedOrActive) {
  const auto failover = at(AppState::failover, 1, 5);
  const auto fenced = state_after_promotion(failover, 2, false, "op", rules_now);
  ASSERT_TRUE(fenced);
  EXPECT_EQ(fenced->state, AppState::fenced);
  EXPECT_EQ(fenced->reign, 2U);
  EXPECT_EQ(fenced->version, 6U);
  EXPECT_EQ(state_after_promotion(failover, 2, true, "op", rules_now)->state, AppState::active);
  EXPECT_FALSE(state_after_promotion(at(AppState::fenced, 1, 5), 2, true, "op", rules_now));
}

TEST(AppStates, WritesNeedActive) {
  EXPECT_TRUE(check_writes_allowed(AppState::active));
  EXPECT_EQ(check_writes_allowed(AppState::fenced).error().code, "app_fenced");
  EXPECT_EQ(check_writes_allowed(AppState::failover).error().code, "app_failed_over");
  EXPECT_EQ(check_writes_allowed(AppState::failover).error().kind, ErrorKind::conflict);
}

TEST(AppStates, ClientsArePointedAtThePrimaryUnlessFailedOver) {
  std::vector<RoutedRegion> regions{{.name = "eu", .live = true},
                                    {.name = "ap", .live = true},
                                    {.name = "us", .is_primary = true, .live = false}};
  EXPECT_EQ(region_for(AppState::active, regions), "us");
  EXPECT_EQ(region_for(AppState::fenced, regions), "us");
  EXPECT_EQ(region_for(AppState::failover, regions), "ap");
  regions[0].answering = true;
  EXPECT_EQ(region_for(AppState::failover, regions), "eu");
  regions[0] = {.name = "eu", .live = false};
  regions[1].live = false;
  EXPECT_EQ(region_for(AppState::failover, regions), "");
}

TEST(AppStateRules, AnOverrideOfAPeerIsOnlyWhatItCouldHaveSet) {
  const auto stored = at(AppState::fenced, 2, 5);
  EXPECT_TRUE(may_be_override(at(AppState::failover, 2, 6), stored, 2));
  EXPECT_TRUE(may_be_override(at(AppState::fenced, 1, 4), stored, 2)) << "an older one loses by itself";
  EXPECT_FALSE(may_be_override(at(AppState::active, 2, 6), stored, 2)) << "only the primary lifts a fence";
  EXPECT_FALSE(may_be_override(at(AppState::failover, 3, 6), stored, 2)) << "a reign that nobody proved";
  EXPECT_FALSE(may_be_override(at(AppState::failover, 2, 5 + max_override_steps + 1), stored, 2));
  EXPECT_FALSE(may_be_override(at(AppState::failover, 2, ~std::uint64_t{0}), stored, 2));
  auto promoted = at(AppState::fenced, 2, 6);
  promoted.origin = StateOrigin::promotion;
  EXPECT_FALSE(may_be_override(promoted, stored, 2));
}

}  // namespace
}  // namespace holdfast::apps
