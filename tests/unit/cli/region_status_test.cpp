#include "region_status.h"

#include <gtest/gtest.h>

#include <algorithm>

#include <nlohmann/json.hpp>

namespace holdfast::cli {
namespace {

using Json = nlohmann::json;

Json status_secondary(std::string state) {
  return {{"name", "eu-west-1"}, {"state", std::move(state)}, {"durablePosition", "AAB"}, {"lagSeconds", 0.0},
          {"lagBytes", 0},       {"blobsMissing", 0},         {"heardSecondsAgo", 0.4},   {"atRisk", false},
          {"diverged", false}};
}

Json status_of(std::string role) {
  return {{"name", "us-east-1"},
          {"role", std::move(role)},
          {"term", {{"reign", 2}, {"incarnation", 7}}},
          {"position", "AAC"},
          {"primary", "us-east-1"},
          {"secondaries", Json::array()},
          {"mayWrite", true},
          {"since", "2026-11-21T02:00:00.000Z"},
          {"sinceSeconds", 3720}};
}

Json status_of_primary(const Json& secondary) {
  auto region = status_of("primary");
  region["secondaries"].push_back(secondary);
  return region;
}

/// The last line, without its beginning.
std::string advised(const Json& region) {
  const auto text = render_region_status(region);
  constexpr std::string_view beginning = "\nWhat to do: ";
  const auto at = text.find(beginning);
  EXPECT_NE(at, std::string::npos) << text;
  const auto advice = text.substr(at + beginning.size());
  EXPECT_EQ(std::ranges::count(advice, '\n'), 1) << "one line: " << text;
  return advice;
}

TEST(RegionStatus, AHealthyPrimaryAndItsSecondary) {
  EXPECT_EQ(render_region_status(status_of_primary(status_secondary("streaming"))),
            "us-east-1 is the PRIMARY: it takes writes.\n"
            "  since      2026-11-21T02:00:00.000Z (62 min)\n"
            "  term       reign 2, incarnation 7\n"
            "  position   AAC\n"
            "  secondary  eu-west-1: caught up\n"
            "What to do: nothing.\n");
}

TEST(RegionStatus, APrimaryWhoseStoreFailedSaysSoFirst) {
  auto region = status_of_primary(status_secondary("streaming"));
  region["mayWrite"] = false;
  EXPECT_TRUE(render_region_status(region).starts_with(
      "us-east-1 is the PRIMARY, but its store failed: it takes NO WRITES.\n"));
  EXPECT_NE(advised(region).find("restart"), std::string::npos);
}

TEST(RegionStatus, APrimaryAloneIsWarned) {
  EXPECT_NE(advised(status_of("primary")).find("no other region"), std::string::npos);
}

TEST(RegionStatus, ASecondaryThatIsBehind) {
  auto slow = status_secondary("streaming");
  slow["lagSeconds"] = 125.4;
  slow["lagBytes"] = 3 << 20;
  slow["blobsMissing"] = 2;
  const auto region = status_of_primary(slow);
  EXPECT_NE(
      render_region_status(region).find(
          "  secondary  eu-west-1: 2 min and 3.0 MiB behind, the bytes of 2 objects are on their way\n"),
      std::string::npos)
      << render_region_status(region);
  EXPECT_NE(advised(region).find("eu-west-1 is slow"), std::string::npos);
  slow["lagSeconds"] = 0.02;
  EXPECT_EQ(advised(status_of_primary(slow)), "nothing.\n") << "a little lag is how it is";
}

TEST(RegionStatus, ASecondaryThatIsAwayAtRiskOrLost) {
  auto away = status_secondary("disconnected");
  away["heardSecondsAgo"] = 400;
  EXPECT_NE(render_region_status(status_of_primary(away)).find("eu-west-1: AWAY, last heard 6 min ago\n"),
            std::string::npos);
  EXPECT_NE(advised(status_of_primary(away)).find("start eu-west-1"), std::string::npos);
  away["heardSecondsAgo"] = nullptr;
  EXPECT_NE(render_region_status(status_of_primary(away)).find("not heard since this region started"),
            std::string::npos);

  auto risky = status_secondary("streaming");
  risky["atRisk"] = true;
  EXPECT_NE(render_region_status(status_of_primary(risky)).find("AT RISK"), std::string::npos);
  EXPECT_NE(advised(status_of_primary(risky)).find("log_cap_bytes"), std::string::npos);

  const auto lost = status_of_primary(status_secondary("lost"));
  EXPECT_NE(render_region_status(lost).find("eu-west-1: LOST"), std::string::npos);
  EXPECT_NE(advised(lost).find("snapshot"), std::string::npos);
}

TEST(RegionStatus, ARuleThatTooFewLiveSecondariesCanMeetComesFirst) {
  const auto rule = [](int needed, int in_force) {
    return Json::array({{{"class", "security"}, {"needed", needed}, {"of", 2}, {"inForce", in_force}}});
  };
  auto region = status_of_primary(status_secondary("streaming"));
  auto away = status_secondary("lost");
  away["name"] = "ap-south-1";
  region["secondaries"].push_back(away);
  region["acknowledge"] = rule(2, 1);
  EXPECT_EQ(advised(region).find("acknowledge"), std::string::npos) << "two are not asked for yet";
  region["acknowledge"] = rule(1, 2);
  const auto unmet = advised(region);
  EXPECT_TRUE(unmet.starts_with("start ap-south-1 (gone for good: lower replication.acknowledge.security "))
      << unmet;
  EXPECT_NE(unmet.find("wait for 2 secondaries, and 1 of them"), std::string::npos) << unmet;

  auto alone = status_of("primary");
  alone["acknowledge"] = rule(1, 1);
  EXPECT_TRUE(advised(alone).starts_with("let another region join, or lower")) << advised(alone);
}

TEST(RegionStatus, TheWorstSecondaryDecidesWhatToDo) {
  auto region = status_of_primary(status_secondary("disconnected"));
  auto diverged = status_secondary("streaming");
  diverged["name"] = "ap-south-1";
  diverged["diverged"] = true;
  region["secondaries"].push_back(diverged);
  EXPECT_NE(render_region_status(region).find("ap-south-1: caught up, DIVERGED"), std::string::npos);
  EXPECT_NE(advised(region).find("do not fail over to ap-south-1"), std::string::npos);
}

TEST(RegionStatus, ASecondaryWithAndWithoutItsPrimary) {
  auto region = status_of("secondary");
  region["primary"] = "eu-west-1";
  EXPECT_TRUE(render_region_status(region).starts_with("us-east-1 is a SECONDARY: it signs users in"));
  EXPECT_EQ(advised(region), "nothing.\n");
  region["cutOffSeconds"] = 31.2;
  EXPECT_NE(render_region_status(region).find("  primary    eu-west-1, NOT HEARD for 31 s\n"),
            std::string::npos);
  EXPECT_NE(advised(region).find("whether eu-west-1 runs"), std::string::npos);
  region["primary"] = nullptr;
  EXPECT_NE(render_region_status(region).find("  primary    none is known\n"), std::string::npos);
}

TEST(RegionStatus, ASecondaryThatTakesASnapshot) {
  auto region = status_of("secondary");
  region["primary"] = "eu-west-1";
  region["snapshot"] = {{"from", "eu-west-1"},
                        {"reason", "the log is gone"},
                        {"receivedBytes", 1536},
                        {"totalBytes", 5368709120},
                        {"remainingSeconds", 90}};
  EXPECT_NE(
      render_region_status(region).find("  snapshot   1.5 KiB of 5.0 GiB from eu-west-1, about 90 s left\n"),
      std::string::npos)
      << render_region_status(region);
  EXPECT_TRUE(render_region_status(region).starts_with("us-east-1 is a SECONDARY: it signs users in"));
  EXPECT_TRUE(advised(region).starts_with("wait: it signs users in from what it holds"));
}

TEST(RegionStatus, ASecondaryThatWasNeverInStepTakesNoUsers) {
  auto region = status_of("secondary");
  region["primary"] = "eu-west-1";
  region["takesTraffic"] = false;
  EXPECT_TRUE(
      render_region_status(region).starts_with("us-east-1 is a SECONDARY that was never in step yet"));
  EXPECT_EQ(advised(region), "wait: it takes users once it has caught up with eu-west-1.\n");
  region["snapshot"] = {{"from", "eu-west-1"}, {"receivedBytes", 1536}, {"totalBytes", 4096}};
  EXPECT_EQ(advised(region), "wait: it takes users once the snapshot is whole.\n");
}

TEST(RegionStatus, EveryReasonOfAFenceHasItsOwnAdvice) {
  const std::pair<const char*, const char*> expected[] = {
      {"waiting_for_peers", "start eu-west-1, ap-south-1"},
      {"higher_reign", "another region was promoted"},
      {"peer_is_further", "keep the other regions running"},
      {"recovered_short", "check the disk"},
      {"by_operator", "region unfence"},
      {"store_failed", "mend the disk"},
      {"of a newer version", "troubleshooting.md"},
  };
  for (const auto& [code, words] : expected) {
    auto region = status_of("fenced");
    region["primary"] = nullptr;
    region["reason"] = "why it is";
    region["reasonCode"] = code;
    region["waitingFor"] = {"eu-west-1", "ap-south-1"};
    const auto text = render_region_status(region);
    EXPECT_TRUE(text.starts_with("us-east-1 is FENCED: it takes NO WRITES: why it is.\n")) << text;
    EXPECT_NE(text.find("  waits for  eu-west-1, ap-south-1\n"), std::string::npos) << text;
    EXPECT_NE(advised(region).find(words), std::string::npos) << code << ": " << advised(region);
  }
}

TEST(RegionStatus, WhoKeepsAReturningPrimaryFencedIsNamedAndSoIsTheWayOut) {
  auto region = status_of("fenced");
  region["reasonCode"] = "peer_is_further";
  region["pullsFrom"] = "eu-west-1";
  region["batchesMissing"] = 12;
  EXPECT_NE(
      render_region_status(region).find("  pulls from eu-west-1, which says that it holds 12 batches more\n"),
      std::string::npos)
      << render_region_status(region);
  EXPECT_TRUE(advised(region).starts_with("keep eu-west-1 running"));
  EXPECT_NE(advised(region).find("--force-primary"), std::string::npos);
  region["reasonCode"] = "waiting_for_peers";
  region["waitingFor"] = {"eu-west-1"};
  region["higherReignClaimed"] = true;
  EXPECT_TRUE(advised(region).starts_with("eu-west-1 says that a higher reign")) << advised(region);
}

TEST(RegionStatus, AnOlderDaemonSendsLess) {
  auto region = status_of("fenced");
  for (const char* name : {"since", "sinceSeconds", "mayWrite"}) region.erase(name);
  region["reason"] = "fenced by an operator";
  const auto text = render_region_status(region);
  EXPECT_EQ(text.find("since"), std::string::npos);
  EXPECT_NE(text.find("What to do: see docs/"), std::string::npos) << text;
}

TEST(InWords, TimesAreShort) {
  EXPECT_EQ(in_words(0.02), "0.02 s");
  EXPECT_EQ(in_words(5.2754), "5.28 s");
  EXPECT_EQ(in_words(119), "119 s");
  EXPECT_EQ(in_words(120), "2 min");
  EXPECT_EQ(in_words(11'100), "3 h 5 min");
  EXPECT_EQ(in_words(187'200), "2 d 4 h");
}

}  // namespace
}  // namespace holdfast::cli
