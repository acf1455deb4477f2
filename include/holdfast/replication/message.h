#pragma once

#include <variant>

#include "holdfast/replication/beat.h"
#include "holdfast/replication/blob_messages.h"
#include "holdfast/replication/commit_frame.h"
#include "holdfast/replication/fact_messages.h"
#include "holdfast/replication/flow.h"
#include "holdfast/replication/hello.h"
#include "holdfast/replication/join_messages.h"
#include "holdfast/replication/promise.h"
#include "holdfast/replication/snapshot_messages.h"
#include "holdfast/replication/verify_messages.h"
#include "holdfast/replication/welcome.h"

namespace holdfast::replication {

/// Any message but COMMIT, which keeps its bytes (CommitPayload) until the sink decodes it.
struct CommitPayload {
  Bytes bytes;
};
using Message = std::variant<Hello, Welcome, CommitPayload, Ack, Beat, Flow, Mark, Digests, Verified, Facts,
                             FactsDone, Bye, SnapshotGet, SnapshotChunk, BlobWant, BlobHave, BlobFetch,
                             BlobData, Join, Joined, Promise, Promised>;

[[nodiscard]] MessageType type_of(const Message& message);
/// The whole frame, header included.
[[nodiscard]] Bytes encode_message(const Message& message);
Result<Message> decode_message(MessageType type, BytesView payload);

}  // namespace holdfast::replication
