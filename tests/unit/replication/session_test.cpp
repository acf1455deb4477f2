#include <gtest/gtest.h>

#include <limits>

#include "samples.h"
#include "sink_session.h"
#include "source_session.h"

namespace holdfast::replication {
namespace {

using namespace std::chrono_literals;
using region::Role;

template <class T>
std::vector<T> only(const Actions& actions) {
  std::vector<T> found;
  for (const auto& action : actions) {
    if (const auto* one = std::get_if<T>(&action)) found.push_back(*one);
  }
  return found;
}

template <class T>
std::vector<T> sent(const Actions& actions) {
  std::vector<T> found;
  for (const auto& send : only<SendMessage>(actions)) {
    if (const auto* one = std::get_if<T>(&send.message)) found.push_back(*one);
  }
  return found;
}

bool closes(const Actions& actions, RejectCode code) {
  const auto closing = only<CloseSession>(actions);
  return !closing.empty() && closing.front().code == code;
}

Error log_error(std::string_view code) {
  return {.kind = ErrorKind::internal, .code = code, .message = "no", .detail = {}};
}

/// A primary with one term and `batches` batches, and a secondary that holds the first of them.
struct Pair : testing::Test {
  static constexpr std::uint64_t at_secondary = 1;

  crypto::NodeKey key = test::sample_key();
  RegionName primary{"us-east-1"};
  region::Member row = test::sample_member();
  region::TermChain chain;
  std::vector<storage::RawBatchPtr> log;
  SteadyTime now{100s};

  Pair() {
    chain.append(region::first_term(test::sample_cluster, primary, key, test::sample_time));
    for (int i = 0; i < 20; ++i) extend();
  }

  storage::RawBatchPtr extend(std::size_t value_bytes = 100) {
    const auto previous = log.empty() ? storage::Head{} : log.back()->head;
    const auto sequence = log.empty() ? 1 : log.back()->first_sequence + 2;
    log.push_back(std::make_shared<const storage::RawBatch>(
        test::make_batch(previous, sequence, {.reign = 1, .incarnation = 1}, test::sample_time, "key",
                         std::string(value_bytes, 'v'))));
    return log.back();
  }

  [[nodiscard]] TermVerifier verifier() const {
    return [this](std::vector<region::TermRecord> records) {
      return region::TermChain::verify(
          std::move(records), test::sample_cluster,
          [this](const region::TermRecord&) { return std::optional(key.public_spki_der()); });
    };
  }
  [[nodiscard]] storage::Head second_head() const { return log.at(at_secondary - 1)->head; }

  [[nodiscard]] Hello hello() const {
    auto made = test::sample_hello();
    made.terms = chain.records();
    made.applied = second_head();
    made.highest_reign = 1;
    return made;
  }

  SourceSession source() {
    HostFacts facts{.cluster = test::sample_cluster, .self = primary, .family_map_hash = Bytes(32, 'f')};
    facts.role = Role::primary;
    facts.chain = chain;
    facts.durable = log.back()->head;
    facts.highest_reign = 1;
    facts.peer = row;
    return {facts, hello(), verifier(), now};
  }
  SinkSession sink() { return sink(second_head()); }
  SinkSession sink(const storage::Head& applied) {
    GuestFacts facts{
        .self = row.name, .peer = primary, .chain = chain, .applied = applied, .highest_reign = 1};
    return {facts, hello(), verifier(), now};
  }
  [[nodiscard]] Welcome stream_welcome() const {
    auto welcome = test::sample_welcome(Welcome::Kind::stream);
    welcome.terms = chain.records();
    welcome.from_index = second_head().index + 1;
    return welcome;
  }
  [[nodiscard]] std::vector<storage::RawBatchPtr> after(std::uint64_t index, std::size_t count) const {
    return {log.begin() + static_cast<std::ptrdiff_t>(index),
            log.begin() + static_cast<std::ptrdiff_t>(index + count)};
  }
  [[nodiscard]] CommitPayload frame(std::uint64_t index) const {
    return {*encode_commit(*log.at(index - 1))};
  }
};

using Source = Pair;
using Sink = Pair;

TEST_F(Source, sends_nothing_before_credit_and_no_more_than_granted) {
  auto session = source();
  auto actions = session.start();
  ASSERT_EQ(only<ReadLog>(actions).size(), 1U);
  actions = session.on_batches(after(1, 2));
  ASSERT_EQ(sent<Welcome>(actions).size(), 1U) << "the log reaches the dialler";
  EXPECT_EQ(only<ReadLog>(actions).size(), 0U) << "no credit yet";
  actions = session.on_message(Flow{.granted_bytes = 500}, now);
  ASSERT_EQ(only<ReadLog>(actions).size(), 1U);
  EXPECT_LE(only<ReadLog>(actions).front().max_bytes, 500U);
  actions = session.on_batches(after(3, 2));
  EXPECT_EQ(only<ReadLog>(actions).size(), 0U) << "the credit is used up";
  actions = session.on_message(Flow{.granted_bytes = 500}, now);
  EXPECT_EQ(only<ReadLog>(actions).size(), 0U) << "a repeated grant is none";
  actions = session.on_message(Flow{.granted_bytes = 100'000}, now);
  EXPECT_EQ(only<ReadLog>(actions).size(), 1U);
}

TEST_F(Source, a_grant_without_bounds_is_not_believed) {
  const std::size_t large = std::size_t{1} << 20U;
  for (int i = 0; i < 60; ++i) extend(large);
  auto session = source();
  (void)session.start();
  (void)session.on_batches(after(1, 2));
  auto actions = session.on_message(Flow{.granted_bytes = std::numeric_limits<std::uint64_t>::max()}, now);
  std::size_t next = 3;
  for (; !only<ReadLog>(actions).empty() && next < log.size(); ++next)
    actions = session.on_batches(after(next, 1));
  const auto given = (next - 20) * large;
  EXPECT_GT(given, 16 * large);
  EXPECT_LT(given, 40 * large) << "the peer never said that anything arrived";
}

TEST_F(Source, grants_repeated_without_an_ack_give_no_more_and_an_ack_does) {
  const std::size_t large = std::size_t{1} << 20U;
  for (int i = 0; i < 60; ++i) extend(large);
  auto session = source();
  (void)session.start();
  (void)session.on_batches(after(1, 2));
  std::size_t next = 3;
  const auto grant = [&] {
    auto actions = session.on_message(Flow{.granted_bytes = std::numeric_limits<std::uint64_t>::max()}, now);
    for (; !only<ReadLog>(actions).empty() && next < log.size(); ++next)
      actions = session.on_batches(after(next, 1));
  };
  for (int i = 0; i < 10; ++i) grant();
  EXPECT_LT((next - 20) * large, 40 * large) << "all of it would lie in this region's memory";
  const auto acked = session.on_message(Ack{storage::position_of(log.at(next - 1)->head)}, now);
  EXPECT_EQ(only<ReadLog>(acked).size(), 1U) << "what arrived makes room";
}

TEST_F(Source, another_history_in_the_log_means_a_snapshot_never_frames) {
  auto session = source();
  (void)session.start();
  auto other = std::make_shared<storage::RawBatch>(*log.at(1));
  other->head.hash[0] = static_cast<char>(other->head.hash[0] ^ 1);
  const auto actions = session.on_batches({other});
  EXPECT_TRUE(sent<CommitPayload>(actions).empty());
  EXPECT_EQ(only<MakeSnapshot>(actions).size(), 1U);
}

TEST_F(Source, a_log_that_is_gone_at_the_handshake_means_a_snapshot_and_mid_stream_the_end) {
  auto fresh = source();
  (void)fresh.start();
  EXPECT_EQ(only<MakeSnapshot>(fresh.on_log_failed(log_error("log_gone"))).size(), 1U);
  auto session = source();
  (void)session.start();
  (void)session.on_batches(after(1, 1));
  (void)session.on_message(Flow{.granted_bytes = 100'000}, now);
  const auto actions = session.on_log_failed(log_error("log_gone"));
  EXPECT_FALSE(only<CloseSession>(actions).empty());
  EXPECT_TRUE(sent<CommitPayload>(actions).empty()) << "never a gap";
}

TEST_F(Source, a_log_that_cannot_be_read_at_the_moment_costs_no_snapshot) {
  for (const bool streaming : {false, true}) {
    auto session = source();
    (void)session.start();
    if (streaming) (void)session.on_batches(after(1, 1));
    const auto actions = session.on_log_failed(log_error("overloaded"));
    EXPECT_TRUE(only<MakeSnapshot>(actions).empty());
    EXPECT_TRUE(closes(actions, RejectCode::internal)) << "it may come again";
  }
}

TEST_F(Source, acks_are_cumulative_and_never_beyond_what_was_sent) {
  auto session = source();
  (void)session.start();
  (void)session.on_batches(after(1, 3));
  auto actions = session.on_message(Ack{storage::position_of(log.at(2)->head)}, now);
  ASSERT_EQ(only<PeerDurable>(actions).size(), 1U);
  EXPECT_EQ(only<PeerDurable>(actions).front().position.index, 3U);
  EXPECT_TRUE(only<PeerDurable>(session.on_message(Ack{storage::position_of(log.at(1)->head)}, now)).empty());
  EXPECT_TRUE(
      closes(session.on_message(Ack{storage::position_of(log.at(10)->head)}, now), RejectCode::malformed));
}

TEST_F(Source, a_mark_is_sent_exactly_after_its_batch) {
  auto session = source();
  (void)session.start();
  (void)session.on_batches(after(1, 1));
  ASSERT_EQ(only<TakeMarkSnapshot>(session.begin_mark(5)).size(), 1U);
  EXPECT_TRUE(only<ReadLog>(session.on_message(Flow{.granted_bytes = 100'000}, now)).empty()) << "held";
  auto actions = session.on_mark_snapshot(5, log.at(4)->head);
  ASSERT_EQ(only<ReadLog>(actions).size(), 1U);
  actions = session.on_batches(after(2, 6));
  std::vector<MessageType> types;
  for (const auto& send : only<SendMessage>(actions)) types.push_back(type_of(send.message));
  const std::vector<MessageType> expected{MessageType::commit, MessageType::commit, MessageType::commit,
                                          MessageType::mark,   MessageType::commit, MessageType::commit,
                                          MessageType::commit};
  EXPECT_EQ(types, expected);
}

TEST_F(Source, silence_of_five_seconds_is_death_and_a_beat_goes_out_every_second) {
  auto session = source();
  (void)session.start();
  (void)session.on_batches(after(1, 1));
  EXPECT_EQ(only<SendBeat>(session.on_tick(now)).size(), 1U);
  EXPECT_EQ(only<SendBeat>(session.on_tick(now + 900ms)).size(), 0U);
  EXPECT_EQ(only<SendBeat>(session.on_tick(now + 1s)).size(), 1U);
  (void)session.on_message(Beat{}, now + 2s);
  session.on_arrival(now + 3s);
  EXPECT_FALSE(closes(session.on_tick(now + 7s), RejectCode::silent));
  EXPECT_TRUE(closes(session.on_tick(now + 8s), RejectCode::silent)) << "also where it can still send";
}

TEST_F(Source, a_message_out_of_place_ends_the_session) {
  auto session = source();
  (void)session.start();
  EXPECT_TRUE(closes(session.on_message(Join{.node = row}, now), RejectCode::malformed));
  EXPECT_TRUE(session.on_tick(now + 1h).empty()) << "closed stays closed";
}

TEST_F(Sink, applies_in_order_syncs_in_groups_and_acknowledges_only_what_is_synced) {
  auto session = sink();
  (void)session.start();
  auto actions = session.on_message(stream_welcome(), now);
  ASSERT_EQ(only<StreamJoined>(actions).size(), 1U);
  ASSERT_EQ(sent<Flow>(actions).size(), 1U);
  // What an earlier session applied becomes durable first.
  ASSERT_EQ(only<SyncStore>(session.on_tick(now)).size(), 1U);
  (void)session.on_synced(second_head(), now);

  actions = session.on_message(frame(2), now);
  ASSERT_EQ(only<ApplyBatches>(actions).size(), 1U);
  EXPECT_TRUE(only<ApplyBatches>(session.on_message(frame(3), now)).empty()) << "one piece of work at a time";
  actions = session.on_applied(log.at(1)->head, now);
  EXPECT_TRUE(sent<Ack>(actions).empty());
  ASSERT_EQ(only<ApplyBatches>(actions).size(), 1U);
  actions = session.on_applied(log.at(2)->head, now);
  EXPECT_TRUE(only<SyncStore>(actions).empty()) << "the group waits for 5 ms";
  actions = session.on_tick(now + 5ms);
  ASSERT_EQ(only<SyncStore>(actions).size(), 1U);
  EXPECT_TRUE(sent<Ack>(actions).empty());
  actions = session.on_synced(log.at(2)->head, now + 6ms);
  ASSERT_EQ(sent<Ack>(actions).size(), 1U);
  EXPECT_EQ(sent<Ack>(actions).front().durable.index, 3U);
}

TEST_F(Sink, digests_wait_for_their_mark_and_the_mark_for_the_store) {
  auto session = sink();
  (void)session.start();
  (void)session.on_message(stream_welcome(), now);
  ASSERT_EQ(only<SyncStore>(session.on_tick(now)).size(), 1U);
  // The store is busy: both are on hold, though the mark's batch is already here.
  EXPECT_TRUE(session.on_message(Mark{.id = 7, .at = storage::position_of(second_head())}, now).empty());
  EXPECT_TRUE(session.on_message(Digests{.mark = 7, .last = true}, now).empty());
  const auto actions = session.on_synced(second_head(), now);
  std::vector<std::string> order;
  for (const auto& action : actions) {
    if (std::holds_alternative<TakeSinkSnapshot>(action)) order.emplace_back("snapshot");
    if (std::holds_alternative<CompareDigests>(action)) order.emplace_back("compare");
  }
  EXPECT_EQ(order, (std::vector<std::string>{"snapshot", "compare"}));
}

TEST_F(Sink, marks_and_digests_do_not_pile_up_behind_a_slow_store) {
  for (const bool marks : {true, false}) {
    auto session = sink();
    (void)session.start();
    (void)session.on_message(stream_welcome(), now);
    ASSERT_EQ(only<SyncStore>(session.on_tick(now)).size(), 1U) << "busy from here on";
    int sent_before_the_end = 0;
    while (session.state() == SinkSession::State::streaming && sent_before_the_end < 1000) {
      ++sent_before_the_end;
      (void)(marks ? session.on_message(Mark{.id = 7}, now) : session.on_message(Digests{.mark = 7}, now));
    }
    EXPECT_LT(sent_before_the_end, 100);
  }
}

TEST_F(Sink, repeated_skipped_and_altered_frames_are_never_applied) {
  for (const auto& wrong : {frame(1), frame(3), [&] {
                              auto altered = frame(2);
                              altered.bytes.back() = static_cast<char>(altered.bytes.back() ^ 1);
                              return altered;
                            }()}) {
    auto session = sink();
    (void)session.start();
    (void)session.on_message(stream_welcome(), now);
    const auto actions = session.on_message(wrong, now);
    EXPECT_TRUE(only<ApplyBatches>(actions).empty());
    EXPECT_TRUE(closes(actions, RejectCode::malformed));
  }
}

TEST_F(Sink, a_link_cut_at_every_byte_loses_and_repeats_nothing) {
  std::vector<Bytes> frames;
  std::size_t total = 0;
  for (std::uint64_t index = 2; index <= 6; ++index) {
    frames.push_back(encode_message(frame(index)));
    total += frames.back().size();
  }
  for (std::size_t cut = 0; cut <= total; ++cut) {
    std::vector<std::uint64_t> applied;
    auto head = second_head();
    for (const auto limit : {cut, total}) {
      auto session = sink(head);
      (void)session.start();
      auto welcome = stream_welcome();
      welcome.from_index = head.index + 1;
      (void)session.on_message(welcome, now);
      // What an earlier session applied is synced first.
      (void)session.on_tick(now);
      (void)session.on_synced(head, now);
      std::size_t passed = 0;
      for (std::uint64_t index = 2; index <= 6; ++index) {
        // A dialler that was cut off asks for what follows; the frames before are not sent again.
        passed += frames[index - 2].size();
        if (index <= head.index || passed > limit) continue;
        for (auto& work : only<ApplyBatches>(session.on_message(frame(index), now))) {
          for (const auto& batch : work.batches) applied.push_back(batch.head.index);
          head = work.batches.back().head;
          (void)session.on_applied(head, now);
        }
      }
    }
    EXPECT_EQ(applied, (std::vector<std::uint64_t>{2, 3, 4, 5, 6})) << "cut after byte " << cut;
  }
}

TEST_F(Sink, a_frame_of_a_term_that_was_not_verified_is_never_applied) {
  auto session = sink();
  (void)session.start();
  (void)session.on_message(stream_welcome(), now);
  for (const storage::Term term :
       {storage::Term{.reign = 1, .incarnation = 2}, {.reign = 0xffffffffU, .incarnation = 1}}) {
    const auto forged = test::make_batch(second_head(), 3, term, test::sample_time, "key", "v");
    const auto actions = session.on_message(CommitPayload{*encode_commit(forged)}, now);
    EXPECT_TRUE(only<ApplyBatches>(actions).empty());
  }
  EXPECT_EQ(session.state(), SinkSession::State::closed);
}

TEST_F(Sink, a_verified_new_term_is_followed_only_where_it_begins) {
  const auto begins_at_two = region::next_incarnation(*chain.newest(), log.at(1)->head, test::sample_cluster,
                                                      key, test::sample_time);
  auto welcome = stream_welcome();
  welcome.terms.push_back(begins_at_two);
  for (const bool right_place : {true, false}) {
    auto session = sink();
    (void)session.start();
    (void)session.on_message(welcome, now);
    if (right_place) (void)session.on_message(frame(2), now);
    const auto& previous = right_place ? log.at(1)->head : second_head();
    const auto next =
        test::make_batch(previous, right_place ? 5 : 3, begins_at_two.term, test::sample_time, "key", "v");
    (void)session.on_message(CommitPayload{*encode_commit(next)}, now);
    EXPECT_EQ(session.state() == SinkSession::State::streaming, right_place);
  }
}

TEST_F(Sink, more_bytes_than_granted_end_the_session) {
  auto session = sink();
  (void)session.start();
  (void)session.on_message(stream_welcome(), now);
  std::uint64_t sent_bytes = 0;
  while (session.state() == SinkSession::State::streaming && sent_bytes < 3 * SinkSession::window_bytes) {
    const auto batch = sent_bytes == 0 ? log.at(1) : extend(900'000);
    if (batch->head.index > 2 && log.size() == 21) log.erase(log.begin() + 2, log.end() - 1);
    const auto payload = encode_commit(*batch);
    if (sent_bytes == 0) log.resize(2);
    sent_bytes += payload->size();
    (void)session.on_message(CommitPayload{*payload}, now);
  }
  EXPECT_EQ(session.state(), SinkSession::State::closed);
  EXPECT_LE(sent_bytes, SinkSession::window_bytes + 2 * max_commit_body_bytes);
}

TEST_F(Sink, a_store_that_fails_ends_the_session) {
  auto session = sink();
  (void)session.start();
  (void)session.on_message(stream_welcome(), now);
  (void)session.on_message(frame(2), now);
  const auto actions =
      session.on_store_failed(Error{ErrorKind::internal, "internal", "the store failed", {}});
  EXPECT_TRUE(closes(actions, RejectCode::internal));
  EXPECT_TRUE(only<ApplyBatches>(session.on_message(frame(3), now)).empty());
}

TEST_F(Sink, silence_is_death_here_too) {
  auto session = sink();
  (void)session.start();
  (void)session.on_message(stream_welcome(), now);
  session.on_arrival(now + 1s);
  EXPECT_FALSE(closes(session.on_tick(now + 5900ms), RejectCode::silent));
  EXPECT_TRUE(closes(session.on_tick(now + 6s), RejectCode::silent));
}

TEST_F(Sink, a_snapshot_is_pulled_in_order_from_where_it_was_interrupted) {
  storage::CheckpointManifest manifest{.head = log.back()->head};
  manifest.files = {{.name = "000001.sst", .size = 600'000, .crc32c = 1},
                    {.name = "CURRENT", .size = 16, .crc32c = 2}};
  auto welcome = test::sample_welcome(Welcome::Kind::snapshot);
  welcome.terms = chain.records();
  welcome.manifest = manifest.encode();
  auto session = sink();
  (void)session.start();
  ASSERT_EQ(only<BeginSnapshot>(session.on_message(welcome, now)).size(), 1U);
  auto gets =
      sent<SnapshotGet>(session.on_snapshot_want(storage::StagedCheckpoint::Want{"000001.sst", 300'000}));
  ASSERT_EQ(gets.size(), 3U);
  EXPECT_EQ(gets[0].offset, 300'000U);
  EXPECT_EQ(gets[1].offset, 300'000U + snapshot_chunk_bytes);
  EXPECT_EQ(gets[2].file, "CURRENT");
  Actions last;
  for (const auto& get : gets) {
    const SnapshotChunk chunk{
        .id = get.id, .file = get.file, .offset = get.offset, .bytes = Bytes(get.size, 'x')};
    ASSERT_EQ(only<StoreChunk>(session.on_message(chunk, now)).size(), 1U);
    last = session.on_chunk_stored();
  }
  EXPECT_EQ(only<InstallSnapshot>(last).size(), 1U);
  const auto done = session.on_installed();
  ASSERT_EQ(sent<SnapshotGet>(done).size(), 1U);
  EXPECT_TRUE(sent<SnapshotGet>(done).front().done);
}

TEST_F(Sink, a_snapshot_that_lacks_batches_of_this_store_is_a_fork_whatever_it_is_called) {
  const auto end = log.at(9)->head;
  const auto told = [&](const storage::Head& applied, const std::vector<region::TermRecord>& terms,
                        const storage::Head& head) {
    auto welcome = test::sample_welcome(Welcome::Kind::snapshot);
    welcome.terms = terms;
    welcome.snapshot_reason = Welcome::SnapshotReason::log_gone;
    welcome.manifest = storage::CheckpointManifest{.head = head}.encode();
    auto session = sink(applied);
    (void)session.start();
    const auto begun = only<BeginSnapshot>(session.on_message(welcome, now));
    return begun.empty() ? Welcome::SnapshotReason::none : begun.front().reason;
  };
  using Reason = Welcome::SnapshotReason;
  EXPECT_EQ(told(end, chain.records(), log.back()->head), Reason::log_gone);
  EXPECT_EQ(told(log.back()->head, chain.records(), end), Reason::forked) << "it ends before this store";
  const auto ends_at_ten =
      region::next_incarnation(*chain.newest(), end, test::sample_cluster, key, test::sample_time);
  const auto later = test::sample_head(500, ends_at_ten.term);
  const std::vector terms{*chain.newest(), ends_at_ten};
  EXPECT_EQ(told(end, terms, later), Reason::log_gone);
  EXPECT_EQ(told(log.at(10)->head, terms, later), Reason::forked) << "this store went on in the old term";
  auto other = *chain.newest();
  other.opened_at += 1s;
  other.sign(test::sample_cluster, key);
  EXPECT_EQ(told(end, {other}, log.back()->head), Reason::forked) << "the same term, opened twice";
  EXPECT_EQ(told({}, chain.records(), log.back()->head), Reason::log_gone) << "nothing to lose";
}

TEST_F(Sink, a_chunk_that_was_not_asked_for_ends_the_session) {
  storage::CheckpointManifest manifest{.head = log.back()->head};
  manifest.files = {{.name = "000001.sst", .size = 600'000, .crc32c = 1}};
  auto welcome = test::sample_welcome(Welcome::Kind::snapshot);
  welcome.terms = chain.records();
  welcome.manifest = manifest.encode();
  auto session = sink();
  (void)session.start();
  (void)session.on_message(welcome, now);
  (void)session.on_snapshot_want(storage::StagedCheckpoint::Want{"000001.sst", 0});
  const SnapshotChunk chunk{.id = welcome.snapshot_id, .file = "000001.sst", .offset = 4096, .bytes = "x"};
  EXPECT_TRUE(closes(session.on_message(chunk, now), RejectCode::malformed));
}

}  // namespace
}  // namespace holdfast::replication
