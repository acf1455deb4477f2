#include "holdfast/net/proxy_protocol.h"

#include <algorithm>

#include "holdfast/base/codec.h"

namespace holdfast::net {
namespace {

using namespace std::string_view_literals;

constexpr auto signature = "\r\n\r\n\0\r\nQUIT\n"sv;
constexpr std::uint8_t command_local = 0x20;  // version 2 in the high half
constexpr std::uint8_t command_proxy = 0x21;
constexpr std::uint8_t tcp_over_ipv4 = 0x11;
constexpr std::uint8_t tcp_over_ipv6 = 0x21;

std::unexpected<Error> bad_header(std::string detail) {
  return fail(ErrorKind::invalid, "bad_proxy_header", "not an acceptable PROXY v2 header", std::move(detail));
}

struct Prefix {
  std::uint8_t command;
  std::uint8_t family;
  std::size_t rest;
};

Result<Prefix> parse_prefix(BytesView bytes) {
  ByteReader reader(bytes);
  if (reader.raw(signature.size()) != signature) return bad_header("wrong signature");
  const Prefix prefix{.command = reader.u8(), .family = reader.u8(), .rest = reader.u16()};
  TRY_VOID(reader.finish("PROXY v2 prefix"));
  if (prefix.command != command_local && prefix.command != command_proxy)
    return bad_header("wrong version or command");
  // A local command's family means nothing and is not looked at (§2.2).
  if (prefix.command == command_proxy && prefix.family != tcp_over_ipv4 && prefix.family != tcp_over_ipv6) {
    return bad_header("not TCP over IPv4 or IPv6");
  }
  if (proxy_prefix_size + prefix.rest > max_proxy_header_size) return bad_header("too long");
  return prefix;
}

template <class Address>
Address read_address(ByteReader& reader) {
  typename Address::bytes_type bytes{};
  std::ranges::copy(reader.raw(bytes.size()), bytes.begin());
  return Address(bytes);
}

template <class Address>
ProxyHeader read_addresses(ByteReader& reader) {
  ProxyHeader header;
  header.source.address = read_address<Address>(reader);
  header.destination.address = read_address<Address>(reader);
  header.source.port = reader.u16();
  header.destination.port = reader.u16();
  return header;
}

}  // namespace

Result<std::size_t> proxy_header_size(BytesView prefix) {
  if (prefix.size() < proxy_prefix_size) return bad_header("too short");
  TRY(const Prefix parsed, parse_prefix(prefix.substr(0, proxy_prefix_size)));
  return proxy_prefix_size + parsed.rest;
}

Result<ProxyHeader> parse_proxy_header(BytesView header) {
  TRY(const std::size_t size, proxy_header_size(header));
  if (size != header.size()) return bad_header("wrong length");
  TRY(const Prefix prefix, parse_prefix(header.substr(0, proxy_prefix_size)));
  if (prefix.command == command_local) return ProxyHeader{.is_local = true, .source = {}, .destination = {}};

  ByteReader reader(header.substr(proxy_prefix_size));
  ProxyHeader parsed = prefix.family == tcp_over_ipv4 ? read_addresses<boost::asio::ip::address_v4>(reader)
                                                      : read_addresses<boost::asio::ip::address_v6>(reader);
  while (reader.ok() && !reader.at_end()) {
    (void)reader.u8();
    (void)reader.raw(reader.u16());
  }
  if (!reader.ok()) return bad_header("addresses or a type-length-value run past the end");
  parsed.source.address = unmapped(parsed.source.address);
  parsed.destination.address = unmapped(parsed.destination.address);
  return parsed;
}

}  // namespace holdfast::net
