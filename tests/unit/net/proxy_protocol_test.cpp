#include "holdfast/net/proxy_protocol.h"

#include <gtest/gtest.h>

#include "holdfast/base/encoding.h"

namespace holdfast::net {
namespace {

// doc/proxy-protocol.txt §2.2: signature, version and command, family, length.
const Bytes proxy_signature = from_hex("0d0a0d0a000d0a515549540a").value();

Bytes header_of(const char* command_family_and_length, const char* rest = "") {
  return proxy_signature + from_hex(command_family_and_length).value() + from_hex(rest).value();
}

Result<ProxyHeader> parse(const Bytes& bytes) { return parse_proxy_header(bytes); }

// 192.0.2.33:51000 to 198.51.100.7:8443.
constexpr auto ipv4_addresses = "c0000221c6336407c73820fb";

TEST(ProxyProtocol, ReadsTcpOverIpv4) {
  const auto bytes = header_of("2111000c", ipv4_addresses);
  EXPECT_EQ(proxy_header_size(bytes), 28);
  const auto header = parse(bytes);
  ASSERT_TRUE(header);
  EXPECT_FALSE(header->is_local);
  EXPECT_EQ(header->source.to_string(), "192.0.2.33:51000");
  EXPECT_EQ(header->destination.to_string(), "198.51.100.7:8443");
}

TEST(ProxyProtocol, ReadsTcpOverIpv6) {
  const auto header = parse(header_of("21210024",
                                      "20010db8000000000000000000000001"
                                      "20010db8000000000000000000000002"
                                      "c73820fb"));
  ASSERT_TRUE(header);
  EXPECT_EQ(header->source.to_string(), "[2001:db8::1]:51000");
  EXPECT_EQ(header->destination.to_string(), "[2001:db8::2]:8443");
}

TEST(ProxyProtocol, AMappedAddressCountsAsIpv4) {
  const auto header = parse(header_of("21210024",
                                      "00000000000000000000ffffc0000221"
                                      "00000000000000000000ffffc6336407"
                                      "c73820fb"));
  ASSERT_TRUE(header);
  EXPECT_EQ(header->source.to_string(), "192.0.2.33:51000");
}

TEST(ProxyProtocol, ALocalCommandNamesNobody) {
  // What a health check sends: no address family, with and without bytes to skip.
  for (const auto& bytes :
       {header_of("20000000"), header_of("20000003", "ffffff"), header_of("2011000c", ipv4_addresses)}) {
    const auto header = parse(bytes);
    ASSERT_TRUE(header) << to_hex(bytes);
    EXPECT_TRUE(header->is_local);
    EXPECT_EQ(header->source, PeerAddress{});
  }
}

TEST(ProxyProtocol, SkipsTypeLengthValues) {
  // PP2_TYPE_NOOP of 0 bytes, PP2_TYPE_AUTHORITY "a.b".
  const auto header =
      parse(header_of("21110015", (std::string(ipv4_addresses) + "040000" + "020003612e62").c_str()));
  ASSERT_TRUE(header);
  EXPECT_EQ(header->source.to_string(), "192.0.2.33:51000");
}

TEST(ProxyProtocol, RefusesATypeLengthValueThatRunsPastTheEnd) {
  for (const auto& bytes : {header_of("2111000d", (std::string(ipv4_addresses) + "04").c_str()),
                            header_of("2111000f", (std::string(ipv4_addresses) + "040001").c_str()),
                            header_of("21110010", (std::string(ipv4_addresses) + "0400ff00").c_str())}) {
    EXPECT_FALSE(parse(bytes)) << to_hex(bytes);
  }
}

TEST(ProxyProtocol, RefusesEveryTruncationAndEverythingAfter) {
  const auto whole = header_of("2111000c", ipv4_addresses);
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_FALSE(parse_proxy_header(BytesView(whole).substr(0, size))) << size;
  }
  EXPECT_FALSE(parse(whole + "x"));
}

TEST(ProxyProtocol, RefusesOtherVersionsCommandsAndFamilies) {
  for (const char* prefix :
       {"1111000c", "3111000c", "2211000c", "2f11000c", "0111000c",   // version, command
        "2100000c", "2112000c", "2122000c", "2131000c", "2110000c"})  // family, transport
  {
    EXPECT_FALSE(proxy_header_size(header_of(prefix, ipv4_addresses))) << prefix;
  }
}

TEST(ProxyProtocol, RefusesVersion1AndAnyOtherBeginning) {
  EXPECT_FALSE(proxy_header_size("PROXY TCP4 192.0.2.33 198.51.100.7 51000 8443\r\n"));
  EXPECT_FALSE(proxy_header_size(Bytes(16, '\x16')));
  auto bytes = header_of("2111000c", ipv4_addresses);
  for (std::size_t i = 0; i < proxy_signature.size(); ++i) {
    auto wrong = bytes;
    wrong[i] = static_cast<char>(wrong[i] ^ 1);
    EXPECT_FALSE(parse(wrong)) << i;
  }
}

TEST(ProxyProtocol, RefusesAnIpv4LengthThatHoldsNoAddresses) {
  EXPECT_FALSE(parse(header_of("2111000b", "c0000221c6336407c73820")));
  EXPECT_FALSE(parse(header_of("2121000c", ipv4_addresses)));
}

TEST(ProxyProtocol, BoundsTheLength) {
  EXPECT_EQ(proxy_header_size(header_of("21110800")), max_proxy_header_size);
  EXPECT_FALSE(proxy_header_size(header_of("21110801")));
  EXPECT_FALSE(proxy_header_size(header_of("2000ffff")));
}

}  // namespace
}  // namespace holdfast::net
