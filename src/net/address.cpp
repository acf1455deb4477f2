#include "holdfast/net/address.h"

#include <algorithm>
#include <charconv>

#include "holdfast/base/bytes.h"

namespace holdfast::net {
namespace {

namespace ip = boost::asio::ip;

constexpr unsigned mapped_prefix_bits = 96;

Bytes raw_bytes(const IpAddress& address) {
  if (address.is_v4()) {
    const auto bytes = address.to_v4().to_bytes();
    return {bytes.begin(), bytes.end()};
  }
  const auto bytes = address.to_v6().to_bytes();
  return {bytes.begin(), bytes.end()};
}

unsigned bit_count(const IpAddress& address) { return address.is_v4() ? 32 : 128; }

// The first `bits` bits of `bytes`, the rest zero.
Bytes masked(Bytes bytes, unsigned bits) {
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const unsigned kept = std::clamp<int>(static_cast<int>(bits) - static_cast<int>(i * 8), 0, 8);
    bytes[i] = static_cast<char>(static_cast<unsigned char>(bytes[i]) & (0xff00U >> kept));
  }
  return bytes;
}

std::unexpected<Error> bad_range(std::string_view text) {
  return fail(ErrorKind::invalid, "invalid_address",
              "not an address range like 10.0.0.0/8 or 2001:db8::/32: " + std::string(text));
}

}  // namespace

std::string PeerAddress::to_string() const {
  const auto text = address.to_string();
  return (address.is_v6() ? "[" + text + "]" : text) + ":" + std::to_string(port);
}

Result<IpAddress> parse_address(std::string_view text) {
  boost::system::error_code failed;
  auto address = ip::make_address(text, failed);
  // Below it are C strings: what follows a NUL would not be looked at.
  if (failed || text.contains('%') || text.contains('\0')) {
    return fail(ErrorKind::invalid, "invalid_address", "not an IP address: " + std::string(text));
  }
  return address;
}

IpAddress unmapped(const IpAddress& address) {
  if (!address.is_v6() || !address.to_v6().is_v4_mapped()) return address;
  return ip::make_address_v4(ip::v4_mapped, address.to_v6());
}

std::string address_key(const IpAddress& address) {
  constexpr std::size_t customer_bytes = 8;  // a /64
  auto bytes = raw_bytes(unmapped(address));
  if (bytes.size() > customer_bytes) bytes.resize(customer_bytes);
  return bytes;
}

Result<Cidr> Cidr::parse(std::string_view text) {
  const auto slash = text.find('/');
  const auto parsed = parse_address(text.substr(0, slash));
  if (!parsed) return bad_range(text);
  unsigned bits = bit_count(*parsed);
  if (slash != std::string_view::npos) {
    const auto digits = text.substr(slash + 1);
    const auto [stopped, failed] = std::from_chars(digits.data(), digits.data() + digits.size(), bits);
    if (digits.empty() || stopped != digits.data() + digits.size() || failed != std::errc() ||
        bits > bit_count(*parsed))
      return bad_range(text);
  }
  if (masked(raw_bytes(*parsed), bits) != raw_bytes(*parsed)) return bad_range(text);
  const auto network = unmapped(*parsed);
  if (network.is_v4() && parsed->is_v6()) {
    if (bits < mapped_prefix_bits) return bad_range(text);
    bits -= mapped_prefix_bits;
  }
  return Cidr(network, bits);
}

bool Cidr::contains(const IpAddress& address) const {
  const auto candidate = unmapped(address);
  return candidate.is_v4() == network_.is_v4() &&
         masked(raw_bytes(candidate), prefix_bits_) == raw_bytes(network_);
}

std::string Cidr::to_string() const { return network_.to_string() + "/" + std::to_string(prefix_bits_); }

bool contains(const std::vector<Cidr>& ranges, const IpAddress& address) {
  return std::ranges::any_of(ranges, [&](const Cidr& range) { return range.contains(address); });
}

}  // namespace holdfast::net
