#include "holdfast/replication/snapshot_messages.h"

#include "holdfast/base/record_numbers.h"
#include "message_fields.h"

namespace holdfast::replication {
namespace {

enum GetField : std::uint32_t { get_id = 1, get_file = 2, get_offset = 3, get_size = 4, get_done = 5 };
enum ChunkField : std::uint32_t {
  chunk_id = 1,
  chunk_file = 2,
  chunk_offset = 3,
  chunk_bytes = 4,
  chunk_gone = 5
};

}  // namespace

Bytes SnapshotGet::encode() const {
  FieldWriter writer;
  writer.text(get_id, id).text(get_file, file).number(get_offset, offset).number(get_size, size);
  if (done) writer.flag(get_done, done);
  return writer.take();
}

Result<SnapshotGet> SnapshotGet::decode(BytesView payload) {
  TRY(const auto reader, FieldReader::parse(payload));
  SnapshotGet get{
      .id = reader.text(get_id), .file = reader.text(get_file), .offset = reader.number(get_offset)};
  TRY(get.size, number_up_to<std::uint32_t>(reader, "snapshot request", get_size, snapshot_chunk_bytes));
  get.done = reader.flag(get_done);
  return get;
}

Bytes SnapshotChunk::encode() const {
  FieldWriter writer;
  writer.text(chunk_id, id).text(chunk_file, file).number(chunk_offset, offset).text(chunk_bytes, bytes);
  if (gone) writer.flag(chunk_gone, gone);
  return writer.take();
}

Result<SnapshotChunk> SnapshotChunk::decode(BytesView payload) {
  TRY(const auto reader, FieldReader::parse(payload));
  return SnapshotChunk{.id = reader.text(chunk_id),
                       .file = reader.text(chunk_file),
                       .offset = reader.number(chunk_offset),
                       .bytes = reader.text(chunk_bytes),
                       .gone = reader.flag(chunk_gone)};
}

}  // namespace holdfast::replication
