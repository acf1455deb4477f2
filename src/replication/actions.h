#pragma once

#include <cstddef>
#include <string>
#include <variant>
#include <vector>

#include "holdfast/region/term_record.h"
#include "holdfast/replication/message.h"
#include "holdfast/storage/raw_batch.h"

// What the state machines ask their driver to do. A driver carries actions out in order; the answer to one
// comes back as the machine's input named with it. Machines never block, never read a clock and never touch a
// socket or a store.
namespace holdfast::replication {

/// Queue a message for the peer.
struct SendMessage {
  Message message;
};
/// Build a Beat from what this region knows now and queue it.
struct SendBeat {};
/// Close the connection after what is queued; `code` was or will be told to the peer.
struct CloseSession {
  RejectCode code = RejectCode::none;
  std::string reason;
};
/// The peer's beat: feed authority, peer table, overrides.
struct PeerBeat {
  Beat beat;
};

// Source side only.
/// Batches after `after`, at most `max_bytes`: ring first, then the log. → on_batches or on_log_failed
struct ReadLog {
  storage::Head after;
  std::size_t max_bytes = 0;
};
/// Pin the slot, make (or find again: `resume`) a checkpoint. → on_snapshot or on_snapshot_failed
struct MakeSnapshot {
  std::string resume;
};
/// Read bytes of a checkpoint's file. → on_chunk
struct ReadChunk {
  SnapshotGet get;
};
/// The peer holds everything up to here durably.
struct PeerDurable {
  storage::Position position;
};
/// Take a snapshot of this store now. → on_mark_snapshot
struct TakeMarkSnapshot {
  std::uint64_t mark = 0;
};
struct DeliverFacts {
  std::vector<region::Fact> facts;
};
struct VerifyAnswer {
  Verified verified;
};

// Sink side only.
/// Apply in order, unsynced. → on_applied or on_store_failed
struct ApplyBatches {
  std::vector<storage::RawBatch> batches;
};
/// Sync what was applied. → on_synced or on_store_failed
struct SyncStore {};
/// The stream was joined: this region follows `primary`.
struct StreamJoined {
  RegionName primary;
  storage::Term term;
};
/// A verified chain that outranks ours: fence, if primary.
struct Outranked {
  region::TermRecord record;
};
/// Stage a checkpoint. → on_snapshot_want
struct BeginSnapshot {
  std::string id;
  Bytes manifest;
  Welcome::SnapshotReason reason = Welcome::SnapshotReason::none;
  storage::Position fork;
};
/// → on_chunk_stored
struct StoreChunk {
  SnapshotChunk chunk;
};
/// Verify, and install as the current generation. → on_installed
struct InstallSnapshot {};
/// Both sides stand exactly at `mark.at`: take a snapshot for the comparison.
struct TakeSinkSnapshot {
  Mark mark;
};
struct CompareDigests {
  Digests digests;
};
struct FactsAreDone {
  std::vector<Bytes> ids;
};

using Action = std::variant<SendMessage, SendBeat, CloseSession, PeerBeat, ReadLog, MakeSnapshot, ReadChunk,
                            PeerDurable, TakeMarkSnapshot, DeliverFacts, VerifyAnswer, ApplyBatches,
                            SyncStore, StreamJoined, Outranked, BeginSnapshot, StoreChunk, InstallSnapshot,
                            TakeSinkSnapshot, CompareDigests, FactsAreDone>;
using Actions = std::vector<Action>;

/// Where a refused input leaves a machine: told to the peer, then closed.
inline Actions refuse_session(RejectCode code, std::string reason) {
  Actions actions;
  actions.emplace_back(SendMessage{Bye{.code = code, .message = reason}});
  actions.emplace_back(CloseSession{.code = code, .reason = std::move(reason)});
  return actions;
}

}  // namespace holdfast::replication
