#include <gtest/gtest.h>

#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_future.hpp>

#include "channel.h"
#include "held_step.h"
#include "holdfast/async/block_on.h"
#include "holdfast/async/task_group.h"
#include "holdfast/net/dial.h"
#include "holdfast/storage/table.h"
#include "two_regions.h"

// A member whose key somebody else holds: what it may make another region do.
namespace holdfast::test {
namespace {

using namespace replication;

/// Steady time that a test puts forward.
class AheadClock : public Clock {
 public:
  [[nodiscard]] WallTime now() const override { return system_clock().now(); }
  [[nodiscard]] SteadyTime steady_now() const override { return system_clock().steady_now() + ahead.load(); }
  std::atomic<std::chrono::nanoseconds> ahead{std::chrono::nanoseconds(0)};
};

/// A greeted connection for objects, as whoever holds the member's key makes it.
async::Task<Result<std::shared_ptr<Channel>>> greet(net::PeerTls tls, Hello hello, std::uint16_t port,
                                                    async::TaskGroup* tasks) {
  const auto deadline = async::after(std::chrono::seconds(20));
  CO_TRY(const auto target, net::parse_endpoint("127.0.0.1:" + std::to_string(port)));
  CO_TRY(auto connection, co_await net::dial(target, deadline));
  CO_TRY_VOID(co_await connection.handshake(tls.connect([](const net::PeerKey&) { return true; }), deadline));
  const auto channel = std::make_shared<Channel>(std::move(connection));
  tasks->spawn(channel->connection().executor(), Channel::run_writer(channel));
  channel->send(hello);
  CO_TRY(const auto welcome, co_await channel->read(ReadLimit::deadline(deadline)));
  if (!std::holds_alternative<Welcome>(welcome)) co_return fail(ErrorKind::corrupt, "corrupt", "no WELCOME");
  co_return channel;
}

/// Offers an object and says how often it was asked for a chunk before three beats had passed.
async::Task<Result<int>> fetches_of_an_offer(net::PeerTls tls, Hello hello, std::uint16_t port,
                                             async::TaskGroup* tasks) {
  const auto deadline = async::after(std::chrono::seconds(20));
  CO_TRY(const auto channel, co_await greet(std::move(tls), std::move(hello), port, tasks));
  channel->send(BlobHave{.ids = {BlobId("00112233445566778899aabbccddeeff")}, .missing = {}});
  int fetches = 0;
  for (int beats = 0; beats < 3;) {
    CO_TRY(const auto message, co_await channel->read(ReadLimit::deadline(deadline)));
    fetches += std::holds_alternative<BlobFetch>(message) ? 1 : 0;
    beats += std::holds_alternative<BlobWant>(message) ? 1 : 0;
  }
  channel->close();
  co_return fetches;
}

/// Gives the bytes of `blob` to whoever wants its id. Says how many chunks were asked for until the id was
/// wanted once more, or nothing for three beats.
async::Task<Result<int>> chunks_taken(net::PeerTls tls, Hello hello, std::uint16_t port,
                                      async::TaskGroup* tasks, BlobId id, storage::BlobReader* blob) {
  const auto deadline = async::after(std::chrono::seconds(30));
  CO_TRY(const auto channel, co_await greet(std::move(tls), std::move(hello), port, tasks));
  int wants = 0;
  int chunks = 0;
  for (int quiet_beats = 0; wants < 2 && quiet_beats < 3;) {
    CO_TRY(const auto message, co_await channel->read(ReadLimit::deadline(deadline)));
    if (const auto* want = std::get_if<BlobWant>(&message)) {
      wants += want->ids.empty() ? 0 : 1;
      quiet_beats += want->ids.empty() ? 1 : 0;
      if (!want->ids.empty()) channel->send(BlobHave{.ids = want->ids, .missing = {}});
    } else if (const auto* fetch = std::get_if<BlobFetch>(&message)) {
      ++chunks;
      quiet_beats = 0;
      BlobData data{.id = id, .chunk = fetch->chunk};
      if (fetch->header) data.header = blob->header();
      CO_TRY(data.sealed, blob->sealed_chunk(fetch->chunk));
      data.last = fetch->chunk + 1 == blob->shape().chunks;
      channel->send(std::move(data));
    }
  }
  channel->close();
  co_return chunks;
}

/// Answers no WANT. Says how often it was asked for something until `enough` times or three beats after the
/// clock was put forward by a minute, which is done at the first.
async::Task<Result<int>> wants_unanswered(net::PeerTls tls, Hello hello, std::uint16_t port,
                                          async::TaskGroup* tasks, AheadClock* clock, int enough) {
  const auto deadline = async::after(std::chrono::seconds(30));
  CO_TRY(const auto channel, co_await greet(std::move(tls), std::move(hello), port, tasks));
  int wants = 0;
  for (int quiet_beats = 0; wants < enough && quiet_beats < 3;) {
    CO_TRY(const auto message, co_await channel->read(ReadLimit::deadline(deadline)));
    const auto* want = std::get_if<BlobWant>(&message);
    if (want == nullptr) continue;
    wants += want->ids.empty() ? 0 : 1;
    quiet_beats = want->ids.empty() && wants > 0 ? quiet_beats + 1 : 0;
    if (wants == 1) clock->ahead = std::chrono::minutes(1);
  }
  channel->close();
  co_return wants;
}

/// Asks for so many chunks at once. Says how many answers came before the connection ended, or all of them.
async::Task<Result<int>> answers_to(net::PeerTls tls, Hello hello, std::uint16_t port,
                                    async::TaskGroup* tasks, int fetches) {
  const auto limit = ReadLimit::deadline(async::after(std::chrono::seconds(30)));
  CO_TRY(const auto channel, co_await greet(std::move(tls), std::move(hello), port, tasks));
  for (int i = 0; i < fetches; ++i)
    channel->send(BlobFetch{.id = BlobId("00112233445566778899aabbccddeeff"), .chunk = 0});
  int answers = 0;
  while (answers < fetches) {
    const auto message = co_await channel->read(limit);
    if (!message) break;
    answers += std::holds_alternative<BlobData>(*message) ? 1 : 0;
  }
  channel->close();
  co_return answers;
}

/// Gives the only chunk of `blob` in so many pieces, each of which the other region has seen when its clock
/// is put forward. Says how often the object was wanted before the last piece was given.
async::Task<Result<int>> give_in_pieces(net::PeerTls tls, Hello hello, std::uint16_t port,
                                        async::TaskGroup* tasks, BlobId id, storage::BlobReader* blob,
                                        AheadClock* clock, std::chrono::seconds between, std::size_t pieces,
                                        std::function<bool()> is_taken) {
  const auto limit = ReadLimit::deadline(async::after(std::chrono::seconds(90)));
  CO_TRY(const auto channel, co_await greet(std::move(tls), std::move(hello), port, tasks));
  int wants = 0;
  int beats = 0;
  Bytes rest;
  for (std::size_t given = 0; given < pieces;) {
    CO_TRY(const auto message, co_await channel->read(limit));
    if (const auto* want = std::get_if<BlobWant>(&message)) {
      wants += want->ids.empty() ? 0 : 1;
      ++beats;
      // Not into the middle of a chunk.
      if (!want->ids.empty() && rest.empty()) channel->send(BlobHave{.ids = want->ids, .missing = {}});
    } else if (std::holds_alternative<BlobFetch>(message) && rest.empty()) {
      BlobData data{.id = id, .chunk = 0, .last = true, .header = blob->header()};
      CO_TRY(data.sealed, blob->sealed_chunk(0));
      rest = encode_message(data);
      beats = 2;
    }
    // It looks once in a beat: after two of them it has looked at what came.
    if (rest.empty() || beats < 2) continue;
    beats = 0;
    if (given > 0) clock->ahead = clock->ahead.load() + between;
    const auto piece = rest.substr(0, given + 1 == pieces ? rest.size() : rest.size() / 4);
    CO_TRY_VOID(co_await channel->connection().write(piece, async::after(std::chrono::seconds(30))));
    rest.erase(0, piece.size());
    ++given;
  }
  // What it has not read would be lost with the connection.
  for (int i = 0; i < 20 && !is_taken(); ++i) (void)co_await channel->read(limit);
  channel->close();
  co_return wants;
}

/// Asks for a snapshot as an empty member does, again and again, and is gone before it is made. Says how
/// often it was told that one is being made (a beat without a WELCOME).
async::Task<Result<int>> snapshots_asked_for(net::PeerTls tls, Hello hello, std::uint16_t port,
                                             async::TaskGroup* tasks, int times) {
  const auto deadline = async::after(std::chrono::seconds(60));
  int begun = 0;
  while (begun < times) {
    CO_TRY(const auto target, net::parse_endpoint("127.0.0.1:" + std::to_string(port)));
    CO_TRY(auto connection, co_await net::dial(target, deadline));
    CO_TRY_VOID(
        co_await connection.handshake(tls.connect([](const net::PeerKey&) { return true; }), deadline));
    const auto channel = std::make_shared<Channel>(std::move(connection));
    tasks->spawn(channel->connection().executor(), Channel::run_writer(channel));
    channel->send(hello);
    // While the session before it is not closed yet it is turned away.
    CO_TRY(const auto message, co_await channel->read(ReadLimit::deadline(deadline)));
    begun += std::holds_alternative<Beat>(message) ? 1 : 0;
    channel->close();
  }
  co_return begun;
}

class HostileMember : public TwoRegions {
 protected:
  void SetUp() override {
    primary.clock = &clock;
    TwoRegions::SetUp();
    ASSERT_TRUE(second.join(primary));
  }
  void TearDown() override {
    tasks.cancel();
    tasks.wait();
    primary.stop();  // while its clock is there
  }
  [[nodiscard]] Hello hello(Purpose purpose = Purpose::blobs) const {
    Hello hello;
    hello.cluster = second.node().cluster;
    hello.node = second.name();
    hello.node_id = second.node().node_id;
    hello.purpose = purpose;
    hello.family_map_hash = storage::family_map_hash();
    return hello;
  }
  /// A blob that is sealed as it must be, since every member has the keys.
  storage::BlobInfo forge(std::size_t size) {
    const auto key = primary.core().keys()->key_for(storage::Scope::token());
    return forged().put(key.value(), Bytes(size, 'f')).value();
  }
  storage::BlobStore forged() {
    const auto keys = [this](std::uint32_t id) -> Result<Secret> {
      TRY(const auto key, primary.core().keys()->key(id));
      return key->copy();
    };
    return storage::BlobStore::open(directory / "forged", primary.node().cluster, keys, 0).value();
  }
  Result<int> offer(const storage::BlobInfo& info) {
    auto reader = forged().read(info.id).value();
    return async::block_on(machine.io.next(), chunks_taken(second.peer_tls(), hello(), primary.port(), &tasks,
                                                           info.id, &reader));
  }
  Result<int> offer_in_pieces(const storage::BlobInfo& info, std::chrono::seconds between,
                              std::size_t pieces) {
    auto reader = forged().read(info.id).value();
    return async::block_on(
        machine.io.next(),
        give_in_pieces(second.peer_tls(), hello(), primary.port(), &tasks, info.id, &reader, &clock, between,
                       pieces, [&] { return primary.blobs().has(info.id); }));
  }
  std::uint64_t bytes_kept_of(const BlobId& id) {
    std::error_code absent;
    const auto bytes = std::filesystem::file_size(primary.data().blobs() / "partial" / id.str(), absent);
    return absent ? 0 : bytes;
  }

  AheadClock clock;
  async::TaskGroup tasks{"hostile"};
};

TEST_F(HostileMember, what_nobody_asked_for_is_not_fetched) {
  const auto fetches = async::block_on(
      machine.io.next(), fetches_of_an_offer(second.peer_tls(), hello(), primary.port(), &tasks));
  ASSERT_TRUE(fetches) << fetches.error().describe();
  EXPECT_EQ(*fetches, 0);
}

TEST_F(HostileMember, may_ask_for_no_more_chunks_at_once_than_a_member_does) {
  const auto answers = [&](int fetches) {
    return async::block_on(machine.io.next(),
                           answers_to(second.peer_tls(), hello(), primary.port(), &tasks, fetches));
  };
  EXPECT_EQ(answers(4), 4);
  // All of them come in one piece: nothing is answered before they are counted.
  EXPECT_LT(answers(200).value(), 200);
}

TEST_F(HostileMember, asking_for_snapshots_again_and_again_takes_one_thread_and_one_checkpoint) {
  const HeldStep checkpoint("checkpoint.created");
  const auto asked = async::block_on(
      machine.io.next(),
      snapshots_asked_for(second.peer_tls(), hello(Purpose::stream), primary.port(), &tasks, 8));
  ASSERT_TRUE(asked) << asked.error().describe();
  auto read = boost::asio::co_spawn(machine.io.next(), async::offload(machine.disk, [] { return 1; }),
                                    boost::asio::use_future);
  EXPECT_EQ(read.wait_for(std::chrono::seconds(30)), std::future_status::ready)
      << "what others need the disk pool for goes on";
  HeldStep::let_go();
  second.start();
  EXPECT_TRUE(eventually([&] { return caught_up(); }));
  EXPECT_EQ(HeldStep::times(), 1) << "the one that nobody waited for is given to whoever asks next";
}

TEST_F(HostileMember, who_answers_no_question_is_asked_again) {
  primary.demand().want(BlobId(std::string(32, 'a')), {.size = 1, .sha256 = Bytes(32, 's')});
  const auto wants = async::block_on(
      machine.io.next(), wants_unanswered(second.peer_tls(), hello(), primary.port(), &tasks, &clock, 2));
  ASSERT_TRUE(wants) << wants.error().describe();
  EXPECT_EQ(*wants, 2);
}

TEST_F(HostileMember, a_chunk_may_take_minutes_as_long_as_some_of_it_comes) {
  const auto info = forge(100'000);
  primary.demand().want(info.id, {.size = info.size, .sha256 = info.sha256});
  const auto wants = offer_in_pieces(info, std::chrono::seconds(50), 4);
  ASSERT_TRUE(wants) << wants.error().describe();
  EXPECT_EQ(*wants, 1);
  EXPECT_TRUE(eventually([&] { return primary.blobs().has(info.id); }));
}

TEST_F(HostileMember, a_chunk_that_trickles_is_asked_for_elsewhere_in_the_end) {
  const auto info = forge(100'000);
  primary.demand().want(info.id, {.size = info.size, .sha256 = info.sha256});
  const auto wants = offer_in_pieces(info, std::chrono::seconds(55), 13);
  ASSERT_TRUE(wants) << wants.error().describe();
  EXPECT_GT(*wants, 1);
}

TEST_F(HostileMember, an_object_is_what_its_row_says_whatever_a_member_gives) {
  const auto info = forge(2 * storage::blob_chunk_bytes + 5);
  primary.demand().want(info.id, {.size = info.size, .sha256 = Bytes(32, 's')});
  const auto chunks = offer(info);
  ASSERT_TRUE(chunks) << chunks.error().describe();
  EXPECT_GE(*chunks, 3) << "only the whole shows it";
  EXPECT_FALSE(primary.blobs().has(info.id));
  EXPECT_EQ(primary.demand().missing(), 1U) << "another member may have it";
  EXPECT_LE(bytes_kept_of(info.id), storage::blob_header_bytes);
}

TEST_F(HostileMember, an_object_that_does_not_end_where_its_row_says_takes_no_room) {
  const auto info = forge(3 * storage::blob_chunk_bytes);
  primary.demand().want(info.id, {.size = 5, .sha256 = info.sha256});
  const auto chunks = offer(info);
  ASSERT_TRUE(chunks) << chunks.error().describe();
  EXPECT_EQ(*chunks, 1);
  EXPECT_FALSE(primary.blobs().has(info.id));
  EXPECT_LE(bytes_kept_of(info.id), storage::blob_header_bytes);
}

}  // namespace
}  // namespace holdfast::test
