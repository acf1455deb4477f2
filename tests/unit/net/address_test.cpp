#include "holdfast/net/address.h"

#include <gtest/gtest.h>

namespace holdfast::net {
namespace {

IpAddress at(const char* text) { return parse_address(text).value(); }

TEST(Address, ParsesAddressesOnly) {
  EXPECT_TRUE(parse_address("192.0.2.1"));
  EXPECT_TRUE(parse_address("2001:db8::1"));
  using namespace std::string_view_literals;
  for (const auto text : {""sv, "localhost"sv, "192.0.2"sv, "192.0.2.256"sv, "192.0.2.1 "sv, "[::1]"sv,
                          "fe80::1%lo"sv, "1"sv, "192.0.2.1\0.elsewhere"sv, "::1\0"sv}) {
    EXPECT_FALSE(parse_address(text)) << text;
  }
}

TEST(Address, PrintsWithItsPort) {
  EXPECT_EQ((PeerAddress{.address = at("192.0.2.1"), .port = 443}).to_string(), "192.0.2.1:443");
  EXPECT_EQ((PeerAddress{.address = at("2001:db8::1"), .port = 443}).to_string(), "[2001:db8::1]:443");
}

TEST(AddressKey, IsTheIpv4AddressOrTheIpv6Slash64) {
  EXPECT_EQ(address_key(at("192.0.2.1")), address_key(at("::ffff:192.0.2.1")));
  EXPECT_NE(address_key(at("192.0.2.1")), address_key(at("192.0.2.2")));
  EXPECT_EQ(address_key(at("2001:db8:1:2::1")), address_key(at("2001:db8:1:2:ffff::9")));
  EXPECT_NE(address_key(at("2001:db8:1:2::1")), address_key(at("2001:db8:1:3::1")));
}

TEST(Cidr, MatchesByPrefix) {
  const auto range = Cidr::parse("10.32.0.0/11");
  ASSERT_TRUE(range);
  EXPECT_TRUE(range->contains(at("10.32.0.0")));
  EXPECT_TRUE(range->contains(at("10.63.255.255")));
  EXPECT_TRUE(range->contains(at("::ffff:10.40.0.1")));
  EXPECT_FALSE(range->contains(at("10.64.0.0")));
  EXPECT_FALSE(range->contains(at("10.31.255.255")));
  EXPECT_FALSE(range->contains(at("::a20:0")));
  EXPECT_EQ(range->to_string(), "10.32.0.0/11");
}

TEST(Cidr, MatchesIpv6) {
  const auto range = Cidr::parse("2001:db8::/33");
  ASSERT_TRUE(range);
  EXPECT_TRUE(range->contains(at("2001:db8:7fff::1")));
  EXPECT_FALSE(range->contains(at("2001:db8:8000::1")));
  EXPECT_FALSE(range->contains(at("127.0.0.1")));
}

TEST(Cidr, AnAddressAloneIsItself) {
  const auto range = Cidr::parse("127.0.0.1");
  ASSERT_TRUE(range);
  EXPECT_TRUE(range->contains(at("127.0.0.1")));
  EXPECT_FALSE(range->contains(at("127.0.0.2")));
}

TEST(Cidr, ZeroBitsMatchTheWholeFamily) {
  EXPECT_TRUE(Cidr::parse("0.0.0.0/0")->contains(at("203.0.113.9")));
  EXPECT_FALSE(Cidr::parse("0.0.0.0/0")->contains(at("2001:db8::1")));
  EXPECT_TRUE(Cidr::parse("::/0")->contains(at("2001:db8::1")));
}

TEST(Cidr, AMappedRangeIsAnIpv4Range) {
  const auto range = Cidr::parse("::ffff:10.0.0.0/104");
  ASSERT_TRUE(range);
  EXPECT_EQ(range->to_string(), "10.0.0.0/8");
  EXPECT_TRUE(range->contains(at("10.9.9.9")));
}

TEST(Cidr, RefusesOtherTexts) {
  for (const char* text : {"", "/8", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/8x", "10.0.0.1/8",
                           "::1/64", "::ffff:0:0/95", "10.0.0.0/8/8", "name/8"}) {
    EXPECT_FALSE(Cidr::parse(text)) << text;
  }
}

}  // namespace
}  // namespace holdfast::net
