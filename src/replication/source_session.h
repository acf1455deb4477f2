#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "actions.h"
#include "handshake.h"
#include "liveness.h"

namespace holdfast::replication {

/// The answering side of one connection, as a state machine without I/O: HELLO → WELCOME, then beats, and
/// where this region gives history: frames within the peer's credits, or a snapshot. Thread: its driver's.
/// Lives as long as the connection. Bounds: one log read in flight, never more frame bytes sent than granted,
/// nor more than 32 MiB that the peer has not acknowledged; a commit never waits for it.
class SourceSession {
 public:
  enum class State : std::uint8_t { asking_log, streaming, making_snapshot, serving_snapshot, peer, closed };

  SourceSession(HostFacts facts, Hello hello, TermVerifier verify, SteadyTime now);

  /// Judges the HELLO.
  [[nodiscard]] Actions start();

  [[nodiscard]] Actions on_message(Message message, SteadyTime now);
  /// Something came then, be it a part of a message.
  void on_arrival(SteadyTime at) { liveness_.heard(at); }
  [[nodiscard]] Actions on_tick(SteadyTime now);
  /// The published synced head moved.
  [[nodiscard]] Actions on_committed(const storage::Head& durable);
  [[nodiscard]] Actions on_batches(const std::vector<storage::RawBatchPtr>& batches);
  /// `position_unknown`: the dialler's position is not in this history; `log_gone`, or damage: the log does
  /// not reach it any more; anything else says nothing about the log, and the dialler may come again.
  [[nodiscard]] Actions on_log_failed(const Error& error);
  [[nodiscard]] Actions on_snapshot(std::string id, Bytes manifest);
  [[nodiscard]] Actions on_snapshot_failed(std::string reason);
  [[nodiscard]] Actions on_chunk(SnapshotChunk chunk);

  /// Begins a comparison: nothing is sent beyond this moment until the mark's snapshot was taken.
  [[nodiscard]] Actions begin_mark(std::uint64_t mark);
  [[nodiscard]] Actions on_mark_snapshot(std::uint64_t mark, const storage::Head& at);

  [[nodiscard]] State state() const { return state_; }
  [[nodiscard]] const region::TermChain& peer_chain() const { return peer_chain_; }
  [[nodiscard]] const storage::Head& sent() const { return sent_; }
  [[nodiscard]] storage::Position acknowledged() const { return acknowledged_; }
  [[nodiscard]] SteadyTime next_wakeup() const { return liveness_.next_wakeup(); }
  [[nodiscard]] bool is_member() const { return welcome_.kind != Welcome::Kind::reject; }

 private:
  Actions close(RejectCode code, std::string reason);
  Actions welcome_now();
  Actions need_snapshot(Welcome::SnapshotReason reason);
  /// How many bytes may have been sent by now.
  [[nodiscard]] std::uint64_t credit() const;
  /// Asks for the next batches where there are some, credit for them, and nothing in flight or held.
  void pump(Actions& actions);
  void send_due_mark(Actions& actions);
  Actions on_ack(const Ack& ack);

  HostFacts facts_;
  Hello hello_;
  TermVerifier verify_;
  Liveness liveness_;
  State state_ = State::peer;
  Welcome welcome_;
  region::TermChain peer_chain_;

  storage::Head durable_;  ///< ours
  storage::Head sent_;     ///< the last batch given to the peer
  storage::Position acknowledged_;
  /// A batch that the peer may acknowledge, and what had been sent when it was.
  struct Unconfirmed {
    storage::Position position;
    std::uint64_t sent_bytes = 0;
  };
  std::deque<Unconfirmed> unconfirmed_;  ///< given to the peer, or known from its HELLO
  std::uint64_t granted_bytes_ = 0;
  std::uint64_t sent_bytes_ = 0;
  std::uint64_t acknowledged_bytes_ = 0;  ///< of those sent
  bool reading_ = false;
  bool first_batch_ = true;  ///< its chain from the dialler's head is still to be proven

  struct PendingMark {
    std::uint64_t id = 0;
    std::optional<storage::Head> at;  ///< absent: the snapshot is being taken
  };
  std::optional<PendingMark> mark_;
};

}  // namespace holdfast::replication
