#pragma once

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "holdfast/crypto/hash.h"
#include "holdfast/region/terms.h"
#include "holdfast/replication/message.h"
#include "holdfast/storage/table.h"
#include "replication/batches.h"

/// One fixed example of every message, for golden bytes and round trips.
namespace holdfast::test {

inline const ClusterId sample_cluster{"00112233445566778899aabbccddeeff"};
inline const WallTime sample_time = from_micros(1'795'253'400'000'000);

inline crypto::NodeKey sample_key(char fill = 'k') {
  return *crypto::NodeKey::from_private_bytes(Secret(Bytes(crypto::ed25519_private_size, fill)));
}

inline storage::Head sample_head(std::uint64_t index, storage::Term term = {.reign = 3, .incarnation = 2}) {
  storage::Head head{.term = term, .index = index, .committed_at = sample_time};
  std::ranges::copy(crypto::sha256(std::to_string(index)), head.hash.begin());
  return head;
}

inline region::TermRecord sample_term() {
  region::TermRecord record;
  record.term = {.reign = 3, .incarnation = 2};
  record.nonce = "0123456789abcdef";
  record.previous_term = {.reign = 3, .incarnation = 1};
  record.previous_index = 41;
  record.previous_head_hash = Bytes(32, 'h');
  record.previous_record_hash = Bytes(32, 'r');
  record.node = RegionName("us-east-1");
  record.opened_at = sample_time;
  record.sign(sample_cluster, sample_key());
  return record;
}

inline region::Member sample_member() {
  return {.name = RegionName("eu-west-1"),
          .node_id = "6f1d3e9a-0000-4000-8000-000000000001",
          .node_spki = "spki",
          .wrapping_spki = "wrapping",
          .may_promote = true,
          .state = region::MemberState::active,
          .replication_address = "10.0.0.2:8446",
          .public_url = "https://eu.example.com",
          .objects_url = "https://objects.eu.example.com",
          .joined = sample_time};
}

inline storage::RawBatch sample_batch() {
  return make_batch(sample_head(41), 100, {.reign = 3, .incarnation = 2}, sample_time, "key", "value");
}

inline replication::Hello sample_hello() {
  replication::Hello hello;
  hello.cluster = sample_cluster;
  hello.node = RegionName("eu-west-1");
  hello.node_id = "6f1d3e9a-0000-4000-8000-000000000001";
  hello.family_map_hash = Bytes(32, 'f');
  hello.rocksdb_version = "7.8.3";
  hello.build = "0.1.0";
  hello.role = region::Role::secondary;
  hello.terms = {sample_term()};
  hello.applied = sample_head(42);
  hello.durable = storage::position_of(sample_head(42));
  hello.highest_reign = 3;
  hello.snapshot = "0a1b2c3d0a1b2c3d";
  hello.clock = sample_time;
  return hello;
}

inline replication::Welcome sample_welcome(replication::Welcome::Kind kind) {
  replication::Welcome welcome;
  welcome.kind = kind;
  welcome.node = RegionName("us-east-1");
  welcome.role = region::Role::primary;
  welcome.terms = {sample_term()};
  welcome.head = sample_head(50);
  welcome.highest_reign = 3;
  welcome.clock = sample_time;
  if (kind == replication::Welcome::Kind::stream) welcome.from_index = 43;
  if (kind == replication::Welcome::Kind::snapshot) {
    welcome.snapshot_reason = replication::Welcome::SnapshotReason::forked;
    welcome.snapshot_id = "0a1b2c3d0a1b2c3d";
    welcome.manifest = "manifest";
    welcome.fork = storage::position_of(sample_head(40));
  }
  if (kind == replication::Welcome::Kind::reject) {
    welcome.code = replication::RejectCode::cluster;
    welcome.message = "this is another cluster";
  }
  return welcome;
}

inline replication::Beat sample_beat() {
  replication::Beat beat;
  beat.number = 7;
  beat.clock = sample_time;
  beat.role = region::Role::primary;
  beat.term = {.reign = 3, .incarnation = 2};
  beat.highest_reign = 3;
  beat.applied = sample_head(50);
  beat.durable = storage::position_of(sample_head(50));
  beat.acknowledged = storage::position_of(sample_head(49));
  beat.lag = std::chrono::microseconds(1500);
  beat.lag_bytes = 900;
  beat.blobs_missing = 2;
  beat.slots = {{.node = RegionName("eu-west-1"),
                 .state = region::SlotState::at_risk,
                 .durable = storage::position_of(sample_head(49))}};
  beat.overrides = {{.kind = "app_state", .key = "photos", .value = "v"}};
  beat.audit_heads = {"head"};
  return beat;
}

inline std::vector<std::pair<std::string, replication::Message>> sample_messages() {
  using namespace replication;
  const BlobId blob("00112233445566778899aabbccddeeff");
  const RangeDigest range{.family = 3, .begin = "a", .end = "b", .rows = 12, .sha256 = Bytes(32, 'd')};
  Joined joined{.accepted = true};
  joined.cluster = {.id = sample_cluster, .issuer_base = "https://auth.example.com", .created = sample_time};
  joined.members = {sample_member()};
  joined.root_wrap = "wrap";
  return {
      {"hello", sample_hello()},
      {"welcome_stream", sample_welcome(Welcome::Kind::stream)},
      {"welcome_snapshot", sample_welcome(Welcome::Kind::snapshot)},
      {"welcome_reject", sample_welcome(Welcome::Kind::reject)},
      {"commit", CommitPayload{*encode_commit(sample_batch())}},
      {"ack", Ack{storage::position_of(sample_head(42))}},
      {"beat", sample_beat()},
      {"flow", Flow{16 << 20}},
      {"mark", Mark{.id = 9, .at = storage::position_of(sample_head(42))}},
      {"digests", Digests{.mark = 9, .ranges = {range}, .last = true}},
      {"verified", Verified{.mark = 9,
                            .at = storage::position_of(sample_head(42)),
                            .ranges = 1,
                            .rows = 12,
                            .mismatches = {range},
                            .error = "e"}},
      {"facts", Facts{{{.name = "session_revoked",
                        .id = Bytes(16, 'i'),
                        .payload = "p",
                        .origin = RegionName("eu-west-1"),
                        .at = sample_time}}}},
      {"facts_done", FactsDone{{Bytes(16, 'i')}}},
      {"bye", Bye{.code = RejectCode::silent, .message = "nothing heard for 5 s"}},
      {"snapshot_get",
       SnapshotGet{.id = "0a1b2c3d0a1b2c3d", .file = "000012.sst", .offset = 262144, .size = 4096}},
      {"snapshot_chunk",
       SnapshotChunk{.id = "0a1b2c3d0a1b2c3d", .file = "000012.sst", .offset = 262144, .bytes = "bytes"}},
      {"blob_want", BlobWant{{blob}}},
      {"blob_have", BlobHave{.ids = {blob}, .missing = {blob}}},
      {"blob_fetch", BlobFetch{.id = blob, .chunk = 3, .header = true}},
      {"blob_data", BlobData{.id = blob, .chunk = 3, .last = true, .header = "header", .sealed = "sealed"}},
      {"join", Join{.secret = Bytes(32, 's'), .mac = Bytes(32, 'm'), .node = sample_member()}},
      {"joined", joined},
      {"promise", Promise{.reign = 4, .nonce = Bytes(16, 'n'), .candidate = RegionName("eu-west-1")}},
      {"promised", Promised{.promised = true, .highest_reign = 4, .applied = sample_head(50)}},
  };
}

}  // namespace holdfast::test
