#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "actions.h"
#include "handshake.h"
#include "liveness.h"
#include "snapshot_pull.h"

namespace holdfast::replication {

/// The dialling side of one connection, as a state machine without I/O: HELLO, then what the WELCOME says:
/// apply a stream, fetch a snapshot, or exchange beats. Applies in order, groups fsyncs (5 ms or 1 MiB),
/// acknowledges only what is synced, grants credits for what it has applied. Thread: its driver's. Lives as
/// long as the connection. Bounds: the queue never holds more than the window plus one frame, and 64 marks
/// and messages of digests.
class SinkSession {
 public:
  enum class State : std::uint8_t { greeting, streaming, staging, installing, peer, closed };

  static constexpr std::uint64_t window_bytes = std::uint64_t{16} << 20U;
  static constexpr std::uint64_t sync_group_bytes = std::uint64_t{1} << 20U;
  static constexpr std::chrono::milliseconds sync_group_time{5};

  SinkSession(GuestFacts facts, Hello hello, TermVerifier verify, SteadyTime now);

  [[nodiscard]] Actions start();

  [[nodiscard]] Actions on_message(Message message, SteadyTime now);
  /// Something came then, be it a part of a message.
  void on_arrival(SteadyTime at) { liveness_.heard(at); }
  [[nodiscard]] Actions on_tick(SteadyTime now);
  [[nodiscard]] Actions on_applied(const storage::Head& applied, SteadyTime now);
  [[nodiscard]] Actions on_synced(const storage::Head& durable, SteadyTime now);
  /// Applying or syncing failed. Nothing more is applied by this session.
  [[nodiscard]] Actions on_store_failed(const Error& error);
  [[nodiscard]] Actions on_snapshot_want(const std::optional<storage::StagedCheckpoint::Want>& want);
  [[nodiscard]] Actions on_chunk_stored();
  [[nodiscard]] Actions on_snapshot_failed(const Error& error);
  [[nodiscard]] Actions on_installed();

  [[nodiscard]] State state() const { return state_; }
  [[nodiscard]] const Welcome& welcome() const { return welcome_; }
  [[nodiscard]] const region::TermChain& peer_chain() const { return peer_chain_; }
  [[nodiscard]] SteadyTime next_wakeup() const;

 private:
  /// In the order in which the stream brought it: digests may overtake nothing, least of all their own mark.
  using Work = std::variant<storage::RawBatch, Mark, Digests>;

  Actions close(RejectCode code, std::string reason);
  Actions on_welcome(Welcome welcome);
  Actions join_stream();
  Actions begin_snapshot();
  Actions on_commit(const CommitPayload& payload, SteadyTime now);
  Actions on_comparison(Work work, SteadyTime now);
  Actions on_chunk(SnapshotChunk chunk);
  Result<> check_order(const storage::Head& head) const;
  /// Gives the store its next piece of work, where it has none.
  void pump(Actions& actions, SteadyTime now);
  void apply_next(Actions& actions);
  /// What a comparison sent, as far as it is due.
  void take_comparison(Actions& actions);
  void grant(Actions& actions);

  GuestFacts facts_;
  Hello hello_;
  TermVerifier verify_;
  Liveness liveness_;
  State state_ = State::greeting;
  Welcome welcome_;
  region::TermChain peer_chain_;

  storage::Head received_;  ///< the last batch that was accepted
  std::deque<Work> queue_;
  bool store_busy_ = false;
  std::uint64_t received_bytes_ = 0;
  std::uint64_t queued_bytes_ = 0;
  std::uint64_t granted_bytes_ = 0;
  std::uint64_t applying_bytes_ = 0;
  std::uint64_t unsynced_bytes_ = 0;
  std::optional<SteadyTime> sync_due_;
  SteadyTime synced_at_;

  std::optional<SnapshotPull> pull_;
  std::size_t storing_ = 0;
};

}  // namespace holdfast::replication
