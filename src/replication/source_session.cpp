#include "source_session.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

namespace holdfast::replication {
namespace {

constexpr std::size_t max_log_read = std::size_t{1} << 20U;
// What may be on its way to a peer that does not acknowledge, whatever it grants: it is this region's memory.
// Twice what an honest peer grants.
constexpr std::uint64_t max_unacknowledged_bytes = std::uint64_t{32} << 20U;

/// What a failed read says about the log itself; none: nothing, it may work the next time. A snapshot of the
/// whole store for a moment's lack of threads or files would come when there is least to spare.
Welcome::SnapshotReason reason_for_snapshot(std::string_view code) {
  if (code == "position_unknown") return Welcome::SnapshotReason::forked;
  constexpr std::array<std::string_view, 4> gone{"log_gone", "log_damaged", "batch_refused", "corrupt"};
  const bool is_gone = std::ranges::find(gone, code) != gone.end();
  return is_gone ? Welcome::SnapshotReason::log_gone : Welcome::SnapshotReason::none;
}

}  // namespace

SourceSession::SourceSession(HostFacts facts, Hello hello, TermVerifier verify, SteadyTime now)
    : facts_(std::move(facts)),
      hello_(std::move(hello)),
      verify_(std::move(verify)),
      liveness_(now),
      durable_(facts_.durable) {}

Actions SourceSession::start() {
  auto verdict = judge_hello(facts_, hello_, verify_);
  welcome_ = std::move(verdict.welcome);
  peer_chain_ = std::move(verdict.peer_chain);
  if (welcome_.kind == Welcome::Kind::reject) {
    state_ = State::closed;
    Actions actions;
    actions.emplace_back(SendMessage{welcome_});
    actions.emplace_back(CloseSession{.code = welcome_.code, .reason = welcome_.message});
    return actions;
  }
  if (verdict.ask_log) {
    state_ = State::asking_log;
    sent_ = hello_.applied;
    unconfirmed_.push_back({.position = storage::position_of(sent_)});
    // At our very end there is nothing to read, and the terms have proven the head.
    if (hello_.applied == durable_) return welcome_now();
    reading_ = true;
    Actions actions;
    actions.emplace_back(ReadLog{.after = sent_, .max_bytes = max_log_read});
    return actions;
  }
  if (welcome_.kind == Welcome::Kind::snapshot) return need_snapshot(welcome_.snapshot_reason);
  state_ = State::peer;
  return welcome_now();
}

Actions SourceSession::welcome_now() {
  if (welcome_.kind == Welcome::Kind::stream) state_ = State::streaming;
  Actions actions;
  actions.emplace_back(SendMessage{welcome_});
  // A beat of before the WELCOME counts for nothing, and the first batches may take a slow link long.
  actions.emplace_back(SendBeat{});
  return actions;
}

Actions SourceSession::close(RejectCode code, std::string reason) {
  if (state_ == State::closed) return {};
  state_ = State::closed;
  return refuse_session(code, std::move(reason));
}

Actions SourceSession::need_snapshot(Welcome::SnapshotReason reason) {
  // Only a primary gives snapshots; a peer that pulls its own tail elsewhere learns that it is not to be had
  // here.
  if (facts_.role != region::Role::primary) {
    welcome_.kind = Welcome::Kind::peer;
    state_ = State::peer;
    return welcome_now();
  }
  welcome_.kind = Welcome::Kind::snapshot;
  welcome_.snapshot_reason = reason;
  state_ = State::making_snapshot;
  Actions actions;
  actions.emplace_back(MakeSnapshot{.resume = hello_.snapshot});
  return actions;
}

Actions SourceSession::on_snapshot(std::string id, Bytes manifest) {
  if (state_ != State::making_snapshot) return {};
  state_ = State::serving_snapshot;
  welcome_.snapshot_id = std::move(id);
  welcome_.manifest = std::move(manifest);
  return welcome_now();
}

Actions SourceSession::on_snapshot_failed(std::string reason) {
  return close(RejectCode::internal, "no snapshot can be made now: " + reason);
}

Actions SourceSession::on_chunk(SnapshotChunk chunk) {
  if (state_ != State::serving_snapshot) return {};
  Actions actions;
  actions.emplace_back(SendMessage{std::move(chunk)});
  return actions;
}

Actions SourceSession::on_committed(const storage::Head& durable) {
  durable_ = durable;
  Actions actions;
  pump(actions);
  return actions;
}

Actions SourceSession::on_batches(const std::vector<storage::RawBatchPtr>& batches) {
  reading_ = false;
  if (state_ != State::asking_log && state_ != State::streaming) return {};
  Actions actions;
  for (const auto& batch : batches) {
    if (batch->head.index != sent_.index + 1) return close(RejectCode::internal, "the log gave a gap");
    if (first_batch_ &&
        storage::chain_hash(sent_, storage::hashed_operations(batch->rep)) != batch->head.hash) {
      return need_snapshot(Welcome::SnapshotReason::forked);
    }
    first_batch_ = false;
    if (state_ == State::asking_log) actions = welcome_now();
    auto frame = encode_commit(*batch);
    if (!frame) return close(RejectCode::internal, frame.error().describe());
    // Credits are asked before reading; a single batch may overdraw by less than one frame (granted for at
    // the sink).
    sent_bytes_ += frame->size();
    sent_ = batch->head;
    unconfirmed_.push_back({.position = storage::position_of(sent_), .sent_bytes = sent_bytes_});
    actions.emplace_back(SendMessage{CommitPayload{.bytes = *std::move(frame)}});
    send_due_mark(actions);
  }
  if (state_ == State::asking_log) actions = welcome_now();
  pump(actions);
  return actions;
}

Actions SourceSession::on_log_failed(const Error& error) {
  reading_ = false;
  if (state_ != State::asking_log && state_ != State::streaming) return {};
  const auto reason = reason_for_snapshot(error.code);
  if (reason == Welcome::SnapshotReason::none)
    return close(RejectCode::internal, "the log cannot be read now: " + error.message);
  if (state_ == State::asking_log) return need_snapshot(reason);
  // Purged mid-stream: never a gap. The peer dials again and is told to take a snapshot.
  return close(RejectCode::none, std::string(to_string(reason)));
}

std::uint64_t SourceSession::credit() const {
  return std::min(granted_bytes_, acknowledged_bytes_ + max_unacknowledged_bytes);
}

void SourceSession::pump(Actions& actions) {
  if (state_ != State::streaming || reading_) return;
  if (mark_ && (!mark_->at || sent_.index >= mark_->at->index)) return;
  if (sent_.index >= durable_.index || sent_bytes_ >= credit()) return;
  const auto room = std::min<std::uint64_t>(credit() - sent_bytes_, max_log_read);
  reading_ = true;
  actions.emplace_back(ReadLog{.after = sent_, .max_bytes = static_cast<std::size_t>(room)});
}

void SourceSession::send_due_mark(Actions& actions) {
  if (!mark_ || !mark_->at || sent_.index != mark_->at->index) return;
  actions.emplace_back(SendMessage{Mark{.id = mark_->id, .at = storage::position_of(*mark_->at)}});
  mark_.reset();
}

Actions SourceSession::begin_mark(std::uint64_t mark) {
  Actions actions;
  if (state_ != State::streaming || mark_) {
    actions.emplace_back(
        VerifyAnswer{Verified{.mark = mark, .error = "the member is not streaming, or is being compared"}});
    return actions;
  }
  mark_ = PendingMark{.id = mark, .at = std::nullopt};
  actions.emplace_back(TakeMarkSnapshot{.mark = mark});
  return actions;
}

Actions SourceSession::on_mark_snapshot(std::uint64_t mark, const storage::Head& at) {
  Actions actions;
  if (!mark_ || mark_->id != mark) return actions;
  if (at.index < sent_.index) {
    // A read that was in flight passed the moment: hold again, the next snapshot is beyond it.
    actions.emplace_back(TakeMarkSnapshot{.mark = mark});
    return actions;
  }
  mark_->at = at;
  send_due_mark(actions);
  pump(actions);
  return actions;
}

Actions SourceSession::on_ack(const Ack& ack) {
  if (ack.durable.index <= acknowledged_.index && acknowledged_.index != 0) return {};
  while (!unconfirmed_.empty() && unconfirmed_.front().position.index < ack.durable.index)
    unconfirmed_.pop_front();
  // It must be one that we gave, hash and all: acknowledged writes hang on it.
  if (unconfirmed_.empty() || unconfirmed_.front().position != ack.durable) {
    return close(RejectCode::malformed, "an ack for what was never sent");
  }
  acknowledged_ = ack.durable;
  acknowledged_bytes_ = unconfirmed_.front().sent_bytes;
  unconfirmed_.pop_front();
  Actions actions;
  actions.emplace_back(PeerDurable{.position = ack.durable});
  pump(actions);
  return actions;
}

Actions SourceSession::on_message(Message message, SteadyTime now) {
  if (state_ == State::closed) return {};
  liveness_.heard(now);
  Actions actions;
  if (auto* beat = std::get_if<Beat>(&message)) {
    actions.emplace_back(PeerBeat{std::move(*beat)});
    return actions;
  }
  if (auto* bye = std::get_if<Bye>(&message)) {
    state_ = State::closed;
    actions.emplace_back(CloseSession{.code = bye->code, .reason = bye->message});
    return actions;
  }
  if (auto* facts = std::get_if<Facts>(&message)) {
    actions.emplace_back(DeliverFacts{std::move(facts->facts)});
    return actions;
  }
  if (state_ == State::serving_snapshot) {
    if (auto* get = std::get_if<SnapshotGet>(&message)) {
      actions.emplace_back(ReadChunk{std::move(*get)});
      return actions;
    }
  }
  if (state_ == State::streaming) {
    if (const auto* ack = std::get_if<Ack>(&message)) return on_ack(*ack);
    if (const auto* flow = std::get_if<Flow>(&message)) {
      granted_bytes_ = std::max(granted_bytes_, flow->granted_bytes);
      pump(actions);
      return actions;
    }
    if (auto* verified = std::get_if<Verified>(&message)) {
      actions.emplace_back(VerifyAnswer{std::move(*verified)});
      return actions;
    }
  }
  return close(RejectCode::malformed, std::string(to_string(type_of(message))) + " is not expected here");
}

Actions SourceSession::on_tick(SteadyTime now) {
  if (state_ == State::closed) return {};
  if (liveness_.is_dead(now)) return close(RejectCode::silent, "nothing heard for 5 s");
  Actions actions;
  if (liveness_.take_beat(now)) actions.emplace_back(SendBeat{});
  return actions;
}

}  // namespace holdfast::replication
