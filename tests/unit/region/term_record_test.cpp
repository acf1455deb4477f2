#include "holdfast/region/term_record.h"

#include <gtest/gtest.h>

#include "holdfast/base/encoding.h"
#include "holdfast/region/terms.h"

namespace holdfast::region {
namespace {

const ClusterId cluster{"00112233445566778899aabbccddeeff"};
const RegionName node{"us-east-1"};
const WallTime opened = from_micros(1'795'253'400'000'000);

crypto::NodeKey fixed_key(char fill = 'k') {
  return *crypto::NodeKey::from_private_bytes(Secret(Bytes(crypto::ed25519_private_size, fill)));
}

TermRecord golden_record() {
  TermRecord record;
  record.term = {.reign = 3, .incarnation = 2};
  record.nonce = "0123456789abcdef";
  record.previous_term = {.reign = 3, .incarnation = 1};
  record.previous_index = 41;
  record.previous_head_hash = Bytes(32, 'h');
  record.previous_record_hash = Bytes(32, 'r');
  record.node = node;
  record.opened_at = opened;
  record.sign(cluster, fixed_key());
  return record;
}

/// format, reign, incarnation, nonce, predecessor, its end, head hash, record hash, time, signer, name,
/// signature.
constexpr std::string_view golden_hex =
    "0100000003000000023031323334353637383961626364656600000003000000010000000000000029686868686868686868"
    "6868686868686868686868686868686868686868686868727272727272727272727272727272727272727272727272727272"
    "7272727272000660c601305600010975732d656173742d3140bc94d4afa9e2cf520d2992aebc3b0dae7b7486ca63ffe2073b"
    "db043d7ec2c007ca487185dabf540a627c90f047247dfc9f745206f115b683f6d88abe6d0e6702";

TermKeyLookup signed_by(const crypto::NodeKey& key) {
  return [spki = key.public_spki_der()](const TermRecord&) { return std::optional(spki); };
}

TEST(TermRecord, its_bytes_are_final) {
  const auto encoded = golden_record().encode();
  EXPECT_EQ(to_hex(encoded), golden_hex);
  // 124 fixed bytes, the name with its length, 64 bytes of signature with theirs.
  EXPECT_EQ(encoded.size(), 1U + 8 + 16 + 8 + 8 + 32 + 32 + 8 + 1 + (1 + node.str().size()) + (1 + 64));
  const auto decoded = TermRecord::decode(encoded);
  ASSERT_TRUE(decoded);
  EXPECT_EQ(*decoded, golden_record());
  EXPECT_TRUE(verify_term_record(*decoded, cluster, signed_by(fixed_key())));
}

TEST(TermRecord, every_flipped_byte_is_refused) {
  const auto encoded = golden_record().encode();
  for (std::size_t i = 0; i < encoded.size(); ++i) {
    auto damaged = encoded;
    damaged[i] = static_cast<char>(damaged[i] ^ 1);
    const auto decoded = TermRecord::decode(damaged);
    EXPECT_FALSE(decoded && verify_term_record(*decoded, cluster, signed_by(fixed_key()))) << "byte " << i;
  }
}

TEST(TermRecord, a_signature_of_another_cluster_or_key_is_refused) {
  EXPECT_FALSE(verify_term_record(golden_record(), ClusterId("another"), signed_by(fixed_key())));
  EXPECT_FALSE(verify_term_record(golden_record(), cluster, signed_by(fixed_key('x'))));
  EXPECT_FALSE(verify_term_record(golden_record(), cluster, [](const TermRecord&) { return std::nullopt; }));
}

TEST(TermRecord, absurd_terms_are_refused_even_when_signed) {
  const auto refuse = [](auto change) {
    auto record = golden_record();
    change(record);
    record.sign(cluster, fixed_key());
    EXPECT_FALSE(verify_term_record(record, cluster, signed_by(fixed_key())));
  };
  refuse([](TermRecord& record) { record.term = {.reign = 0xffffffffU, .incarnation = 1}; });
  refuse([](TermRecord& record) { record.term = {.reign = max_reign + 1, .incarnation = 1}; });
  refuse([](TermRecord& record) { record.term = {.reign = 4, .incarnation = 2}; });
  refuse([](TermRecord& record) { record.term = record.previous_term; });
  refuse([](TermRecord& record) { record.term = {.reign = 0, .incarnation = 0}; });
}

TEST(TermChain, links_hold_or_the_chain_is_refused) {
  const auto key = fixed_key();
  const auto first = first_term(cluster, node, key, opened);
  const storage::Head end{.term = first.term, .index = 10};
  const auto next = next_incarnation(first, end, cluster, key, opened);
  const auto chain = TermChain::verify({first, next}, cluster, signed_by(key));
  ASSERT_TRUE(chain);
  EXPECT_EQ(chain->successor(first.term)->previous_index, 10U);
  EXPECT_EQ(chain->newest()->term, (storage::Term{.reign = 1, .incarnation = 2}));
  EXPECT_FALSE(TermChain::verify({next, first}, cluster, signed_by(key)));
  const auto other_first = first_term(cluster, node, key, opened);
  EXPECT_FALSE(TermChain::verify({other_first, next}, cluster, signed_by(key)))
      << "another nonce, another record";
}

TEST(TermChain, the_higher_nonce_outranks_in_one_reign) {
  auto low = golden_record();
  auto high = golden_record();
  low.nonce = "aaaaaaaaaaaaaaaa";
  high.nonce = "bbbbbbbbbbbbbbbb";
  EXPECT_TRUE(outranks(high, low));
  EXPECT_FALSE(outranks(low, high));
  low.term.reign = 4;
  EXPECT_TRUE(outranks(low, high));
  EXPECT_FALSE(outranks(high, high));
}

}  // namespace
}  // namespace holdfast::region
