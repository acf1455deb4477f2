#pragma once

#include <boost/asio/ip/address.hpp>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "holdfast/base/result.h"

namespace holdfast::net {

using IpAddress = boost::asio::ip::address;

/// One end of a connection.
struct PeerAddress {
  IpAddress address;
  std::uint16_t port = 0;

  /// `192.0.2.1:443`, `[2001:db8::1]:443`.
  [[nodiscard]] std::string to_string() const;
  bool operator==(const PeerAddress&) const = default;
};

/// Text to an address: IPv4 dotted quad or IPv6 without brackets and without a scope; no names.
Result<IpAddress> parse_address(std::string_view text);

/// An IPv4 address mapped into IPv6 (::ffff:a.b.c.d) becomes the IPv4 address; others stay.
IpAddress unmapped(const IpAddress& address);

/// What limits per client address count by: the IPv4 address, or the IPv6 /64 (one customer owns at least
/// that much). A short opaque string for maps and FairKey.
std::string address_key(const IpAddress& address);

/// An address range. IPv4 and IPv4-mapped IPv6 addresses match the same ranges.
class Cidr {
 public:
  /// `10.0.0.0/8`, `2001:db8::/32`, or an address alone. Bits beyond the prefix must be zero.
  static Result<Cidr> parse(std::string_view text);

  [[nodiscard]] bool contains(const IpAddress& address) const;
  [[nodiscard]] std::string to_string() const;

 private:
  Cidr(IpAddress network, unsigned prefix_bits) : network_(std::move(network)), prefix_bits_(prefix_bits) {}
  IpAddress network_;
  unsigned prefix_bits_;
};

/// True when any of `ranges` holds `address`.
bool contains(const std::vector<Cidr>& ranges, const IpAddress& address);

}  // namespace holdfast::net
