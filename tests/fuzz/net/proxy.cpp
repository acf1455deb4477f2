#include <cstdint>
#include <cstdlib>

#include "holdfast/net/proxy_protocol.h"

// Whatever arrives: no crash; what is accepted announced its own length, within the bound, and a prefix of it
// is refused.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const holdfast::BytesView input(reinterpret_cast<const char*>(data), size);
  const auto announced = holdfast::net::proxy_header_size(input);
  const auto header = holdfast::net::parse_proxy_header(input);
  if (announced && *announced > holdfast::net::max_proxy_header_size) std::abort();
  if (!header) return 0;
  if (!announced || *announced != size) std::abort();
  if (header->is_local != (header->source == holdfast::net::PeerAddress{} && (data[12] & 0x0fU) == 0))
    std::abort();
  if (holdfast::net::parse_proxy_header(input.substr(0, size - 1))) std::abort();
  return 0;
}
