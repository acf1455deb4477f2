#include <algorithm>
#include <cstdint>
#include <cstdlib>

#include "chunked.h"
#include "request_head.h"
#include "response_parser.h"

// Whatever arrives at the edge: no crash, the same verdict however it is cut, and what is accepted keeps the
// promises that handlers rely on. The first byte chooses the target and how the input is cut.
namespace {

using namespace holdfast::http;
using holdfast::Bytes;
using holdfast::BytesView;

void require(bool holds) {
  if (!holds) std::abort();
}

/// 0 when refused, 1 when incomplete, else the head's size + 1.
std::size_t scanned(BytesView input, std::size_t step) {
  HeadScanner scanner;
  for (std::size_t size = std::min(step, input.size());; size = std::min(size + step, input.size())) {
    const auto found = scanner.scan(input.substr(0, size));
    if (!found) return 0;
    if (*found) return **found + 1;
    if (size == input.size()) return 1;
  }
}

void fuzz_request_head(BytesView input, std::size_t step) {
  const auto size = scanned(input, step);
  require(size == scanned(input, input.size()));
  if (size < 2) return;
  const auto head = parse_request_head(input.substr(0, size - 1));
  if (!head) return;
  require(!(head->chunked && (head->content_length != 0 || head->http_1_0)));
  require(!head->host.empty() && head->headers.count("Host") == 1);
  require(head->target.raw_path.starts_with('/') && !head->target.path.contains('\0'));
  for (const Header& field : head->headers) require(is_token(field.name) && is_field_value(field.value));
}

struct Decoded {
  bool refused = false;
  bool done = false;
  Bytes out;
  std::size_t used = 0;
};

Decoded decode_chunks(BytesView input, std::size_t step) {
  ChunkDecoder decoder;
  Decoded result;
  while (result.used < input.size() && !decoder.done()) {
    const auto used = decoder.decode(input.substr(result.used, step), result.out);
    if (!used) {
      result.refused = true;
      return result;
    }
    result.used += *used;
  }
  result.done = decoder.done();
  return result;
}

void fuzz_chunks(BytesView input, std::size_t step) {
  const auto cut = decode_chunks(input, step);
  const auto whole = decode_chunks(input, input.size());
  require(cut.refused == whole.refused && cut.done == whole.done);
  require(cut.refused || (cut.out == whole.out && cut.used == whole.used));
  require(whole.out.size() <= input.size());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const BytesView input(reinterpret_cast<const char*>(data) + 1, size - 1);
  const std::size_t step = 1 + (data[0] >> 2U);
  switch (data[0] & 3U) {
    case 0:
      fuzz_request_head(input, step);
      break;
    case 1:
      fuzz_chunks(input, step);
      break;
    case 2:
      static_cast<void>(parse_response_head(input, Method::get));
      break;
    default:
      if (const auto params = Params::parse(input)) require(params->size() <= input.size());
  }
  return 0;
}
