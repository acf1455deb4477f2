#include "holdfast/objects/aws_chunked.h"

#include <cstdint>
#include <cstdlib>

// The first byte chooses the announced length and how the body is cut. Whatever arrives: no crash, no more
// content than announced, and the same verdict and content however the body is cut.
namespace {

struct Outcome {
  bool ok = false;
  holdfast::Bytes content;
};

Outcome decode(holdfast::BytesView body, std::uint64_t length, std::size_t step) {
  holdfast::objects::AwsChunkedDecoder decoder(length);
  Outcome outcome;
  while (!body.empty()) {
    const auto part = body.substr(0, step);
    if (!decoder.feed(part, outcome.content)) return outcome;
    body.remove_prefix(part.size());
  }
  outcome.ok = decoder.finish().has_value();
  return outcome;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::uint64_t length = data[0] & 0x3fU;
  const std::size_t step = 1 + (data[0] >> 6U);
  const holdfast::BytesView body(reinterpret_cast<const char*>(data) + 1, size - 1);
  const auto cut = decode(body, length, step);
  const auto whole = decode(body, length, body.size() + 1);
  if (cut.ok != whole.ok || cut.content.size() > length || (cut.ok && cut.content != whole.content))
    std::abort();
  return 0;
}
