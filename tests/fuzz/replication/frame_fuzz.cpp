#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "fuzz.h"
#include "holdfast/replication/message.h"
#include "samples.h"

std::vector<holdfast::Bytes> holdfast::fuzz::seeds() {
  std::vector<Bytes> frames;
  for (const auto& [name, message] : test::sample_messages()) frames.push_back(encode_message(message));
  return frames;
}

// Any frame: header, then its message; a COMMIT is decoded to the batch, which must then be what its header
// said.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace holdfast::replication;
  const holdfast::BytesView input(reinterpret_cast<const char*>(data), size);
  if (size < frame_header_bytes) return 0;
  const auto header = decode_frame_header(input.substr(0, frame_header_bytes));
  if (!header) return 0;
  const auto message = decode_message(header->type, input.substr(frame_header_bytes));
  if (!message) return 0;
  if (type_of(*message) != header->type) std::abort();
  if (const auto* commit = std::get_if<CommitPayload>(&*message)) {
    if (const auto batch = decode_commit(commit->bytes); batch && encode_commit(*batch) != commit->bytes)
      std::abort();
  } else if (!decode_message(header->type,
                             holdfast::BytesView(encode_message(*message)).substr(frame_header_bytes))) {
    std::abort();
  }
  return 0;
}
