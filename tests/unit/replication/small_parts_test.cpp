#include <gtest/gtest.h>

#include "holdfast/base/encoding.h"
#include "holdfast/replication/join_token.h"
#include "lag_meter.h"
#include "liveness.h"
#include "rate_limiter.h"
#include "samples.h"
#include "snapshot_pull.h"

namespace holdfast::replication {
namespace {

using namespace std::chrono_literals;

JoinToken sample_token() {
  return {.cluster = test::sample_cluster,
          .address = "10.0.0.1:8446",
          .primary_spki_hash = Bytes(32, 'h'),
          .node = RegionName("eu-west-1"),
          .may_promote = true,
          .expires = test::sample_time,
          .secret = Secret(Bytes(join_secret_bytes, 's'))};
}

TEST(JoinToken, comes_back_as_it_was_and_its_text_is_final) {
  const auto text = sample_token().encode();
  EXPECT_EQ(text.expose(),
            "hfj1.ASAwMDExMjIzMzQ0NTU2Njc3ODg5OWFhYmJjY2RkZWVmZgINMTAuMC4wLjE6ODQ0NgMgaGhoaGhoaGhoaGhoaGho"
            "aGhoaGhoaGhoaGhoaGhoaGgECWV1LXdlc3QtMQUBAQYHDMGMAmCsAAcgc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nz"
            "c3Nzc3M");
  const auto token = JoinToken::decode(std::string(text.expose()) + "\n");
  ASSERT_TRUE(token) << token.error().describe();
  EXPECT_EQ(token->encode().expose(), text.expose());
  EXPECT_EQ(token->node.str(), "eu-west-1");
}

TEST(JoinToken, anything_else_is_refused) {
  const std::string good(sample_token().encode().expose());
  EXPECT_FALSE(JoinToken::decode(""));
  EXPECT_FALSE(JoinToken::decode(good.substr(5)));
  EXPECT_FALSE(JoinToken::decode(good.substr(0, good.size() - 8)));
  EXPECT_FALSE(JoinToken::decode(good + std::string(5000, 'A')));
  auto short_secret = sample_token();
  short_secret.secret = Secret("short");
  EXPECT_FALSE(JoinToken::decode(short_secret.encode().expose()));
}

TEST(JoinMac, binds_the_connection_and_both_keys) {
  const Secret secret(Bytes(32, 's'));
  const auto mac = join_mac(secret, "exporter", "node", "wrapping");
  EXPECT_EQ(mac.size(), 32U);
  EXPECT_NE(mac, join_mac(secret, "exporte2", "node", "wrapping"));
  EXPECT_NE(mac, join_mac(secret, "exporter", "nodew", "rapping")) << "the parts' borders count";
  EXPECT_NE(mac, join_mac(Secret(Bytes(32, 't')), "exporter", "node", "wrapping"));
}

TEST(LagMeter, is_the_age_of_the_oldest_unconfirmed_batch_and_the_bytes_of_all) {
  LagMeter meter;
  auto head = test::sample_head(1);
  EXPECT_EQ(meter.lag(head, head, test::sample_time).bytes, 0U);
  meter.sent(head, 100);
  auto second = test::sample_head(2);
  second.committed_at += 10ms;
  meter.sent(second, 300);
  auto lag = meter.lag(second, second, test::sample_time + 50ms);
  EXPECT_EQ(lag.time, 50ms);
  EXPECT_EQ(lag.bytes, 400U);
  meter.acknowledged(1);
  lag = meter.lag(second, second, test::sample_time + 50ms);
  EXPECT_EQ(lag.time, 40ms);
  EXPECT_EQ(lag.bytes, 300U);
  meter.acknowledged(2);
  EXPECT_EQ(meter.lag(second, second, test::sample_time + 1h).time, 0us) << "caught up, however long ago";
  auto third = test::sample_head(5);
  third.committed_at += 20ms;
  EXPECT_EQ(meter.lag(second, third, test::sample_time + 50ms).bytes, 600U)
      << "three unsent batches of the mean size";
}

TEST(RateLimiter, spaces_what_goes_out) {
  const SteadyTime now{100s};
  RateLimiter unlimited(0);
  EXPECT_EQ(unlimited.after(1'000'000, now), now);
  RateLimiter limited(1000);
  EXPECT_EQ(limited.after(500, now), now + 500ms);
  EXPECT_EQ(limited.after(500, now), now + 1s);
  EXPECT_EQ(limited.after(1000, now + 10s), now + 11s) << "no credit for a pause";
}

TEST(Liveness, a_clock_that_stands_still_kills_nobody) {
  Liveness liveness(SteadyTime{100s});
  EXPECT_TRUE(liveness.take_beat(SteadyTime{100s}));
  EXPECT_FALSE(liveness.take_beat(SteadyTime{100s}));
  EXPECT_FALSE(liveness.is_dead(SteadyTime{104s}));
  liveness.heard(SteadyTime{104s});
  liveness.heard(SteadyTime{101s});
  EXPECT_FALSE(liveness.is_dead(SteadyTime{108s})) << "an older moment does not undo a newer one";
  EXPECT_TRUE(liveness.is_dead(SteadyTime{109s}));
}

TEST(SnapshotPull, asks_a_bounded_number_ahead_and_an_empty_file_too) {
  storage::CheckpointManifest manifest;
  manifest.files = {{.name = "000001.sst", .size = 20 * snapshot_chunk_bytes, .crc32c = 1},
                    {.name = "000002.sst", .size = 0, .crc32c = 0}};
  SnapshotPull pull("id", manifest);
  ASSERT_TRUE(pull.begin_at(storage::StagedCheckpoint::Want{"000001.sst", 15 * snapshot_chunk_bytes}));
  const auto gets = pull.take_requests();
  EXPECT_EQ(gets.size(), 5U) << "an empty file has no bytes to ask for";
  EXPECT_FALSE(pull.begin_at(storage::StagedCheckpoint::Want{"unknown", 0}));
  ASSERT_TRUE(pull.begin_at(storage::StagedCheckpoint::Want{"000001.sst", 0}));
  EXPECT_EQ(pull.take_requests().size(), 8U);
  EXPECT_TRUE(pull.take_requests().empty());
  ASSERT_TRUE(pull.begin_at(std::nullopt));
  EXPECT_TRUE(pull.complete());
}

TEST(Digests, with_the_longest_keys_fit_into_their_messages_and_lose_no_range) {
  std::vector<RangeDigest> ranges;
  for (int i = 0; i < 5000; ++i) {
    auto key = std::to_string(i);
    key.resize(2000, 'k');
    ranges.push_back({.family = 4, .begin = key, .end = key, .rows = 4096, .sha256 = Bytes(32, 's')});
  }
  std::vector<RangeDigest> arrived;
  const auto messages = digests_in_messages(9, ranges);
  for (const auto& message : messages) {
    EXPECT_EQ(message.last, &message == &messages.back());
    const auto payload = message.encode();
    ASSERT_LE(payload.size(), *max_payload(MessageType::digests)) << "the member would end the session";
    const auto decoded = Digests::decode(payload);
    ASSERT_TRUE(decoded);
    EXPECT_EQ(decoded->mark, 9U);
    arrived.insert(arrived.end(), decoded->ranges.begin(), decoded->ranges.end());
  }
  EXPECT_EQ(arrived, ranges);
  const auto none = digests_in_messages(9, {});
  ASSERT_EQ(none.size(), 1U) << "an empty store is compared, too";
  EXPECT_TRUE(none.front().last);
}

}  // namespace
}  // namespace holdfast::replication
