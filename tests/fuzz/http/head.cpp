#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "beast_codec.h"
#include "holdfast/http/target.h"
#include "request_head.h"
#include "response_head.h"

// Whatever arrives at the edge, through filter and Beast together: no crash, the same verdict however it is
// cut, and what is accepted keeps the promises that handlers rely on. The first byte chooses the target and
// how the input is cut.
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

/// What one message came to. Bodies are read as the session reads them: the rest of the input in pieces.
struct Outcome {
  bool refused = false;
  bool done = false;
  Bytes body;
  std::size_t used = 0;

  bool operator==(const Outcome&) const = default;
};

Outcome read_body(MessageReader& reader, BytesView input, std::size_t step) {
  Outcome outcome;
  while (outcome.used < input.size() && !reader.done()) {
    const auto piece = input.substr(outcome.used, step);
    const auto used = reader.decode(piece, outcome.body);
    if (!used) return {.refused = true, .done = false, .body = {}, .used = 0};
    require(*used == piece.size() || reader.done());
    outcome.used += *used;
  }
  outcome.done = reader.done();
  require(outcome.body.size() <= outcome.used);
  return outcome;
}

/// The filter's promises about a head that Beast has accepted, too: neither may have read it alone.
void require_agreement(const RequestHead& head, const BodyFraming& framing) {
  require(!(head.chunked && (head.content_length != 0 || head.http_1_0)));
  require(head.chunked == (head.headers.find("Transfer-Encoding") == "chunked"));
  require(head.chunked == head.headers.has("Transfer-Encoding"));
  const auto length = head.headers.find("Content-Length");
  require(head.content_length == (length ? parse_content_length(*length).value() : 0));
  require(framing.chunked == head.chunked && framing.length == head.content_length && !framing.until_close);
  require(!head.host.empty() && head.headers.count("Host") == 1);
  require(head.target.raw_path.starts_with('/') && !head.target.path.contains('\0'));
  for (const Header& field : head.headers) require(is_token(field.name) && is_field_value(field.value));
}

void fuzz_request(BytesView input, std::size_t step) {
  const auto size = scanned(input, step);
  require(size == scanned(input, input.size()));
  if (size < 2) return;
  const auto bytes = input.substr(0, size - 1);
  MessageReader cut_reader;
  MessageReader whole_reader;
  const auto head = cut_reader.read_request_head(bytes);
  require(head.has_value() == whole_reader.read_request_head(bytes).has_value());
  if (!head) return;
  require(check_request_head(bytes).has_value());
  require_agreement(*head, cut_reader.framing());
  require(cut_reader.done() == !head->has_body());
  const auto rest = input.substr(bytes.size());
  const auto cut = read_body(cut_reader, rest, step);
  require(cut == read_body(whole_reader, rest, std::max<std::size_t>(rest.size(), 1)));
  if (cut.done && !head->chunked) require(cut.body.size() == head->content_length);
  if (!cut.refused) require(cut_reader.end().has_value() == cut.done);
}

void fuzz_response(BytesView input, std::size_t step) {
  const auto size = scanned(input, step);
  if (size < 2) return;
  const auto method = step % 2 == 0 ? Method::head : Method::get;
  MessageReader cut_reader;
  MessageReader whole_reader;
  const auto head = cut_reader.read_response_head(input.substr(0, size - 1), method);
  require(head.has_value() == whole_reader.read_response_head(input.substr(0, size - 1), method).has_value());
  if (!head) return;
  require(head->status >= 100 && head->status <= 999);
  require(head->framing.chunked + head->framing.until_close + (head->framing.length != 0) <= 1);
  const auto rest = input.substr(size - 1);
  require(read_body(cut_reader, rest, step) ==
          read_body(whole_reader, rest, std::max<std::size_t>(rest.size(), 1)));
}

/// The input is a chunked body alone: most of the strict rules are there.
void fuzz_chunks(BytesView input, std::size_t step) {
  constexpr std::string_view head = "PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
  fuzz_request(std::string(head).append(input), step);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const BytesView input(reinterpret_cast<const char*>(data) + 1, size - 1);
  const std::size_t step = 1 + (data[0] >> 2U);
  switch (data[0] & 3U) {
    case 0:
      fuzz_request(input, step);
      break;
    case 1:
      fuzz_chunks(input, step);
      break;
    case 2:
      fuzz_response(input, step);
      break;
    default:
      if (const auto params = Params::parse(input)) require(params->size() <= input.size());
  }
  return 0;
}
