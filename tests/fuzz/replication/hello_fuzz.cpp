#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "fuzz.h"
#include "holdfast/replication/hello.h"
#include "holdfast/replication/welcome.h"
#include "samples.h"

std::vector<holdfast::Bytes> holdfast::fuzz::seeds() {
  using Kind = replication::Welcome::Kind;
  std::vector<Bytes> payloads = {test::sample_hello().encode()};
  for (const Kind kind : {Kind::stream, Kind::snapshot, Kind::reject}) {
    payloads.push_back(test::sample_welcome(kind).encode());
  }
  return payloads;
}

// What decodes must encode to something that decodes to the same.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const holdfast::BytesView input(reinterpret_cast<const char*>(data), size);
  if (const auto hello = holdfast::replication::Hello::decode(input)) {
    const auto encoded = hello->encode();
    const auto again = holdfast::replication::Hello::decode(encoded);
    if (!again || again->encode() != encoded) std::abort();
  }
  if (const auto welcome = holdfast::replication::Welcome::decode(input)) {
    const auto encoded = welcome->encode();
    const auto again = holdfast::replication::Welcome::decode(encoded);
    if (!again || again->encode() != encoded) std::abort();
  }
  return 0;
}
