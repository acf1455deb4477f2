#include "sink_session.h"

#include <algorithm>
#include <utility>

namespace holdfast::replication {
namespace {

// Marks and digests that wait for the batches before them. An honest primary compares once at a time, and its
// digests follow the mark when that was applied.
constexpr std::size_t max_waiting_comparisons = 64;

std::unexpected<Error> out_of_order(std::string detail) {
  return fail(ErrorKind::corrupt, "out_of_order", "a frame does not follow the one before",
              std::move(detail));
}

}  // namespace

SinkSession::SinkSession(GuestFacts facts, Hello hello, TermVerifier verify, SteadyTime now)
    : facts_(std::move(facts)),
      hello_(std::move(hello)),
      verify_(std::move(verify)),
      liveness_(now),
      received_(facts_.applied),
      synced_at_(now - sync_group_time) {}

Actions SinkSession::start() {
  const Message hello = hello_;
  // Until it is there the other side has nothing to say.
  liveness_.wait_longer(travel_limit(encode_message(hello).size()));
  Actions actions;
  actions.emplace_back(SendMessage{hello});
  return actions;
}

SteadyTime SinkSession::next_wakeup() const {
  const auto beat = liveness_.next_wakeup();
  return sync_due_ && !store_busy_ ? std::min(beat, *sync_due_) : beat;
}

Actions SinkSession::close(RejectCode code, std::string reason) {
  if (state_ == State::closed) return {};
  state_ = State::closed;
  return refuse_session(code, std::move(reason));
}

Actions SinkSession::on_welcome(Welcome welcome) {
  welcome_ = std::move(welcome);
  if (welcome_.kind == Welcome::Kind::reject) {
    state_ = State::closed;
    Actions actions;
    actions.emplace_back(CloseSession{.code = welcome_.code, .reason = welcome_.message});
    return actions;
  }
  auto chain = check_welcome(facts_, welcome_, verify_);
  if (!chain) return close(RejectCode::unverified_term, chain.error().detail);
  peer_chain_ = *std::move(chain);
  Actions actions;
  const auto* own = facts_.chain.newest();
  const auto* theirs = peer_chain_.newest();
  if (own && theirs && region::outranks(*theirs, *own)) actions.emplace_back(Outranked{*theirs});
  switch (welcome_.kind) {
    case Welcome::Kind::stream:
      std::ranges::move(join_stream(), std::back_inserter(actions));
      break;
    case Welcome::Kind::snapshot:
      std::ranges::move(begin_snapshot(), std::back_inserter(actions));
      break;
    case Welcome::Kind::blobs:
    case Welcome::Kind::reject:
    case Welcome::Kind::fenced:
    case Welcome::Kind::peer:
      state_ = State::peer;
      break;
  }
  return actions;
}

Actions SinkSession::join_stream() {
  state_ = State::streaming;
  Actions actions;
  actions.emplace_back(
      StreamJoined{.primary = peer_chain_.newest()->node, .term = peer_chain_.newest()->term});
  grant(actions);
  // What was applied but not synced by an earlier session becomes durable, and known to be, without waiting
  // for traffic.
  unsynced_bytes_ = 1;
  sync_due_ = synced_at_;
  return actions;
}

void SinkSession::grant(Actions& actions) {
  const auto room = received_bytes_ - queued_bytes_ - applying_bytes_ + window_bytes;
  if (granted_bytes_ != 0 && room < granted_bytes_ + window_bytes / 4) return;
  granted_bytes_ = room;
  actions.emplace_back(SendMessage{Flow{.granted_bytes = granted_bytes_}});
}

Result<> SinkSession::check_order(const storage::Head& head) const {
  if (head.index != received_.index + 1) return out_of_order("index " + std::to_string(head.index));
  if (head.term == received_.term) return {};
  const auto* record = peer_chain_.find(head.term);
  if (!record) return out_of_order("a term that was not verified: " + storage::to_string(head.term));
  const bool follows = record->previous_term == received_.term && record->previous_index == received_.index &&
                       record->previous_head_hash == BytesView(received_.hash.data(), received_.hash.size());
  if (!follows) return out_of_order("the term does not begin here: " + storage::to_string(head.term));
  return {};
}

Actions SinkSession::on_commit(const CommitPayload& payload, SteadyTime now) {
  received_bytes_ += payload.bytes.size();
  if (received_bytes_ > granted_bytes_ + max_commit_body_bytes) {
    return close(RejectCode::malformed, "more bytes than were granted");
  }
  auto batch = decode_commit(payload.bytes);
  if (!batch) return close(RejectCode::malformed, batch.error().detail);
  if (const auto order = check_order(batch->head); !order)
    return close(RejectCode::malformed, order.error().detail);
  if (storage::chain_hash(received_, storage::hashed_operations(batch->rep)) != batch->head.hash) {
    return close(RejectCode::malformed, "the hash chain does not continue");
  }
  received_ = batch->head;
  queued_bytes_ += payload.bytes.size();
  queue_.emplace_back(*std::move(batch));
  Actions actions;
  pump(actions, now);
  return actions;
}

void SinkSession::pump(Actions& actions, SteadyTime now) {
  if (state_ != State::streaming || store_busy_) return;
  const bool sync_now = unsynced_bytes_ > 0 && (unsynced_bytes_ >= sync_group_bytes || now >= *sync_due_);
  if (sync_now) {
    store_busy_ = true;
    synced_at_ = now;
    actions.emplace_back(SyncStore{});
    return;
  }
  take_comparison(actions);
  if (!queue_.empty()) apply_next(actions);
}

Actions SinkSession::on_comparison(Work work, SteadyTime now) {
  const auto waiting = std::ranges::count_if(
      queue_, [](const Work& queued) { return !std::holds_alternative<storage::RawBatch>(queued); });
  if (static_cast<std::size_t>(waiting) >= max_waiting_comparisons)
    return close(RejectCode::malformed, "more comparisons than anybody asks for");
  queue_.push_back(std::move(work));
  Actions actions;
  pump(actions, now);
  return actions;
}

void SinkSession::take_comparison(Actions& actions) {
  for (; !queue_.empty(); queue_.pop_front()) {
    if (const auto* mark = std::get_if<Mark>(&queue_.front())) {
      actions.emplace_back(TakeSinkSnapshot{*mark});
    } else if (auto* digests = std::get_if<Digests>(&queue_.front())) {
      actions.emplace_back(CompareDigests{std::move(*digests)});
    } else {
      return;
    }
  }
}

void SinkSession::apply_next(Actions& actions) {
  ApplyBatches work;
  std::uint64_t bytes = 0;
  while (!queue_.empty() && bytes < sync_group_bytes &&
         std::holds_alternative<storage::RawBatch>(queue_.front())) {
    auto& batch = std::get<storage::RawBatch>(queue_.front());
    bytes += batch.rep.size() + commit_header_bytes;
    work.batches.push_back(std::move(batch));
    queue_.pop_front();
  }
  queued_bytes_ -= bytes;
  applying_bytes_ = bytes;
  store_busy_ = true;
  actions.emplace_back(std::move(work));
}

Actions SinkSession::on_applied(const storage::Head&, SteadyTime now) {
  store_busy_ = false;
  unsynced_bytes_ += applying_bytes_;
  applying_bytes_ = 0;
  if (!sync_due_) sync_due_ = std::max<SteadyTime>(now, synced_at_ + sync_group_time);
  Actions actions;
  if (state_ == State::streaming) grant(actions);
  pump(actions, now);
  return actions;
}

Actions SinkSession::on_synced(const storage::Head& durable, SteadyTime now) {
  store_busy_ = false;
  unsynced_bytes_ = 0;
  sync_due_.reset();
  Actions actions;
  if (state_ != State::streaming) return actions;
  actions.emplace_back(SendMessage{Ack{.durable = storage::position_of(durable)}});
  pump(actions, now);
  return actions;
}

Actions SinkSession::on_store_failed(const Error& error) {
  return close(RejectCode::internal, error.describe());
}

Actions SinkSession::begin_snapshot() {
  auto manifest = storage::CheckpointManifest::decode(welcome_.manifest);
  if (!manifest) return close(RejectCode::malformed, manifest.error().detail);
  if (!peer_chain_.find(manifest->head.term)) {
    return close(RejectCode::unverified_term, "the snapshot ends in a term that was not verified");
  }
  auto reason = welcome_.snapshot_reason;
  if (would_discard(facts_, peer_chain_, manifest->head)) reason = Welcome::SnapshotReason::forked;
  state_ = State::staging;
  pull_.emplace(welcome_.snapshot_id, *std::move(manifest));
  Actions actions;
  actions.emplace_back(BeginSnapshot{
      .id = welcome_.snapshot_id, .manifest = welcome_.manifest, .reason = reason, .fork = welcome_.fork});
  return actions;
}

Actions SinkSession::on_snapshot_want(const std::optional<storage::StagedCheckpoint::Want>& want) {
  if (state_ != State::staging) return {};
  if (const auto begun = pull_->begin_at(want); !begun)
    return close(RejectCode::malformed, begun.error().detail);
  Actions actions;
  for (auto& get : pull_->take_requests()) actions.emplace_back(SendMessage{std::move(get)});
  if (pull_->complete()) {
    state_ = State::installing;
    actions.emplace_back(InstallSnapshot{});
  }
  return actions;
}

Actions SinkSession::on_chunk(SnapshotChunk chunk) {
  if (const auto accepted = pull_->accept(chunk); !accepted) {
    return close(RejectCode::malformed, accepted.error().detail);
  }
  ++storing_;
  Actions actions;
  actions.emplace_back(StoreChunk{std::move(chunk)});
  return actions;
}

Actions SinkSession::on_chunk_stored() {
  if (state_ != State::staging) return {};
  --storing_;
  Actions actions;
  for (auto& get : pull_->take_requests()) actions.emplace_back(SendMessage{std::move(get)});
  if (pull_->complete() && storing_ == 0) {
    state_ = State::installing;
    actions.emplace_back(InstallSnapshot{});
  }
  return actions;
}

Actions SinkSession::on_snapshot_failed(const Error& error) {
  return close(RejectCode::internal, error.describe());
}

Actions SinkSession::on_installed() {
  if (state_ != State::installing) return {};
  Actions actions;
  actions.emplace_back(SendMessage{SnapshotGet{.id = welcome_.snapshot_id, .done = true}});
  // The next session begins where the snapshot ends.
  std::ranges::move(close(RejectCode::none, "the snapshot was installed"), std::back_inserter(actions));
  return actions;
}

Actions SinkSession::on_message(Message message, SteadyTime now) {
  if (state_ == State::closed) return {};
  liveness_.heard(now);
  if (state_ == State::greeting) {
    if (auto* welcome = std::get_if<Welcome>(&message)) return on_welcome(std::move(*welcome));
  }
  Actions actions;
  if (auto* bye = std::get_if<Bye>(&message)) {
    state_ = State::closed;
    actions.emplace_back(CloseSession{.code = bye->code, .reason = bye->message});
    return actions;
  }
  if (state_ == State::greeting) {
    // While a checkpoint is being made the other side beats; what it says counts only once its terms are
    // verified.
    if (std::holds_alternative<Beat>(message)) return actions;
    return close(RejectCode::malformed, "WELCOME was expected");
  }
  if (auto* beat = std::get_if<Beat>(&message)) {
    actions.emplace_back(PeerBeat{std::move(*beat)});
    return actions;
  }
  if (auto* done = std::get_if<FactsDone>(&message)) {
    actions.emplace_back(FactsAreDone{std::move(done->ids)});
    return actions;
  }
  if (state_ == State::streaming) {
    if (const auto* commit = std::get_if<CommitPayload>(&message)) return on_commit(*commit, now);
    if (const auto* mark = std::get_if<Mark>(&message)) return on_comparison(*mark, now);
    if (auto* digests = std::get_if<Digests>(&message)) return on_comparison(std::move(*digests), now);
  }
  if (state_ == State::staging) {
    if (auto* chunk = std::get_if<SnapshotChunk>(&message)) return on_chunk(std::move(*chunk));
  }
  return close(RejectCode::malformed, std::string(to_string(type_of(message))) + " is not expected here");
}

Actions SinkSession::on_tick(SteadyTime now) {
  if (state_ == State::closed) return {};
  if (liveness_.is_dead(now)) return close(RejectCode::silent, "nothing heard for 5 s");
  Actions actions;
  if (liveness_.take_beat(now)) actions.emplace_back(SendBeat{});
  pump(actions, now);
  return actions;
}

}  // namespace holdfast::replication
