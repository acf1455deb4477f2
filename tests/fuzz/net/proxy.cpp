#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <tuple>

#include "holdfast/net/proxy_protocol.h"

namespace {

using namespace holdfast;

/// The address and port that stand in these bytes.
template <class Address>
net::PeerAddress peer_in(BytesView address, BytesView port) {
  typename Address::bytes_type bytes{};
  std::copy_n(address.begin(), bytes.size(), bytes.begin());
  const auto number = static_cast<unsigned char>(port[0]) << 8U | static_cast<unsigned char>(port[1]);
  return {.address = net::unmapped(Address(bytes)), .port = static_cast<std::uint16_t>(number)};
}

/// §2.2: both addresses, then both ports.
template <class Address>
bool says_what_stands_there(const net::ProxyHeader& header, BytesView addresses) {
  constexpr auto size = std::tuple_size_v<typename Address::bytes_type>;
  return header.source == peer_in<Address>(addresses, addresses.substr(2 * size)) &&
         header.destination == peer_in<Address>(addresses.substr(size), addresses.substr(2 * size + 2));
}

}  // namespace

// Whatever arrives: no crash; what is accepted announced its own length, within the bound, and a prefix of it
// is refused.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const holdfast::BytesView input(reinterpret_cast<const char*>(data), size);
  const auto announced = holdfast::net::proxy_header_size(input);
  const auto header = holdfast::net::parse_proxy_header(input);
  if (announced && *announced > holdfast::net::max_proxy_header_size) std::abort();
  if (!header) return 0;
  if (!announced || *announced != size) std::abort();
  const bool is_local = data[12] == 0x20;
  if (header->is_local != is_local) std::abort();
  if (is_local && !(header->source == net::PeerAddress{} && header->destination == net::PeerAddress{}))
    std::abort();
  const auto addresses = input.substr(net::proxy_prefix_size);
  if (!is_local && data[13] == 0x11 &&
      !says_what_stands_there<boost::asio::ip::address_v4>(*header, addresses))
    std::abort();
  if (!is_local && data[13] == 0x21 &&
      !says_what_stands_there<boost::asio::ip::address_v6>(*header, addresses))
    std::abort();
  if (!is_local && data[13] != 0x11 && data[13] != 0x21) std::abort();
  if (holdfast::net::parse_proxy_header(input.substr(0, size - 1))) std::abort();
  return 0;
}
