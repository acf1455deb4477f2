#include <gtest/gtest.h>

#include "batch_check.h"
#include "holdfast/storage/log_applier.h"
#include "storage/log_scene.h"

/// Must 9: a bad batch poisons the store (seen: a wrong count does not reopen), so nothing but our own kind
/// gets in.
namespace holdfast::storage {
namespace {

using test::BatchMaker;
using test::put_row;

Result<> check_bytes(RawBatch batch, const std::function<void(Bytes&)>& damage) {
  damage(batch.rep);
  return check_batch(batch);
}

/// A batch that some other operation is part of, with the right count and a right head.
RawBatch batch_with(const std::function<rocksdb::Status(rocksdb::WriteBatch&)>& add) {
  rocksdb::WriteBatch operations;
  EXPECT_TRUE(add(operations).ok());
  return BatchMaker().finish(operations);
}

TEST(LogBatchCheck, TakesWhatOurWritersMake) {
  BatchMaker maker;
  EXPECT_TRUE(check_batch(maker.next({})));
  auto batch = maker.next({put_row(0, "a", "1"),
                           put_row(7, "b", std::string(100'000, 'x')),
                           {.family = 3, .key = test::row_key("a"), .deleted = true}});
  EXPECT_TRUE(check_batch(batch));
  const auto parsed = parse_batch(batch.rep).value();
  EXPECT_EQ(parsed.head, batch.head);
  EXPECT_EQ(parsed.first_sequence, 2U);
  EXPECT_EQ(parsed.count, 4U);
}

TEST(LogBatchCheck, RefusesWrongCountsSequencesAndHeads) {
  const auto batch = BatchMaker().next({put_row(1, "a", "1")});
  auto changed = batch;
  changed.count = 3;
  EXPECT_FALSE(check_batch(changed));
  test::set_batch_count(changed.rep, 3);
  EXPECT_FALSE(check_batch(changed));
  changed = batch;
  test::set_batch_count(changed.rep, 1);
  changed.count = 1;
  EXPECT_FALSE(check_batch(changed));
  changed = batch;
  changed.first_sequence = 9;
  EXPECT_FALSE(check_batch(changed));
  changed = batch;
  changed.head.index = 2;
  EXPECT_FALSE(check_batch(changed));
}

TEST(LogBatchCheck, RefusesEveryTruncationAndTrailingBytes) {
  const auto batch = BatchMaker().next({put_row(1, "a", "1"), put_row(2, "b", "22")});
  for (std::size_t size = 0; size < batch.rep.size(); ++size) {
    EXPECT_FALSE(check_bytes(batch, [&](Bytes& rep) { rep.resize(size); })) << size;
  }
  EXPECT_FALSE(check_bytes(batch, [](Bytes& rep) { rep.push_back('\0'); }));
  EXPECT_FALSE(check_bytes(batch, [](Bytes& rep) { rep += rep.substr(batch_header_size); }));
}

TEST(LogBatchCheck, RefusesMissingDoubledAndMisplacedHeads) {
  const Head any{.term = {.reign = 1, .incarnation = 1}, .index = 1};
  EXPECT_FALSE(check_batch(batch_with([&](auto& batch) { return batch.Put("head", any.encode()); })));
  EXPECT_FALSE(check_batch(batch_with([](auto& batch) { return batch.Delete("head"); })));
  auto no_head = BatchMaker().next({put_row(1, "a", "1")});
  no_head.rep.resize(no_head.rep.size() - head_operation_size);
  test::set_batch_count(no_head.rep, 1);
  no_head.count = 1;
  EXPECT_FALSE(check_batch(no_head));
  EXPECT_FALSE(parse_batch(no_head.rep));
}

TEST(LogBatchCheck, RefusesUnknownFamiliesAndKeysWithoutATable) {
  EXPECT_FALSE(check_batch(BatchMaker().next({put_row(family_count, "a", "1")})));
  EXPECT_FALSE(check_batch(BatchMaker().next({put_row(0xffffffff, "a", "1")})));
  EXPECT_FALSE(check_batch(BatchMaker().next({{.family = family_count, .key = "key", .deleted = true}})));
  EXPECT_FALSE(check_batch(BatchMaker().next({{.family = 1, .key = "k", .value = "1"}})));
  EXPECT_FALSE(check_batch(BatchMaker().next({{.family = 1, .key = "", .value = "1"}})));
}

TEST(LogBatchCheck, RefusesEveryOtherKindOfOperation) {
  const auto key = test::row_key("a");
  const auto refuses = [](const std::function<rocksdb::Status(rocksdb::WriteBatch&)>& add) {
    return !check_batch(batch_with(add));
  };
  EXPECT_TRUE(refuses([&](auto& batch) { return batch.Merge(key, "1"); }));
  EXPECT_TRUE(refuses([&](auto& batch) { return batch.DeleteRange(key, key + "z"); }));
  EXPECT_TRUE(refuses([&](auto& batch) { return batch.SingleDelete(key); }));
  EXPECT_TRUE(refuses([&](auto& batch) { return batch.PutLogData("note"); }));
}

/// Tags of RocksDB's db/dbformat.h that have no public writer: two-phase marks (0x9–0xc, 0x12, 0x13, 0x15),
/// no-op (0xd), blob index (0x10, 0x11), wide columns (0x16, 0x17) and numbers that do not exist.
TEST(LogBatchCheck, RefusesEveryTagButPutAndDelete) {
  for (int tag = 0; tag < 256; ++tag) {
    for (const auto* const body : {"", "\x01xid",
                                   "\x03"
                                   "\x00\x7f"
                                   "a\x01v",
                                   "\x01\x03"
                                   "\x00\x7f"
                                   "a\x01v"}) {
      auto batch = BatchMaker().next({});
      const Bytes operation = static_cast<char>(tag) + Bytes(body);
      batch.rep.insert(batch_header_size, operation);
      for (const std::uint32_t count : {1U, 2U}) {
        test::set_batch_count(batch.rep, count);
        batch.count = count;
        const bool known = tag == 0x0 || tag == 0x1 || tag == 0x4 || tag == 0x5;
        if (!known) EXPECT_FALSE(check_batch(batch)) << "tag " << tag;
      }
    }
  }
}

TEST(LogBatchCheck, RefusesMoreThanABatchMayBe) {
  EXPECT_FALSE(check_batch(BatchMaker().next({put_row(1, "a", std::string(max_batch_bytes, 'x'))})));
}

}  // namespace
}  // namespace holdfast::storage
