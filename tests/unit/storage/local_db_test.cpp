#include "holdfast/storage/local_db.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "holdfast/base/codec.h"
#include "holdfast/base/encoding.h"
#include "holdfast/crypto/key_wrap.h"
#include "holdfast/storage/look.h"
#include "rocks.h"
#include "storage/fault_env.h"
#include "test_store.h"

namespace holdfast::storage {
namespace {

const crypto::RsaRegionKey& local_region_key() {
  static const auto key = *crypto::RsaRegionKey::generate();
  return key;
}

class LocalDbTest : public testing::Test {
 protected:
  Result<std::unique_ptr<LocalDb>> open(bool create = false) {
    return LocalDb::open({.path = directory.path() / "local.db", .create = create}, local_region_key());
  }
  test::TempDirectory directory;
};

TEST_F(LocalDbTest, ALookReadsAndWritesNothing) {
  {
    auto local = *open(true);
    ASSERT_TRUE(local->put(local_tables::outbox, "a", "one"));
  }
  const auto look = look_into_local(directory.path() / "local.db", local_region_key());
  ASSERT_TRUE(look) << look.error().describe();
  EXPECT_EQ(*(*look)->find(local_tables::outbox, "a"), "one");
  EXPECT_FALSE((*look)->put(local_tables::outbox, "a", "two"));
  EXPECT_EQ(*(*open())->find(local_tables::outbox, "a"), "one") << "it does not hold the store either";
}

TEST_F(LocalDbTest, KeepsEverythingAcrossReopening) {
  EXPECT_EQ(open().error().code, "store_missing");
  {
    auto local = *open(true);
    EXPECT_EQ(*local->node(), std::nullopt);
    EXPECT_EQ(*local->standing(), Standing{});
    EXPECT_EQ(*local->watermark("1"), std::nullopt);
    ASSERT_TRUE(local->set_node({.cluster = ClusterId("00112233445566778899aabbccddeeff"),
                                 .node_id = "node-1",
                                 .region = RegionName("us-east-1"),
                                 .node_key = Secret(Bytes(32, 'K'))}));
    ASSERT_TRUE(local->set_standing({.role = "primary", .fenced = true, .highest_seen = 7, .promised = 300}));
    ASSERT_TRUE(local->set_watermark("1", {.term = {.reign = 2, .incarnation = 3}, .index = 99}));
    ASSERT_TRUE(local->set_root_pin(0x80000001U, "pin"));
    ASSERT_TRUE(local->put(local_tables::outbox, "b", "two"));
    ASSERT_TRUE(local->put(local_tables::outbox, "a", "one"));
    ASSERT_TRUE(local->put(local_tables::counters, "a", "other table"));
    ASSERT_TRUE(local->erase(local_tables::counters, "a"));
    EXPECT_EQ(open().error().code, "store_in_use");
  }
  EXPECT_EQ(open(true).error().code, "store_exists");
  auto local = *open();
  const auto node = *local->node();
  ASSERT_TRUE(node);
  EXPECT_EQ(node->cluster.str(), "00112233445566778899aabbccddeeff");
  EXPECT_EQ(node->node_id, "node-1");
  EXPECT_EQ(node->region.str(), "us-east-1");
  EXPECT_EQ(node->node_key.expose(), Bytes(32, 'K'));
  EXPECT_EQ(*local->standing(),
            (Standing{.role = "primary", .fenced = true, .highest_seen = 7, .promised = 300}));
  EXPECT_EQ(*local->watermark("1"), (Watermark{.term = {.reign = 2, .incarnation = 3}, .index = 99}));
  EXPECT_EQ(*local->watermark("2"), std::nullopt);
  EXPECT_EQ(*local->root_pin(0x80000001U), "pin");
  EXPECT_EQ(*local->find(local_tables::counters, "a"), std::nullopt);
  std::string seen;
  ASSERT_TRUE(local->scan(local_tables::outbox, {}, {}, 99, [&](BytesView key, BytesView plain) {
    seen += std::string(key) + "=" + std::string(plain) + " ";
    return true;
  }));
  EXPECT_EQ(seen, "a=one b=two ");
  seen.clear();
  ASSERT_TRUE(local->scan(local_tables::outbox, {}, "a", 99, [&](BytesView key, BytesView) {
    seen += key;
    return true;
  }));
  EXPECT_EQ(seen, "b");
}

TEST_F(LocalDbTest, AnotherRegionKeyDoesNotOpenIt) {
  ASSERT_TRUE(open(true));
  const auto other = *crypto::RsaRegionKey::generate();
  const auto opened = LocalDb::open({.path = directory.path() / "local.db"}, other);
  EXPECT_EQ(opened.error().code, "wrong_region_key");
  EXPECT_TRUE(open()) << "the right one still does";
}

TEST_F(LocalDbTest, ABatchIsAllOrNothing) {
  auto local = *open(true);
  LocalDb::Batch batch;
  batch.put(local_tables::outbox, "a", "1")
      .put(local_tables::used_codes, "b", "2")
      .erase(local_tables::outbox, "c");
  ASSERT_TRUE(local->write(std::move(batch)));
  EXPECT_EQ(*local->find(local_tables::outbox, "a"), "1");
  EXPECT_EQ(*local->find(local_tables::used_codes, "b"), "2");
}

TEST_F(LocalDbTest, NothingReadableReachesTheDisk) {
  {
    auto local = *open(true);
    ASSERT_TRUE(local->put(local_tables::outbox, "key", "planted-plain-text"));
  }
  int files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(directory.path() / "local.db")) {
    std::ifstream file(entry.path(), std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(file), {}};
    EXPECT_EQ(bytes.find("planted"), std::string::npos) << entry.path();
    ++files;
  }
  EXPECT_GT(files, 3);
}

/// RocksDB opens a log with a flipped byte as a shorter one and says nothing. What a region has promised,
/// that it is fenced, and who it is, must not go that way.
TEST_F(LocalDbTest, AFlippedByteInTheLogTakesNoStandingAway) {
  const Standing standing{.role = "fenced", .fenced = true, .highest_seen = 7, .promised = 300};
  {
    auto local = *open(true);
    ASSERT_TRUE(local->set_root_pin(0x80000001U, "pin"));
    ASSERT_TRUE(local->set_standing(standing));
    for (int i = 0; i < 20; ++i) ASSERT_TRUE(local->put(local_tables::counters, "a", std::to_string(i)));
  }
  const auto path = directory.path() / "local.db";
  int flips = 0;
  int lost = 0;
  for (const auto& entry : std::filesystem::directory_iterator(path)) {
    if (entry.path().extension() != ".log") continue;
    for (std::uintmax_t offset = 5; offset < entry.file_size(); offset += 61, ++flips) {
      const test::TempDirectory copy;
      std::filesystem::copy(path, copy / "local.db");
      std::fstream log((copy / "local.db") / entry.path().filename().string(),
                       std::ios::in | std::ios::out | std::ios::binary);
      log.seekg(static_cast<std::streamoff>(offset));
      const auto byte = static_cast<char>(log.get() ^ 0x10);
      log.seekp(static_cast<std::streamoff>(offset));
      log.put(byte);
      log.close();
      const auto local = LocalDb::open({.path = copy / "local.db"}, local_region_key());
      ASSERT_TRUE(local) << local.error().describe();
      EXPECT_EQ((*local)->standing(), standing) << offset;
      EXPECT_EQ((*local)->root_pin(0x80000001U), "pin") << offset;
      lost += (*local)->find(local_tables::counters, "a") == "19" ? 0 : 1;
    }
  }
  EXPECT_GT(flips, 20);
  EXPECT_EQ(lost, flips) << "what is in the log alone is lost without a word";
}

TEST_F(LocalDbTest, EveryWriteIsSyncedAndAFailedSyncEndsWriting) {
  test::FaultEnv faults;
  const LocalDb::Options options{.path = directory.path() / "local.db", .create = true};
  {
    auto local = *LocalDb::open_tuned(options, local_region_key(), {.env = faults.env()});
    ASSERT_TRUE(local->put(local_tables::outbox, "kept", "1"));
    faults.fail_syncs(".log", 1);
    EXPECT_EQ(local->put(local_tables::outbox, "unknown", "2").error().kind, ErrorKind::outcome_unknown);
    EXPECT_EQ(faults.syncs_to_fail(), 0);
    EXPECT_EQ(local->put(local_tables::outbox, "late", "3").error().kind, ErrorKind::unavailable);
    EXPECT_EQ(*local->find(local_tables::outbox, "kept"), "1") << "reading goes on";
  }
  faults.drop_unsynced();
  auto local = *LocalDb::open_tuned({.path = options.path}, local_region_key(), {.env = faults.env()});
  EXPECT_EQ(*local->find(local_tables::outbox, "kept"), "1");
  EXPECT_EQ(*local->find(local_tables::outbox, "late"), std::nullopt);
}

/// A reign of 2^32 + 1 read as reign 1 would let a lower one pass for the highest promised.
TEST_F(LocalDbTest, ANumberThatDoesNotFitIsDamageNotAnotherNumber) {
  constexpr std::uint64_t beyond = (std::uint64_t{1} << 32U) + 1;
  for (const std::uint32_t field : {3U, 4U})
    EXPECT_EQ(Standing::decode(FieldWriter().number(field, beyond).take()).error().kind, ErrorKind::corrupt);
  EXPECT_FALSE(Standing::decode(FieldWriter().text(4, "nine bytes").take()));
  auto local = *open(true);
  for (const std::uint32_t field : {1U, 2U}) {
    ASSERT_TRUE(local->put(local_tables::watermark, "1", FieldWriter().number(field, beyond).take()));
    EXPECT_EQ(local->watermark("1").error().kind, ErrorKind::corrupt);
  }
}

TEST(LocalRows, GoldenBytes) {
  const NodeIdentity node{.cluster = ClusterId("00112233445566778899aabbccddeeff"),
                          .node_id = "node-1",
                          .region = RegionName("us-east-1"),
                          .node_key = Secret(Bytes(32, 'K'))};
  EXPECT_EQ(to_hex(node.encode()),
            "0120303031313232333334343535363637373838393961616262636364646565666602066e6f64652d31030975732d65"
            "6173742d310420"
            "4b4b4b4b4b4b4b4b4b4b4b4b4b4b4b4b4b4b4b4b4b4b4b4b4b4b4b4b4b4b4b4b");
  const Standing standing{.role = "primary", .fenced = true, .highest_seen = 7, .promised = 300};
  EXPECT_EQ(to_hex(standing.encode()), "01077072696d6172790201010301070402012c");
}

}  // namespace
}  // namespace holdfast::storage
