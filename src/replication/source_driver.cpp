#include "source_driver.h"

#include <utility>

#include "gather.h"
#include "holdfast/async/timer.h"
#include "holdfast/base/log.h"
#include "peer_beat.h"

namespace holdfast::replication {
namespace {

bool is_news(const Action& action) {
  return std::holds_alternative<DeliverFacts>(action) || std::holds_alternative<PeerBeat>(action);
}

bool is_store_work(const Action& action) {
  return std::holds_alternative<ReadLog>(action) || std::holds_alternative<MakeSnapshot>(action) ||
         std::holds_alternative<ReadChunk>(action);
}

}  // namespace

SourceDriver::SourceDriver(Context& context, std::shared_ptr<Channel> channel, RegionName peer,
                           SourceSession session)
    : context_(&context),
      channel_(std::move(channel)),
      peer_(std::move(peer)),
      session_(std::move(session)),
      snapshot_rate_(context.options.snapshot_bytes_per_second) {}

SourceDriver::~SourceDriver() { end_jobs(); }

async::Task<> SourceDriver::run() {
  const auto self = shared_from_this();
  // Whatever ends the reading, cancellation included, ends the session and its other tasks.
  struct Closer {
    SourceDriver* driver;
    ~Closer() { driver->close(); }
  } closer{this};
  const auto executor = channel_->connection().executor();
  context_->tasks.spawn(executor, pump_loop(self));
  context_->tasks.spawn(executor, lane_loop(self, &store_lane_));
  context_->tasks.spawn(executor, lane_loop(self, &news_lane_));
  carry_out(session_.start());
  if (session_.is_member()) {
    connected_ = true;
    context_->parts.peers.connected(peer_, true);
  }
  co_await read_loop();
}

void SourceDriver::close() {
  if (closed_) return;
  closed_ = true;
  streaming_ = false;
  channel_->finish();
  store_lane_.end();
  news_lane_.end();
  wake_.notify();
  if (connected_) context_->parts.peers.connected(peer_, false);
  end_jobs();
}

async::Task<> SourceDriver::read_loop() {
  while (!closed_) {
    auto message = co_await channel_->read(ReadLimit::silence(silence_limit));
    if (!message) {
      if (message.error().kind == ErrorKind::corrupt) {
        log::warn("a member sent what the protocol does not know",
                  {{"peer", peer_.str()}, {"detail", message.error().detail}});
        channel_->send(Bye{.code = RejectCode::malformed, .message = message.error().message});
      }
      co_return;
    }
    // What was said before the removal and is read after it counts for nobody, either.
    if (!is_member_still()) co_return carry_out(refuse_session(RejectCode::none, removed_since));
    carry_out(session_.on_message(*std::move(message), context_->parts.clock.steady_now()));
    if (store_lane_.is_flooded() || news_lane_.is_flooded()) {
      carry_out(refuse_session(RejectCode::malformed, "more at once than a member asks and says"));
    }
  }
}

void SourceDriver::note_arrival() {
  const auto at = channel_->heard_at();
  session_.on_arrival(at);
  if (has_taken_beat_ && is_member_still()) context_->parts.peers.heard(peer_, at);
}

async::Task<> SourceDriver::pump_loop(std::shared_ptr<SourceDriver> self) {
  auto& parts = context_->parts;
  while (!self->closed_) {
    if (auto reason = end_request_.take()) {
      carry_out(refuse_session(RejectCode::none, *std::move(reason)));
      co_return;
    }
    begin_new_job();
    carry_out(session_.on_committed(parts.core.durable()));
    note_arrival();
    carry_out(session_.on_tick(parts.clock.steady_now()));
    pump_waits_until_ = session_.next_wakeup();
    (void)co_await wake_.wait(*pump_waits_until_);
    pump_waits_until_.reset();
  }
}

async::Task<> SourceDriver::lane_loop(std::shared_ptr<SourceDriver> self, Lane* lane) {
  while (auto action = co_await lane->next()) co_await self->carry_out_on_lane(*std::move(action));
}

void SourceDriver::carry_out(Actions actions) {
  now_.run(std::move(actions), [this](Action action) { carry_out_now(std::move(action)); });
  streaming_ = !closed_ && session_.state() == SourceSession::State::streaming;
}

void SourceDriver::carry_out_now(Action action) {
  if (auto* wanted = std::get_if<ReadLog>(&action); wanted && read_ring(*wanted)) return;
  if (is_news(action)) return news_lane_.push(std::move(action));
  if (is_store_work(action)) return store_lane_.push(std::move(action));
  if (const auto* send = std::get_if<SendMessage>(&action)) {
    channel_->send(send->message);
    if (std::holds_alternative<Mark>(send->message)) mark_sent();
    return;
  }
  if (std::holds_alternative<SendBeat>(action)) return send_beat();
  if (const auto* durable = std::get_if<PeerDurable>(&action)) return peer_durable(durable->position);
  if (const auto* mark = std::get_if<TakeMarkSnapshot>(&action)) return take_mark_snapshot(mark->mark);
  if (auto* verified = std::get_if<VerifyAnswer>(&action))
    return verify_answered(std::move(verified->verified));
  if (const auto* closing = std::get_if<CloseSession>(&action)) {
    log::info("a member's session ends", {{"peer", peer_.str()}, {"reason", closing->reason}});
    close();
  }
}

async::Task<> SourceDriver::carry_out_on_lane(Action action) {
  if (auto* wanted = std::get_if<ReadLog>(&action)) co_return co_await read_log(*wanted);
  if (auto* wanted = std::get_if<MakeSnapshot>(&action)) co_return co_await make_snapshot(*wanted);
  if (auto* wanted = std::get_if<ReadChunk>(&action)) co_return co_await read_chunk(*wanted);
  if (auto* wanted = std::get_if<DeliverFacts>(&action)) co_return co_await deliver(std::move(*wanted));
  if (auto* wanted = std::get_if<PeerBeat>(&action))
    co_return co_await take_peer_beat(std::move(wanted->beat));
}

bool SourceDriver::read_ring(const ReadLog& wanted) {
  const auto batches = context_->parts.ring.after(wanted.after.index, wanted.max_bytes);
  if (!batches || batches->empty()) return false;
  // What is in the ring was published, hence synced.
  give_batches(*batches);
  return true;
}

void SourceDriver::give_batches(const std::vector<storage::RawBatchPtr>& batches) {
  // Looked at after the batches were read: whatever was written after its removal goes to nobody, though the
  // request to end this session may still be on its way.
  if (!is_member_still()) return end(removed_since);
  for (const auto& batch : batches) lag_.sent(batch->head, batch->rep.size());
  carry_out(session_.on_batches(batches));
}

async::Task<> SourceDriver::read_log(ReadLog wanted) {
  auto batches = co_await async::offload(context_->parts.disk, [tail = &context_->tail, wanted] {
    return tail->read_after(storage::position_of(wanted.after), wanted.max_bytes);
  });
  if (closed_) co_return;
  if (batches) {
    give_batches(*batches);
  } else {
    log::info("a member cannot be given the log from where it ends",
              {{"peer", peer_.str()}, {"why", batches.error().describe()}});
    carry_out(session_.on_log_failed(batches.error()));
  }
}

async::Task<> SourceDriver::make_snapshot(MakeSnapshot wanted) {
  auto turn = context_->shelf.take_turn();
  // Looks up once a second, so that whoever redials leaves no crowd of closed sessions in the queue.
  while (!turn && !closed_) {
    (void)co_await context_->shelf.turn_ended(async::after(std::chrono::seconds(1)));
    turn = context_->shelf.take_turn();
  }
  if (closed_) co_return;
  auto made = co_await async::offload(context_->parts.disk, [shelf = &context_->shelf, peer = peer_, wanted] {
    return shelf->make(peer, wanted.resume);
  });
  turn.reset();
  if (closed_) co_return;
  if (!made) {
    log::error("no snapshot can be made", made.error());
    co_return carry_out(session_.on_snapshot_failed(made.error().message));
  }
  log::info("giving a member a snapshot", {{"peer", peer_.str()},
                                           {"id", made->id},
                                           {"files", made->manifest.files.size()},
                                           {"bytes", made->manifest.total_bytes()}});
  carry_out(session_.on_snapshot(made->id, made->manifest.encode()));
}

async::Task<> SourceDriver::read_chunk(ReadChunk wanted) {
  if (wanted.get.done) {
    // A whole checkpoint: its removal takes the disk a while.
    (void)co_await async::offload(context_->parts.disk, [shelf = &context_->shelf, peer = peer_,
                                                         id = wanted.get.id] { shelf->drop(peer, id); });
    co_return;
  }
  co_await channel_->room();
  auto chunk = co_await async::offload(
      context_->parts.disk,
      [shelf = &context_->shelf, peer = peer_, get = wanted.get] { return shelf->read(peer, get); });
  if (closed_) co_return;
  if (!chunk) co_return carry_out(session_.on_snapshot_failed(chunk.error().message));
  const auto size = chunk->bytes.size();
  carry_out(session_.on_chunk(*std::move(chunk)));
  const auto next = snapshot_rate_.after(size, context_->parts.clock.steady_now());
  co_await async::sleep_until(next);
}

async::Task<> SourceDriver::deliver(DeliverFacts wanted) {
  auto& parts = context_->parts;
  if (!parts.state.may_write()) co_return;
  auto done = co_await parts.facts.deliver(std::move(wanted.facts), parts.writer, parts.peers);
  if (!done) {
    log::warn("facts of a member could not be written",
              {{"peer", peer_.str()}, {"error", done.error().describe()}});
    co_return;
  }
  if (!done->empty() && !closed_) channel_->send(FactsDone{.ids = *std::move(done)});
}

async::Task<> SourceDriver::take_peer_beat(Beat beat) {
  const bool has_overrides = !beat.overrides.empty();
  const bool is_first = !std::exchange(has_taken_beat_, true);
  const auto taken = co_await async::offload(
      context_->parts.disk,
      [context = context_, peer = peer_, chain = session_.peer_chain(), beat = std::move(beat), is_first] {
        return replication::take_beat(*context, peer, chain, beat, is_first);
      });
  if (!taken) log::error("a member's beat could not be taken in", taken.error());
  auto& parts = context_->parts;
  if (!has_overrides || !parts.state.may_write()) co_return;
  if (const auto adopted = co_await parts.facts.adopt_overrides(parts.writer); !adopted) {
    log::warn("an override could not be written into the log", {{"error", adopted.error().describe()}});
  }
}

void SourceDriver::send_beat() {
  auto beat = make_beat(*context_);
  beat.number = ++beats_;
  beat.acknowledged = session_.acknowledged();
  const auto lag = lag_.lag(session_.sent(), context_->parts.core.durable(), beat.clock);
  beat.lag = lag.time;
  beat.lag_bytes = lag.bytes;
  channel_->send(beat);
  report_lag();
}

void SourceDriver::report_lag() {
  if (session_.state() != SourceSession::State::streaming) return;
  auto& parts = context_->parts;
  const auto lag = lag_.lag(session_.sent(), parts.core.durable(), parts.clock.now());
  parts.peers.lag(peer_, lag.time, lag.bytes);
  parts.peers.slot(peer_, context_->slots->state(peer_));
}

void SourceDriver::peer_durable(const storage::Position& position) {
  lag_.acknowledged(position.index);
  context_->slots->advance(peer_, position.index);
  context_->parts.peers.durable(peer_, position);
  report_lag();
}

bool SourceDriver::is_member_still() const {
  return replication::is_member_still(*context_, *channel_, peer_);
}

void SourceDriver::end(std::string reason) {
  end_request_.make(std::move(reason));
  wake_.notify();
}

}  // namespace holdfast::replication
