#include "holdfast/replication/message.h"

namespace holdfast::replication {
namespace {

template <class T>
struct TypeOf;
template <MessageType type>
struct IsType {
  static constexpr MessageType value = type;
};
template <>
struct TypeOf<Hello> : IsType<MessageType::hello> {};
template <>
struct TypeOf<Welcome> : IsType<MessageType::welcome> {};
template <>
struct TypeOf<CommitPayload> : IsType<MessageType::commit> {};
template <>
struct TypeOf<Ack> : IsType<MessageType::ack> {};
template <>
struct TypeOf<Beat> : IsType<MessageType::beat> {};
template <>
struct TypeOf<Flow> : IsType<MessageType::flow> {};
template <>
struct TypeOf<Mark> : IsType<MessageType::mark> {};
template <>
struct TypeOf<Digests> : IsType<MessageType::digests> {};
template <>
struct TypeOf<Verified> : IsType<MessageType::verified> {};
template <>
struct TypeOf<Facts> : IsType<MessageType::facts> {};
template <>
struct TypeOf<FactsDone> : IsType<MessageType::facts_done> {};
template <>
struct TypeOf<Bye> : IsType<MessageType::bye> {};
template <>
struct TypeOf<SnapshotGet> : IsType<MessageType::snapshot_get> {};
template <>
struct TypeOf<SnapshotChunk> : IsType<MessageType::snapshot_chunk> {};
template <>
struct TypeOf<BlobWant> : IsType<MessageType::blob_want> {};
template <>
struct TypeOf<BlobHave> : IsType<MessageType::blob_have> {};
template <>
struct TypeOf<BlobFetch> : IsType<MessageType::blob_fetch> {};
template <>
struct TypeOf<BlobData> : IsType<MessageType::blob_data> {};
template <>
struct TypeOf<Join> : IsType<MessageType::join> {};
template <>
struct TypeOf<Joined> : IsType<MessageType::joined> {};
template <>
struct TypeOf<Promise> : IsType<MessageType::promise> {};
template <>
struct TypeOf<Promised> : IsType<MessageType::promised> {};

template <class T>
Result<Message> decode_as(BytesView payload) {
  TRY(auto message, T::decode(payload));
  return Message(std::move(message));
}

}  // namespace

MessageType type_of(const Message& message) {
  return std::visit([]<class T>(const T&) { return TypeOf<T>::value; }, message);
}

Bytes encode_message(const Message& message) {
  return std::visit(
      []<class T>(const T& typed) {
        if constexpr (std::is_same_v<T, CommitPayload>) {
          return encode_frame(MessageType::commit, typed.bytes);
        } else {
          return encode_frame(TypeOf<T>::value, typed.encode());
        }
      },
      message);
}

Result<Message> decode_message(MessageType type, BytesView payload) {
  switch (type) {
    case MessageType::hello:
      return decode_as<Hello>(payload);
    case MessageType::welcome:
      return decode_as<Welcome>(payload);
    case MessageType::commit:
      return Message(CommitPayload{.bytes = Bytes(payload)});
    case MessageType::ack:
      return decode_as<Ack>(payload);
    case MessageType::beat:
      return decode_as<Beat>(payload);
    case MessageType::flow:
      return decode_as<Flow>(payload);
    case MessageType::mark:
      return decode_as<Mark>(payload);
    case MessageType::digests:
      return decode_as<Digests>(payload);
    case MessageType::verified:
      return decode_as<Verified>(payload);
    case MessageType::facts:
      return decode_as<Facts>(payload);
    case MessageType::facts_done:
      return decode_as<FactsDone>(payload);
    case MessageType::bye:
      return decode_as<Bye>(payload);
    case MessageType::snapshot_get:
      return decode_as<SnapshotGet>(payload);
    case MessageType::snapshot_chunk:
      return decode_as<SnapshotChunk>(payload);
    case MessageType::blob_want:
      return decode_as<BlobWant>(payload);
    case MessageType::blob_have:
      return decode_as<BlobHave>(payload);
    case MessageType::blob_fetch:
      return decode_as<BlobFetch>(payload);
    case MessageType::blob_data:
      return decode_as<BlobData>(payload);
    case MessageType::join:
      return decode_as<Join>(payload);
    case MessageType::joined:
      return decode_as<Joined>(payload);
    case MessageType::promise:
      return decode_as<Promise>(payload);
    case MessageType::promised:
      return decode_as<Promised>(payload);
  }
  return fail(ErrorKind::corrupt, "malformed_frame", "a peer sent a frame that the protocol does not know");
}

}  // namespace holdfast::replication
