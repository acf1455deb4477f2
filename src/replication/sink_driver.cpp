#include "sink_driver.h"

#include <utility>

#include "gather.h"
#include "holdfast/base/log.h"
#include "peer_beat.h"

namespace holdfast::replication {
namespace {

// What ranges may take up here until they are compared: some 600,000 with keys of usual length, of 4096 rows
// each. Counted with their keys, whose length is the primary's to choose.
constexpr std::size_t max_compared_bytes = std::size_t{128} << 20U;

bool is_sink_news(const Action& action) {
  return std::holds_alternative<PeerBeat>(action) || std::holds_alternative<FactsAreDone>(action);
}

bool is_sink_store_work(const Action& action) {
  return std::holds_alternative<ApplyBatches>(action) || std::holds_alternative<SyncStore>(action) ||
         std::holds_alternative<BeginSnapshot>(action) || std::holds_alternative<StoreChunk>(action) ||
         std::holds_alternative<InstallSnapshot>(action);
}

Result<storage::Head> apply_all(region::Authority& authority, storage::LogApplier& applier,
                                const std::vector<storage::RawBatch>& batches) {
  TRY(const auto lock, authority.lock_for_intake());
  storage::Head head;
  for (const auto& batch : batches) {
    TRY(head, applier.apply(batch));
  }
  return head;
}

}  // namespace

SinkDriver::SinkDriver(Context& context, std::shared_ptr<Channel> channel, RegionName peer,
                       SinkSession session)
    : context_(&context),
      channel_(std::move(channel)),
      peer_(std::move(peer)),
      session_(std::move(session)),
      intake_(context, peer_) {}

SinkDriver::~SinkDriver() { release_store(); }

async::Task<bool> SinkDriver::run() {
  const auto self = shared_from_this();
  struct Closer {
    SinkDriver* driver;
    ~Closer() { driver->close(); }
  } closer{this};
  const auto executor = channel_->connection().executor();
  context_->tasks.spawn(executor, pump_loop(self));
  context_->tasks.spawn(executor, lane_loop(self, &store_lane_));
  context_->tasks.spawn(executor, lane_loop(self, &news_lane_));
  carry_out(session_.start());
  co_await read_loop();
  close();
  // The next session reads where the store ends: not before the last piece of work on it is done.
  (void)co_await store_idle_.wait();
  co_await sync_rest();
  release_store();
  co_return welcomed_;
}

async::Task<> SinkDriver::sync_rest() {
  auto& core = context_->parts.core;
  // Said to be held here, and given to nobody before it is synced: a primary that came back with less would
  // wait for it for ever. Whichever session it was that ends: the one that applied it may have found the disk
  // pool full. Who may write syncs for itself.
  if (context_->parts.state.may_write() || core.failure() || core.applied() == core.durable()) co_return;
  const auto synced =
      co_await async::offload(context_->parts.disk, [&core] { return storage::LogApplier(core).sync(); });
  if (!synced) log::error("the log could not be synced", synced.error());
}

void SinkDriver::release_store() {
  if (std::exchange(owns_store_, false)) context_->release_store();
}

void SinkDriver::close() {
  if (closed_) return;
  closed_ = true;
  if (hears_primary_) context_->stop_hearing_primary(peer_);
  channel_->finish();
  store_lane_.end();
  news_lane_.end();
  wake_.notify();
}

async::Task<> SinkDriver::read_loop() {
  while (!closed_) {
    // The session itself knows how long its HELLO may be on its way.
    const bool greets = session_.state() == SinkSession::State::greeting;
    auto message = co_await channel_->read(ReadLimit::silence(greets ? hello_limit : silence_limit));
    if (!message) {
      log::info("the connection to a member ended",
                {{"peer", peer_.str()}, {"why", message.error().describe()}});
      co_return;
    }
    // What was said before the removal and is read after it counts for nobody, either.
    if (!is_member_still()) co_return carry_out(refuse_session(RejectCode::none, removed_since));
    carry_out(session_.on_message(*std::move(message), context_->parts.clock.steady_now()));
    if (news_lane_.is_flooded()) {
      carry_out(refuse_session(RejectCode::malformed, "more at once than a member says"));
    }
    note_welcome();
  }
}

void SinkDriver::note_welcome() {
  if (welcomed_ || session_.state() == SinkSession::State::greeting) return;
  welcomed_ = session_.welcome().kind != Welcome::Kind::reject;
  if (!welcomed_ || closed_ || session_.welcome().role != region::Role::primary) return;
  hears_primary_ = true;
  context_->hear_primary(peer_);
}

/// Where the link is slow a beat waits behind what is large: neither session nor primary is silent meanwhile.
void SinkDriver::note_arrival() {
  const auto at = channel_->heard_at();
  session_.on_arrival(at);
  if (!has_taken_beat_ || !is_member_still()) return;
  context_->parts.peers.heard(peer_, at);
  if (speaks_as_primary_) context_->heard_primary(at);
}

async::Task<> SinkDriver::pump_loop(std::shared_ptr<SinkDriver> self) {
  while (!self->closed_) {
    if (auto reason = end_request_.take()) {
      carry_out(refuse_session(RejectCode::none, *std::move(reason)));
      co_return;
    }
    note_arrival();
    carry_out(session_.on_tick(context_->parts.clock.steady_now()));
    pump_waits_until_ = session_.next_wakeup();
    (void)co_await wake_.wait(*pump_waits_until_);
    pump_waits_until_.reset();
  }
}

async::Task<> SinkDriver::lane_loop(std::shared_ptr<SinkDriver> self, Lane* lane) {
  // Set however the lane ends, so that nobody waits for it in vain.
  struct Done {
    async::Event* idle;
    ~Done() {
      if (idle != nullptr) idle->set();
    }
  } done{lane == &store_lane_ ? &store_idle_ : nullptr};
  while (auto action = co_await lane->next()) co_await self->carry_out_on_lane(*std::move(action));
}

void SinkDriver::carry_out(Actions actions) {
  now_.run(std::move(actions), [this](Action action) { carry_out_now(std::move(action)); });
  // An earlier deadline (a group of batches to sync) is the pump's to wait for.
  if (pump_waits_until_ && session_.next_wakeup() < *pump_waits_until_) wake_.notify();
}

bool SinkDriver::takes_history(const Action& action) {
  const bool begins =
      std::holds_alternative<StreamJoined>(action) || std::holds_alternative<BeginSnapshot>(action);
  if (!begins || owns_store_) return true;
  owns_store_ = context_->claim_store();
  return owns_store_;
}

void SinkDriver::carry_out_now(Action action) {
  if (!takes_history(action)) {
    return carry_out(refuse_session(RejectCode::none, "another member's history is being taken in"));
  }
  // Not on a lane: it counts also where this session ends with the next action.
  if (auto* higher = std::get_if<Outranked>(&action)) {
    context_->tasks.spawn(channel_->connection().executor(),
                          outranked(shared_from_this(), std::move(*higher)));
    return;
  }
  if (is_sink_news(action)) return news_lane_.push(std::move(action));
  if (is_sink_store_work(action)) return store_lane_.push(std::move(action));
  if (const auto* send = std::get_if<SendMessage>(&action)) return channel_->send(send->message);
  if (std::holds_alternative<SendBeat>(action)) return send_beat();
  if (const auto* stream = std::get_if<StreamJoined>(&action)) return joined(*stream);
  if (const auto* take = std::get_if<TakeSinkSnapshot>(&action)) return take_snapshot(take->mark);
  if (auto* digests = std::get_if<CompareDigests>(&action)) return take_digests(std::move(digests->digests));
  if (const auto* closing = std::get_if<CloseSession>(&action)) {
    log::info("the session with a member ends",
              {{"peer", peer_.str()}, {"refused", to_string(closing->code)}, {"reason", closing->reason}});
    close();
  }
}

async::Task<> SinkDriver::carry_out_on_lane(Action action) {
  if (auto* work = std::get_if<ApplyBatches>(&action)) co_return co_await apply(std::move(*work));
  if (std::holds_alternative<SyncStore>(action)) co_return co_await sync();
  if (auto* work = std::get_if<BeginSnapshot>(&action)) co_return co_await begin_snapshot(std::move(*work));
  if (auto* work = std::get_if<StoreChunk>(&action)) co_return co_await store_chunk(std::move(*work));
  if (std::holds_alternative<InstallSnapshot>(action)) co_return co_await install();
  if (auto* work = std::get_if<PeerBeat>(&action)) co_return co_await take_peer_beat(std::move(work->beat));
  if (auto* work = std::get_if<FactsAreDone>(&action)) co_return co_await forget_facts(std::move(*work));
}

void SinkDriver::joined(const StreamJoined& joined) {
  applier_ = std::make_unique<storage::LogApplier>(context_->parts.core);
  log::info("following the log of a member",
            {{"peer", joined.primary.str()}, {"term", storage::to_string(joined.term)}});
}

async::Task<> SinkDriver::apply(ApplyBatches work) {
  auto& parts = context_->parts;
  const auto term_before = parts.core.applied().term;
  auto applied = co_await async::offload(parts.disk,
                                         [applier = applier_.get(), &parts, term_before,
                                          batches = std::move(work.batches)]() -> Result<storage::Head> {
                                           auto head = apply_all(parts.authority, *applier, batches);
                                           // Also where a later one of these failed: the term began all the
                                           // same.
                                           if (parts.core.applied().term != term_before)
                                             TRY_VOID(parts.authority.caught_up());
                                           return head;
                                         });
  if (!applied) {
    log::error("a batch of the primary could not be applied", applied.error());
    co_return carry_out(session_.on_store_failed(applied.error()));
  }
  carry_out(session_.on_applied(*applied, parts.clock.steady_now()));
}

async::Task<> SinkDriver::sync() {
  auto& parts = context_->parts;
  auto durable =
      co_await async::offload(parts.disk, [applier = applier_.get(), &parts]() -> Result<storage::Head> {
        TRY(const auto head, applier->sync());
        // A region that pulls its own lost tail asks the boot rules again with every step.
        if (parts.state.role() == region::Role::fenced) TRY_VOID(parts.authority.caught_up());
        return head;
      });
  if (!durable) {
    log::error("the log could not be synced", durable.error());
    co_return carry_out(session_.on_store_failed(durable.error()));
  }
  carry_out(session_.on_synced(*durable, parts.clock.steady_now()));
}

async::Task<> SinkDriver::begin_snapshot(BeginSnapshot begin) {
  auto want = co_await async::offload(
      context_->parts.disk, [intake = &intake_, begin = std::move(begin)] { return intake->begin(begin); });
  if (!want) co_return carry_out(session_.on_snapshot_failed(want.error()));
  carry_out(session_.on_snapshot_want(*want));
}

async::Task<> SinkDriver::store_chunk(StoreChunk store) {
  const auto added = co_await async::offload(
      context_->parts.disk,
      [intake = &intake_, store = std::move(store)] { return intake->add(store.chunk); });
  if (!added) {
    log::error("a snapshot could not be stored", added.error());
    co_return carry_out(session_.on_snapshot_failed(added.error()));
  }
  carry_out(session_.on_chunk_stored());
}

async::Task<> SinkDriver::install() {
  const auto installed =
      co_await async::offload(context_->parts.disk, [intake = &intake_] { return intake->install(); });
  if (!installed) {
    log::error("a snapshot could not be installed", installed.error());
    co_return carry_out(session_.on_snapshot_failed(installed.error()));
  }
  carry_out(session_.on_installed());
}

void SinkDriver::take_snapshot(const Mark& mark) {
  comparison_ = Comparison{.mark = mark, .snapshot = context_->parts.core.snapshot(), .ranges = {}};
  const auto head = comparison_->snapshot->head();
  if (head && storage::position_of(*head) == mark.at) return;
  comparison_.reset();
  channel_->send(Verified{.mark = mark.id, .at = mark.at, .error = "the member does not stand at the mark"});
}

void SinkDriver::take_digests(Digests digests) {
  if (!comparison_ || comparison_->mark.id != digests.mark) return;
  for (const auto& range : digests.ranges) comparison_->bytes += sizeof(range) + range.text_bytes();
  if (comparison_->bytes > max_compared_bytes) {
    comparison_.reset();
    channel_->send(Verified{.mark = digests.mark, .error = "more ranges than this member compares"});
    return;
  }
  for (auto& range : digests.ranges) comparison_->ranges.push_back(std::move(range));
  if (!digests.last) return;
  // On no lane: the whole store is read, and beats do not wait for that.
  context_->tasks.spawn(channel_->connection().executor(),
                        compare(shared_from_this(), *std::exchange(comparison_, std::nullopt)));
}

async::Task<> SinkDriver::compare(std::shared_ptr<SinkDriver> self, Comparison comparison) {
  Verified verified{.mark = comparison.mark.id, .at = comparison.mark.at, .ranges = comparison.ranges.size()};
  const ComparisonClaim claim(*context_);
  if (!claim.held()) {
    verified.error = "this member is still making another comparison";
    co_return channel_->send(verified);
  }
  auto mismatches = co_await async::offload(
      context_->parts.disk,
      [snapshot = *comparison.snapshot, ranges = std::move(comparison.ranges), driver = self.get()] {
        return compare_ranges(snapshot, ranges, driver->closed_);
      });
  if (mismatches) {
    verified.mismatches = *std::move(mismatches);
  } else {
    verified.error = mismatches.error().message;
  }
  channel_->send(verified);
}

async::Task<> SinkDriver::take_peer_beat(Beat beat) {
  auto& parts = context_->parts;
  const bool is_primary = beat.role == region::Role::primary;
  const bool is_first = !std::exchange(has_taken_beat_, true);
  const auto proven = co_await async::offload(
      parts.disk,
      [context = context_, peer = peer_, chain = session_.peer_chain(), beat = std::move(beat),
       is_first]() -> Result<bool> {
        const auto taken = replication::take_beat(*context, peer, chain, beat, is_first);
        if (!taken) log::error("a member's beat could not be taken in", taken.error());
        return is_proven_primary(peer, chain, context->parts.authority.chain(), beat);
      });
  if (!proven) log::error("a member's beat could not be taken in", proven.error());
  speaks_as_primary_ = proven.value_or(speaks_as_primary_);
  // It became primary, or it turned out to hold our lost tail, since the handshake: dial again for a stream.
  const bool pulls = parts.authority.last_decision().step == region::BootStep::pull_tail;
  const bool offers = is_primary || pulls;
  if (offers && session_.state() == SinkSession::State::peer && parts.authority.wants_stream_from(peer_)) {
    carry_out(refuse_session(RejectCode::none, "dialling again for a stream"));
  }
}

async::Task<> SinkDriver::forget_facts(FactsAreDone done) {
  const auto forgotten = co_await async::offload(
      context_->parts.disk,
      [facts = &context_->parts.facts, done = std::move(done)] { return facts->delivered(done.ids); });
  if (!forgotten) log::error("the outbox cannot be written", forgotten.error());
}

async::Task<> SinkDriver::outranked(std::shared_ptr<SinkDriver> self, Outranked outranked) {
  region::PeerAnswer answer{
      .name = self->peer_, .highest_reign = outranked.record.term.reign, .newest = outranked.record};
  const auto done = co_await async::offload(
      context_->parts.disk, [authority = &context_->parts.authority, answer = std::move(answer)] {
        return authority->answered(answer);
      });
  if (!done) log::error("this region could not be fenced", done.error());
}

void SinkDriver::send_beat() {
  auto beat = make_beat(*context_);
  beat.number = ++beats_;
  channel_->send(beat);
  if (session_.state() == SinkSession::State::streaming) {
    context_->tasks.spawn(channel_->connection().executor(), send_facts(shared_from_this()));
  }
}

async::Task<> SinkDriver::send_facts(std::shared_ptr<SinkDriver> self) {
  auto facts = co_await async::offload(context_->parts.disk,
                                       [facts = &context_->parts.facts, after = facts_sent_up_to_] {
                                         return facts->outbox(after, max_facts_in_message);
                                       });
  if (!facts || self->closed_) co_return;
  const bool is_end = facts->size() < max_facts_in_message;
  facts_sent_up_to_ = is_end ? Bytes() : facts->back().id;
  if (!facts->empty()) channel_->send(Facts{.facts = *std::move(facts)});
}

bool SinkDriver::is_member_still() const { return replication::is_member_still(*context_, *channel_, peer_); }

void SinkDriver::end(std::string reason) {
  end_request_.make(std::move(reason));
  wake_.notify();
}

}  // namespace holdfast::replication
