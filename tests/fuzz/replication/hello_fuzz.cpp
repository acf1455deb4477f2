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

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const holdfast::BytesView input(reinterpret_cast<const char*>(data), size);
  const auto encode = [](const auto& message) { return message.encode(); };
  holdfast::fuzz::require_stable(input, holdfast::replication::Hello::decode, encode);
  holdfast::fuzz::require_stable(input, holdfast::replication::Welcome::decode, encode);
  return 0;
}
