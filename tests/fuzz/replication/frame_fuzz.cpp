#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "fuzz.h"
#include "holdfast/crypto/hash.h"
#include "holdfast/replication/commit_frame.h"
#include "holdfast/replication/message.h"
#include "samples.h"

std::vector<holdfast::Bytes> holdfast::fuzz::seeds() {
  std::vector<Bytes> frames;
  for (const auto& [name, message] : test::sample_messages()) frames.push_back(encode_message(message));
  return frames;
}

namespace {

using namespace holdfast;
using namespace holdfast::replication;
using fuzz::require;

/// What is decoded is what was sent, to the byte.
void check_commit(BytesView payload) {
  const auto batch = decode_commit(payload);
  if (!batch) return;
  require(encode_commit(*batch) == Bytes(payload));
}

/// A hostile primary gives its own checksum and length: the fuzzer gets them for whatever header and batch it
/// comes up with.
void check_commit_of(BytesView payload) {
  if (payload.size() < commit_header_bytes) return;
  const auto body = payload.substr(commit_header_bytes);
  const Bytes header = Bytes(payload.substr(0, commit_header_bytes - 9)) +
                       ByteWriter().u32(static_cast<std::uint32_t>(body.size())).u8(0).take();
  const auto crc = crypto::crc32c(body, crypto::crc32c(header));
  check_commit(header + ByteWriter().u32(crc).raw(body).take());
}

}  // namespace

// Any frame: header, then its message; a COMMIT is decoded to the batch, which must then be what its header
// said.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const BytesView input(reinterpret_cast<const char*>(data), size);
  if (size < frame_header_bytes) return 0;
  check_commit_of(input.substr(frame_header_bytes));
  const auto header = decode_frame_header(input.substr(0, frame_header_bytes));
  if (!header) return 0;
  const auto message = decode_message(header->type, input.substr(frame_header_bytes));
  if (!message) return 0;
  require(type_of(*message) == header->type);
  if (const auto* commit = std::get_if<CommitPayload>(&*message)) {
    check_commit(commit->bytes);
    return 0;
  }
  fuzz::require_stable(
      input.substr(frame_header_bytes),
      [&](BytesView payload) { return decode_message(header->type, payload); },
      [](const Message& one) { return encode_message(one).substr(frame_header_bytes); });
  return 0;
}
