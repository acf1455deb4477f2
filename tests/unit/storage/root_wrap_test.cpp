#include "holdfast/storage/root_wrap.h"

#include <gtest/gtest.h>

#include "holdfast/base/codec.h"
#include "holdfast/base/encoding.h"
#include "holdfast/crypto/key_wrap.h"
#include "holdfast/crypto/node_key.h"
#include "test_store.h"

namespace holdfast::storage {
namespace {

const ClusterId wrap_cluster("00112233445566778899aabbccddeeff");

/// RSA keys are slow to make: one of each for the whole file.
const crypto::RsaRegionKey& own_region_key() {
  static const auto key = *crypto::RsaRegionKey::generate();
  return key;
}
const crypto::RsaRegionKey& other_region_key() {
  static const auto key = *crypto::RsaRegionKey::generate();
  return key;
}

class RootWrap : public testing::Test {
 protected:
  WrapRow wrap() {
    return *wrap_root(wrap_cluster, root,
                      {.name = "us-east-1", .wrapping_key_der = own_region_key().public_key_der()}, signer,
                      from_micros(1'795'253'400'123'456));
  }
  RootKey root = RootKey::generate(1);
  crypto::NodeKey signer = *crypto::NodeKey::generate();
};

TEST_F(RootWrap, UnwrapsForItsOwnKeyOnly) {
  const auto row = wrap();
  const auto opened = unwrap_root(row, own_region_key(), root.pin());
  ASSERT_TRUE(opened) << opened.error().describe();
  EXPECT_EQ(opened->bytes.expose(), root.bytes.expose());
  EXPECT_EQ(opened->id, root.id);
  EXPECT_EQ(unwrap_root(row, other_region_key(), root.pin()).error().code, "wrong_region_key");
  auto lying = row;
  lying.target_spki_hash =
      wrap_root(wrap_cluster, root, {.name = "x", .wrapping_key_der = other_region_key().public_key_der()},
                signer, {})
          ->target_spki_hash;
  EXPECT_EQ(unwrap_root(lying, other_region_key(), root.pin()).error().code, "wrong_region_key");
}

TEST_F(RootWrap, AnotherRootThanThePinnedOneIsRefused) {
  EXPECT_EQ(unwrap_root(wrap(), own_region_key(), RootKey::generate(1).pin()).error().code,
            "root_pin_mismatch");
  auto renamed = wrap();
  renamed.root_id = root_key_bit | 2U;
  EXPECT_EQ(unwrap_root(renamed, own_region_key(), root.pin()).error().code, "root_pin_mismatch");
}

TEST_F(RootWrap, OnlyTheSignersOwnRowVerifies) {
  const auto row = wrap();
  const Bytes spki = signer.public_spki_der();
  ASSERT_TRUE(verify_wrap(wrap_cluster, row, spki));
  EXPECT_EQ(verify_wrap(ClusterId("other"), row, spki).error().code, "bad_signature");
  EXPECT_FALSE(verify_wrap(wrap_cluster, row, crypto::NodeKey::generate()->public_spki_der()));

  std::vector<WrapRow> forged(8, row);
  forged[0].kind = WrapTarget::Kind::recovery;
  forged[1].name = "eu-west-1";
  forged[2].root_id += 1;
  forged[3].target_spki_hash.back() ^= 1;
  forged[4].wrapped.back() ^= 1;
  forged[5].root_pin.back() ^= 1;
  forged[6].created += std::chrono::microseconds(1);
  forged[7].signature.back() ^= 1;
  for (std::size_t i = 0; i < forged.size(); ++i)
    EXPECT_FALSE(verify_wrap(wrap_cluster, forged[i], spki)) << i;

  // A member that names another as signer, and signs itself.
  const auto attacker = *crypto::NodeKey::generate();
  auto planted =
      *wrap_root(wrap_cluster, RootKey::generate(1),
                 {.name = "us-east-1", .wrapping_key_der = own_region_key().public_key_der()}, attacker, {});
  planted.signer_spki_hash = row.signer_spki_hash;
  EXPECT_FALSE(verify_wrap(wrap_cluster, planted, spki));
  EXPECT_FALSE(verify_wrap(wrap_cluster, planted, attacker.public_spki_der()));
}

TEST_F(RootWrap, ASmallOrMalformedKeyIsRefused) {
  EXPECT_EQ(
      wrap_root(wrap_cluster, root, {.name = "x", .wrapping_key_der = "no key"}, signer, {}).error().kind,
      ErrorKind::invalid);
}

TEST_F(RootWrap, RowIsGolden) {
  const WrapRow row{.kind = WrapTarget::Kind::member,
                    .name = "us-east-1",
                    .root_id = 0x80000001U,
                    .target_spki_hash = Bytes(32, 'T'),
                    .wrapped = "wrapped",
                    .root_pin = Bytes(32, 'P'),
                    .signer_spki_hash = Bytes(32, 'S'),
                    .created = from_micros(1'795'253'400'123'456),
                    .signature = "signature"};
  EXPECT_EQ(to_hex(row.encode()),
            "0100020975732d656173742d310304800000010420545454545454545454545454545454545454545454545454545454"
            "54545454540507"
            "777261707065640620505050505050505050505050505050505050505050505050505050505050505007205353535353"
            "535353535353535353"
            "53535353535353535353535353535353535308070cc18c02647080"
            "09097369676e6174757265");
  EXPECT_EQ(to_hex(root_wrap_key(WrapTarget::Kind::recovery, "a", 0x80000001U)), "0161000180000001");
  const auto back = WrapRow::decode(row.encode());
  ASSERT_TRUE(back);
  EXPECT_EQ(back->encode(), row.encode());
}

TEST(RootWrapRow, UnknownKindsAndNumbersThatDoNotFitAreDamage) {
  constexpr std::uint64_t beyond = std::uint64_t{1} << 32U;
  EXPECT_TRUE(WrapRow::decode(FieldWriter().number(1, 1).number(3, root_key_bit).take()));
  EXPECT_FALSE(WrapRow::decode(FieldWriter().number(1, 2).take()));
  EXPECT_FALSE(WrapRow::decode(FieldWriter().number(1, beyond).take()));
  EXPECT_FALSE(WrapRow::decode(FieldWriter().text(1, "nine bytes").take()));
  EXPECT_FALSE(WrapRow::decode(FieldWriter().number(3, beyond + root_key_bit).take()));
}

TEST_F(RootWrap, RowsAreReadableBeforeTheRingIsOpen) {
  test::TestStore store;
  const auto row = wrap();
  auto transaction = store.transaction();
  put_wrap(transaction, row);
  store.commit(std::move(transaction));
  const Reader locked(store.core().rocks(), nullptr);
  const auto stored = locked.get(root_wraps_table, root_wrap_key(row.kind, row.name, row.root_id));
  ASSERT_TRUE(stored) << stored.error().describe();
  EXPECT_TRUE(verify_wrap(wrap_cluster, *WrapRow::decode(stored->plain), signer.public_spki_der()));
  EXPECT_FALSE(locked.scan(data_keys_table, {}, {}, 1, [](BytesView, const Stored&) {}))
      << "sealed rows stay shut";
}

}  // namespace
}  // namespace holdfast::storage
