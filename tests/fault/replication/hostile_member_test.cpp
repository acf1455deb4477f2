#include <gtest/gtest.h>

#include "channel.h"
#include "holdfast/async/block_on.h"
#include "holdfast/async/task_group.h"
#include "holdfast/net/dial.h"
#include "holdfast/storage/table.h"
#include "two_regions.h"

// A member whose key somebody else holds: what it may make another region do.
namespace holdfast::test {
namespace {

using namespace replication;

/// Offers an object as `name` and says how often it was asked for a chunk before three beats had passed.
async::Task<Result<int>> fetches_of_an_offer(net::PeerTls tls, Hello hello, std::uint16_t port,
                                             async::TaskGroup* tasks) {
  const auto deadline = async::after(std::chrono::seconds(20));
  CO_TRY(const auto target, net::parse_endpoint("127.0.0.1:" + std::to_string(port)));
  CO_TRY(auto connection, co_await net::dial(target, deadline));
  CO_TRY_VOID(co_await connection.handshake(tls.connect([](const net::PeerKey&) { return true; }), deadline));
  const auto channel = std::make_shared<Channel>(std::move(connection));
  tasks->spawn(channel->connection().executor(), Channel::run_writer(channel));
  channel->send(hello);
  CO_TRY(const auto welcome, co_await channel->read(deadline));
  if (!std::holds_alternative<Welcome>(welcome)) co_return fail(ErrorKind::corrupt, "corrupt", "no WELCOME");
  channel->send(BlobHave{.ids = {BlobId("00112233445566778899aabbccddeeff")}, .missing = {}});
  int fetches = 0;
  for (int beats = 0; beats < 3;) {
    CO_TRY(const auto message, co_await channel->read(deadline));
    fetches += std::holds_alternative<BlobFetch>(message) ? 1 : 0;
    beats += std::holds_alternative<BlobWant>(message) ? 1 : 0;
  }
  channel->close();
  co_return fetches;
}

class HostileMember : public TwoRegions {};

TEST_F(HostileMember, what_nobody_asked_for_is_not_fetched) {
  ASSERT_TRUE(second.join(primary));
  Hello hello;
  hello.cluster = second.node().cluster;
  hello.node = second.name();
  hello.node_id = second.node().node_id;
  hello.purpose = Purpose::blobs;
  hello.family_map_hash = storage::family_map_hash();
  async::TaskGroup tasks{"hostile"};
  const auto fetches = async::block_on(machine.io.next(),
                                       fetches_of_an_offer(second.peer_tls(), hello, primary.port(), &tasks));
  tasks.cancel();
  tasks.wait();
  ASSERT_TRUE(fetches) << fetches.error().describe();
  EXPECT_EQ(*fetches, 0);
}

}  // namespace
}  // namespace holdfast::test
