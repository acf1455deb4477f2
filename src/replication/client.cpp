#include "client.h"

#include <algorithm>
#include <utility>

#include "blob_session.h"
#include "gather.h"
#include "holdfast/async/timer.h"
#include "holdfast/base/log.h"
#include "holdfast/crypto/random.h"
#include "holdfast/net/dial.h"
#include "liveness.h"
#include "snapshot_intake.h"

namespace holdfast::replication {
namespace {

constexpr std::chrono::milliseconds first_pause{100};
constexpr std::chrono::milliseconds longest_pause{1000};
constexpr std::chrono::seconds dial_limit{5};
constexpr std::chrono::milliseconds role_poll{200};
constexpr std::chrono::seconds worth_it{1};

/// Doubling pauses with up to a quarter of jitter, so that many members do not knock at the same moments.
class BackOff {
 public:
  /// Before the next attempt. A session that ends as soon as it began is no reason to hurry.
  std::chrono::milliseconds after(bool was_welcome, SteadyTime::duration lasted) {
    if (was_welcome && lasted >= worth_it) pause_ = first_pause;
    const auto jitter = static_cast<unsigned char>(crypto::random_bytes(1).front());
    const auto pause = pause_ + pause_ * jitter / 1024;
    pause_ = std::min(pause_ * 2, longest_pause);
    return pause;
  }

 private:
  std::chrono::milliseconds pause_ = first_pause;
};

}  // namespace

bool Client::may_dial(const RegionName& peer) const {
  if (context_->parts.state.role() == region::Role::primary) return false;
  const auto member = context_->parts.members.find(peer);
  return member && member->state == region::MemberState::active;
}

void Client::follow_members() {
  for (const auto& member : context_->parts.members.others()) {
    {
      const std::scoped_lock lock(mutex_);
      if (!dialling_.insert(member.name).second) continue;
    }
    const auto stream_executor = context_->parts.io.next();
    context_->tasks.spawn(stream_executor, stream_loop(this, member.name, stream_executor));
    const auto blob_executor = context_->parts.io.next();
    context_->tasks.spawn(blob_executor, blob_loop(this, member.name, blob_executor));
  }
}

void Client::restart_sessions(const std::string& reason) {
  const std::scoped_lock lock(mutex_);
  for (const auto& [name, weak] : sinks_) {
    if (const auto sink = weak.lock()) sink->end(reason);
  }
}

void Client::cut_removed() {
  const std::scoped_lock lock(mutex_);
  for (const auto& [name, weak] : sinks_) {
    const auto sink = weak.lock();
    if (sink && !sink->is_member_still()) sink->end(removed_since);
  }
}

async::Task<> Client::stream_loop(Client* client, RegionName peer, async::Executor) {
  auto* context = client->context_;
  BackOff back_off;
  while (!context->stopping) {
    if (!client->may_dial(peer)) {
      co_await async::sleep_for(role_poll);
      continue;
    }
    const auto began = context->parts.clock.steady_now();
    const auto welcomed = co_await client->stream_once(peer);
    if (!welcomed) {
      log::debug("a member cannot be reached", {{"peer", peer.str()}, {"why", welcomed.error().describe()}});
    }
    co_await async::sleep_for(
        back_off.after(welcomed.value_or(false), context->parts.clock.steady_now() - began));
  }
}

async::Task<> Client::blob_loop(Client* client, RegionName peer, async::Executor) {
  auto* context = client->context_;
  BackOff back_off;
  while (!context->stopping) {
    // Objects follow once this region has a history at all: before, it knows no key.
    if (!client->may_dial(peer) || context->parts.core.applied().index == 0) {
      co_await async::sleep_for(role_poll);
      continue;
    }
    const auto began = context->parts.clock.steady_now();
    const auto welcomed = co_await client->blobs_once(peer);
    co_await async::sleep_for(
        back_off.after(welcomed.value_or(false), context->parts.clock.steady_now() - began));
  }
}

async::Task<Result<std::shared_ptr<Channel>>> Client::connect(RegionName peer) {
  const auto member = context_->parts.members.find(peer);
  if (!member) co_return fail(ErrorKind::not_found, "not_found", "no such member");
  CO_TRY(const auto target, net::parse_endpoint(member->replication_address));
  const auto deadline = async::after(dial_limit);
  CO_TRY(auto connection, co_await net::dial(target, deadline));
  auto pinned = member->spki_hash();
  auto setup = context_->parts.tls.connect(
      [pinned = std::move(pinned)](const net::PeerKey& key) { return key.spki_sha256 == pinned; });
  CO_TRY_VOID(co_await connection.handshake(std::move(setup), deadline));
  auto channel = std::make_shared<Channel>(std::move(connection), context_->parts.clock);
  context_->tasks.spawn(channel->connection().executor(), Channel::run_writer(channel));
  co_return channel;
}

async::Task<Result<bool>> Client::stream_once(RegionName peer) {
  CO_TRY(const auto channel, co_await connect(peer));
  const ChannelFinisher finisher(channel);
  const auto facts = gather_guest(*context_, peer);
  auto hello = make_hello(*context_, facts, Purpose::stream, SnapshotIntake::resumable(context_->parts.data));
  SinkSession session(facts, std::move(hello), make_verifier(*context_), context_->parts.clock.steady_now());
  const auto driver = std::make_shared<SinkDriver>(*context_, channel, peer, std::move(session));
  {
    const std::scoped_lock lock(mutex_);
    sinks_[peer] = driver;
  }
  // Only from here on do removals and new reigns find this session. Whoever is slow to shake hands may have
  // been removed since its row was read.
  if (!driver->is_member_still())
    co_return fail(ErrorKind::not_found, "not_found",
                   "it was removed, or its key changed, while it was dialled");
  const auto now = gather_guest(*context_, peer);
  if (now.wants_stream != facts.wants_stream || now.highest_reign != facts.highest_reign) co_return false;
  co_return co_await driver->run();
}

async::Task<Result<bool>> Client::blobs_once(RegionName peer) {
  CO_TRY(const auto channel, co_await connect(peer));
  const ChannelFinisher finisher(channel);
  const auto facts = gather_guest(*context_, peer);
  const Message hello = make_hello(*context_, facts, Purpose::blobs, {});
  channel->send(hello);
  // Until it is there the other side has nothing to say.
  const auto silence = silence_limit + travel_limit(encode_message(hello).size());
  CO_TRY(const auto message, co_await channel->read(ReadLimit::silence(silence)));
  const auto* welcome = std::get_if<Welcome>(&message);
  if (welcome == nullptr || welcome->kind != Welcome::Kind::blobs) co_return false;
  const auto session = std::make_shared<BlobSession>(*context_, channel, peer);
  co_await session->run();
  co_return true;
}

}  // namespace holdfast::replication
