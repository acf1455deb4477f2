#include "holdfast/storage/key_ring.h"

#include <gtest/gtest.h>

#include "holdfast/base/codec.h"
#include "holdfast/base/encoding.h"
#include "holdfast/crypto/hash.h"
#include "test_store.h"

namespace holdfast::storage {
namespace {

const ClusterId ring_cluster("00112233445566778899aabbccddeeff");
constexpr Table ring_things{Family::identity, 0x01f0, "ring_things"};

RootKey counting_root() {
  Bytes key(32, '\0');
  for (std::size_t i = 0; i < key.size(); ++i) key[i] = static_cast<char>(i);
  return {.id = root_key_bit | 1U, .bytes = Secret(key)};
}

TEST(RootKey, PinIsGolden) {
  EXPECT_EQ(to_hex(counting_root().pin()),
            "bc02deb40cb0f93aa7f4bc87f3bcf5637fe242a0bdc4e830bec845ecd69ff944");
  EXPECT_NE(RootKey::generate(1).pin(), RootKey::generate(1).pin());
  EXPECT_EQ(RootKey::generate(2).id, 0x80000002U);
}

// Sealed by libsodium, called from an independent script that follows docs/formats/records.md.
TEST(KeyRing, RowIsGolden) {
  const Bytes golden = *from_hex(
      "01008000000100016465666768696a6b6c6d6e6f707172737475767778797a7bbb0ebf1e407ba1e2a6ab87c8302d2c1e761a73"
      "9590fa4e635d"
      "b3b895b63a886605abf21f6eed662521a6f30ec469f8feaff62d6ec6132f27634501cce46b9e4a9112e73b4b4b72e7479225");
  const Bytes key = KeyWriter().u32(2).take();
  const auto stored = open_record({.cluster = ring_cluster, .table = data_keys_table, .key = key},
                                  Secret(Bytes(32, '\x09')), golden);
  ASSERT_TRUE(stored) << stored.error().describe();
  const auto fields = FieldReader::parse(stored->plain);
  EXPECT_EQ(fields->text(1), "blinding");
  EXPECT_EQ(fields->text(2), counting_root().bytes.expose());
  EXPECT_EQ(fields->signed_number(3), 1'795'253'400'123'456);
  EXPECT_EQ(fields->number(4), 1U);
  EXPECT_EQ(fields->number(5), 2U);
}

TEST(KeyRing, AKeyIsUsableInsideItsOwnTransactionAndAfter) {
  test::TestStore store;
  const auto scope = Scope::pool(PoolId("us-east-1_AbCd"));
  EXPECT_EQ(store.core().keys()->key_for(scope).error().code, "key_missing");
  auto transaction = store.transaction();
  const auto id = store.core().keys()->create_key(transaction, scope, store.clock().now());
  transaction.put(ring_things, "by scope", scope, 1, "one").put(ring_things, "by id", id, 1, "two");
  store.commit(std::move(transaction));
  EXPECT_EQ(store.core().keys()->key_for(scope), id);
  EXPECT_EQ(store.reader().get(ring_things, "by scope")->plain, "one");
  EXPECT_EQ(store.reader().get(ring_things, "by id")->plain, "two");
}

TEST(KeyRing, TheNewestKeySealsAndOldOnesStillOpen) {
  test::TestStore store;
  const auto ring = store.core().keys();
  auto first = store.transaction();
  first.put(ring_things, "old", Scope::system(), 1, "old");
  store.commit(std::move(first));
  const auto old_id = *ring->key_for(Scope::system());
  auto second = store.transaction();
  const auto new_id = ring->create_key(second, Scope::system(), store.clock().now());
  store.commit(std::move(second));
  EXPECT_NE(old_id, new_id);
  EXPECT_EQ(ring->key_for(Scope::system()), new_id);
  EXPECT_EQ(store.reader().get(ring_things, "old")->plain, "old");
}

TEST(KeyRing, ARefusedTransactionLeavesNoKey) {
  test::TestStore store;
  auto transaction = store.transaction();
  transaction.require_present(ring_things, "nothing", {});
  store.core().keys()->create_key(transaction, Scope::bucket("photos"), store.clock().now());
  ASSERT_FALSE(store.committer().commit_and_wait(std::move(transaction)));
  EXPECT_FALSE(store.core().keys()->key_for(Scope::bucket("photos")));
}

TEST(KeyRing, AnotherRootOrClusterDoesNotUnlock) {
  test::TempDirectory directory;
  auto core = *CoreDb::open({.path = directory.path() / "core.db", .create = true});
  ASSERT_TRUE(core->unlock(ring_cluster, counting_root()));
  test::TestClock clock;
  {
    Committer committer(*core, clock);
    ASSERT_TRUE(committer.begin({.reign = 1, .incarnation = 1}));
    auto transaction = core->transaction();
    core->keys()->create_key(transaction, Scope::system(), clock.now());
    transaction.put(ring_things, "row", Scope::system(), 1, "value");
    ASSERT_TRUE(committer.commit_and_wait(std::move(transaction)));
  }
  core.reset();

  core = *CoreDb::open({.path = directory.path() / "core.db"});
  EXPECT_EQ(core->unlock(ring_cluster, RootKey::generate(1)).error().kind, ErrorKind::corrupt);
  auto other_id = counting_root();
  other_id.id = root_key_bit | 2U;
  EXPECT_EQ(core->unlock(ring_cluster, std::move(other_id)).error().kind, ErrorKind::corrupt);
  EXPECT_EQ(core->unlock(ClusterId("ffeeddccbbaa99887766554433221100"), counting_root()).error().kind,
            ErrorKind::corrupt);
  EXPECT_FALSE(core->unlocked());
  ASSERT_TRUE(core->unlock(ring_cluster, counting_root()));
  EXPECT_EQ(core->reader().get(ring_things, "row")->plain, "value");
}

TEST(Blinder, IsAnHmacUnderTheNewestKey) {
  test::TestStore store;
  const auto ring = store.core().keys();
  const Blinder blinder(*ring);
  const auto id = *ring->key_for(Scope::blinding());
  const Bytes folded = *blinder.blind("email:p", "Alice@Example.com");
  const Bytes message = Bytes("email:p") + '\0' + "alice@example.com";
  EXPECT_EQ(folded,
            ByteWriter().u32(id).u8(1).raw(crypto::hmac_sha256((*ring->key(id))->expose(), message)).take());
  EXPECT_EQ(folded.size(), Blinder::size);
  EXPECT_EQ(*blinder.blind("email:p", "ALICE@example.COM"), folded);
  EXPECT_NE(*blinder.blind("email:q", "Alice@Example.com"), folded) << "another namespace";
  EXPECT_EQ(*blinder.blind("name", "Ma\u0301ximo"), *blinder.blind("name", "M\u00e1ximo")) << "NFC";
  EXPECT_EQ(blinder.blind("email:p", "\xff").error().kind, ErrorKind::invalid);
}

TEST(Blinder, KeyAndNormalisationAreNamedInTheResult) {
  test::TestStore store;
  const auto ring = store.core().keys();
  const Blinder blinder(*ring);
  const auto old_id = *ring->key_for(Scope::blinding());
  const Bytes before = *blinder.blind("email", "a@b.c");
  auto transaction = store.transaction();
  const auto new_id = ring->create_key(transaction, Scope::blinding(), store.clock().now());
  store.commit(std::move(transaction));
  EXPECT_NE(*blinder.blind("email", "a@b.c"), before);
  EXPECT_EQ(KeyReader(*blinder.blind("email", "a@b.c")).u32(), new_id);
  EXPECT_EQ(*blinder.blind_with(old_id, "email", "a@b.c", Normalisation::folded), before)
      << "look-ups while re-blinding";
  const Bytes exact = *blinder.blind("email", "A@b.c", Normalisation::exact);
  EXPECT_NE(exact, *blinder.blind("email", "a@b.c", Normalisation::exact));
  EXPECT_EQ(exact[4], 0);
  EXPECT_FALSE(blinder.blind_with(4711, "email", "a@b.c", Normalisation::folded));
}

}  // namespace
}  // namespace holdfast::storage
