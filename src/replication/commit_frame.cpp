#include "holdfast/replication/commit_frame.h"

#include "holdfast/crypto/hash.h"
#include "holdfast/storage/log_applier.h"

namespace holdfast::replication {
namespace {

constexpr std::uint8_t commit_version = 1;
constexpr std::uint8_t uncompressed = 0;
constexpr std::size_t crc_offset = commit_header_bytes - sizeof(std::uint32_t);

std::unexpected<Error> damaged_commit(std::string detail) {
  return fail(ErrorKind::corrupt, "damaged_frame", "a frame arrived damaged", std::move(detail));
}

}  // namespace

Result<Bytes> encode_commit(const storage::RawBatch& batch) {
  if (batch.rep.size() > max_commit_body_bytes) {
    return fail(ErrorKind::too_large, "batch_too_large", "a batch is larger than a frame",
                std::to_string(batch.rep.size()));
  }
  ByteWriter writer;
  writer.u8(commit_version)
      .u32(batch.head.term.reign)
      .u32(batch.head.term.incarnation)
      .u64(batch.head.index)
      .u64(batch.first_sequence)
      .u32(batch.count)
      .u32(static_cast<std::uint32_t>(batch.rep.size()))
      .u8(uncompressed);
  const auto crc = crypto::crc32c(batch.rep, crypto::crc32c(writer.view()));
  writer.u32(crc).raw(batch.rep);
  return writer.take();
}

Result<storage::RawBatch> decode_commit(BytesView payload) {
  ByteReader reader(payload);
  const auto version = reader.u8();
  storage::Term term{};
  term.reign = reader.u32();
  term.incarnation = reader.u32();
  const auto index = reader.u64();
  const auto first_sequence = reader.u64();
  const auto count = reader.u32();
  const auto raw_length = reader.u32();
  const auto compression = reader.u8();
  const auto crc = reader.u32();
  if (!reader.ok()) return damaged_commit("truncated header");
  if (version != commit_version) return damaged_commit("unknown version");
  if (compression != uncompressed) return damaged_commit("unknown compression");
  const auto body = reader.rest();
  if (raw_length != body.size() || raw_length > max_commit_body_bytes) return damaged_commit("length");
  if (crypto::crc32c(body, crypto::crc32c(payload.substr(0, crc_offset))) != crc)
    return damaged_commit("crc32c");
  TRY(auto batch, storage::parse_batch(Bytes(body)));
  const bool same = batch.head.term == term && batch.head.index == index &&
                    batch.first_sequence == first_sequence && batch.count == count;
  if (!same) return damaged_commit("the frame's header is not that of its batch");
  return batch;
}

}  // namespace holdfast::replication
