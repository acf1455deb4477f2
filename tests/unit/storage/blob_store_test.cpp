#include "holdfast/storage/blob_store.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <random>

#include "blob_format.h"
#include "holdfast/base/encoding.h"
#include "holdfast/crypto/hash.h"
#include "holdfast/crypto/random.h"
#include "holdfast/storage/blob_collector.h"
#include "recent_uploads.h"
#include "storage/file_size_limit.h"
#include "storage/temp_directory.h"

namespace holdfast::storage {
namespace {

constexpr std::uint32_t blob_key_id = 7;

Result<Secret> blob_test_key(std::uint32_t key_id) {
  if (key_id != blob_key_id) return fail(ErrorKind::not_found, "unknown_key", "no such key");
  return Secret(Bytes(32, 'k'));
}

BlobStore open_blobs(const std::filesystem::path& path) {
  return BlobStore::open(path, ClusterId("00112233445566778899aabbccddeeff"), blob_test_key, 0).value();
}

Bytes blob_content(std::size_t size) {
  std::mt19937_64 random(size);
  Bytes content(size, '\0');
  for (auto& byte : content) byte = static_cast<char>(random());
  return content;
}

std::filesystem::path blob_file(const std::filesystem::path& root, const BlobId& id) {
  return root / id.str().substr(0, 2) / id.str();
}

bool holds_blob(const BlobStore& blobs, const BlobInfo& info) {
  const auto content = blobs.read(info.id).value().read(0, SIZE_MAX);
  return content && content->size() == info.size && crypto::sha256(*content) == info.sha256;
}

void flip_byte(const std::filesystem::path& path, std::streamoff offset) {
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekg(offset);
  const auto byte = static_cast<char>(file.get() ^ 1);
  file.seekp(offset);
  file.put(byte);
}

class BlobStoreTest : public testing::Test {
 protected:
  test::TempDirectory directory_;
  std::filesystem::path root_ = directory_ / "blobs";
  BlobStore blobs_ = open_blobs(root_);
};

TEST_F(BlobStoreTest, GivesBackWhatWasPutAtEverySizeAroundAChunk) {
  for (const auto size : {std::size_t{0}, std::size_t{1}, blob_chunk_bytes - 1, blob_chunk_bytes,
                          blob_chunk_bytes + 1, 3 * blob_chunk_bytes}) {
    const auto content = blob_content(size);
    const auto info = blobs_.put(blob_key_id, content).value();
    EXPECT_EQ(info.size, size);
    EXPECT_EQ(info.sha256, crypto::sha256(content));
    crypto::Md5 md5;
    md5.update(content);
    EXPECT_EQ(info.md5, md5.finish());
    auto reader = blobs_.read(info.id).value();
    EXPECT_EQ(reader.size(), size);
    EXPECT_EQ(reader.read(0, size + 10).value(), content);
    EXPECT_TRUE(holds_blob(blobs_, info));
  }
}

TEST_F(BlobStoreTest, ReadsAnyRangeAndWritesAnyPieces) {
  const auto content = blob_content(2 * blob_chunk_bytes + 12345);
  auto writer = blobs_.create(blob_key_id).value();
  std::mt19937 random(42);
  for (std::size_t at = 0; at < content.size();) {
    const auto piece = std::uniform_int_distribution<std::size_t>(1, 300'000)(random);
    ASSERT_TRUE(writer.add(BytesView(content).substr(at, piece)));
    at += piece;
  }
  const auto info = writer.finish().value();
  auto reader = blobs_.read(info.id).value();
  for (int i = 0; i < 200; ++i) {
    const auto offset = std::uniform_int_distribution<std::size_t>(0, content.size() + 5)(random);
    const auto size = std::uniform_int_distribution<std::size_t>(0, content.size())(random);
    EXPECT_EQ(reader.read(offset, size).value(), offset < content.size() ? content.substr(offset, size) : "");
  }
}

TEST_F(BlobStoreTest, NothingIsVisibleBeforeFinishAndNothingIsLeftWithoutIt) {
  std::string id;
  {
    auto writer = blobs_.create(blob_key_id).value();
    id = writer.id().str();
    ASSERT_TRUE(writer.add(blob_content(2 * blob_chunk_bytes)));
    EXPECT_FALSE(blobs_.has(BlobId(id)));
    EXPECT_TRUE(std::filesystem::exists(root_ / "writing" / id));
  }
  EXPECT_FALSE(std::filesystem::exists(root_ / "writing" / id));
}

TEST_F(BlobStoreTest, WhatAKilledWriterLeftIsRemovedAtTheNextStart) {
  std::ofstream(root_ / "writing" / "half") << "half";
  open_blobs(root_);
  EXPECT_TRUE(std::filesystem::is_empty(root_ / "writing"));
}

TEST_F(BlobStoreTest, NoFlippedByteIsServed) {
  const auto content = blob_content(5000);
  const auto size = static_cast<std::streamoff>(blob_header_bytes + blob_chunk_overhead + content.size());
  for (std::streamoff offset = 0; offset < size; offset += offset < 80 ? 1 : 97) {
    const auto info = blobs_.put(blob_key_id, content).value();
    flip_byte(blob_file(root_, info.id), offset);
    auto reader = blobs_.read(info.id);
    EXPECT_FALSE(reader && reader->read(0, content.size())) << "offset " << offset;
  }
}

TEST_F(BlobStoreTest, TruncationAtAChunkBoundaryIsNoticed) {
  const auto info = blobs_.put(blob_key_id, blob_content(2 * blob_chunk_bytes)).value();
  std::filesystem::resize_file(blob_file(root_, info.id), blob::offset_of(1));
  auto reader = blobs_.read(info.id).value();
  EXPECT_EQ(reader.read(0, 10).error().kind, ErrorKind::corrupt);
}

TEST_F(BlobStoreTest, SwappedChunksAndForeignBlobsAreNoticed) {
  const auto one = blobs_.put(blob_key_id, blob_content(3 * blob_chunk_bytes)).value();
  const auto path = blob_file(root_, one.id);
  auto reader = blobs_.read(one.id).value();
  const auto first = reader.sealed_chunk(0).value();
  const auto second = reader.sealed_chunk(1).value();
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(static_cast<std::streamoff>(blob::offset_of(0)));
  file << second << first;
  file.close();
  EXPECT_EQ(blobs_.read(one.id).value().read(0, 1).error().kind, ErrorKind::corrupt);

  const auto two = blobs_.put(blob_key_id, "two").value();
  const auto three = blobs_.put(blob_key_id, "333").value();
  std::filesystem::copy_file(blob_file(root_, two.id), blob_file(root_, three.id),
                             std::filesystem::copy_options::overwrite_existing);
  EXPECT_EQ(blobs_.read(three.id).error().kind, ErrorKind::corrupt);
}

TEST_F(BlobStoreTest, RemembersTheLastUploadsOnly) {
  RecentUploads recent(100);
  const auto file = directory_ / "upload";
  std::ofstream(file) << "bytes";
  recent.add(file, 60);
  recent.add(directory_ / "removed meanwhile", 40);
  EXPECT_EQ(recent.bytes(), 100U);
  recent.add(file, 50);
  EXPECT_EQ(recent.bytes(), 90U);
  recent.add(file, 20);
  EXPECT_EQ(recent.bytes(), 70U);
  recent.add(file, 1000);
  EXPECT_EQ(recent.bytes(), 0U);
  EXPECT_EQ(std::filesystem::file_size(file), 5U);
}

TEST_F(BlobStoreTest, OnlyIdsReachThePath) {
  EXPECT_FALSE(BlobStore::is_id("../../../../../../../../../etc/"));
  EXPECT_FALSE(BlobStore::is_id("00112233445566778899AABBCCDDEEFF"));
  EXPECT_EQ(blobs_.read(BlobId("../LOCK")).error().kind, ErrorKind::not_found);
  EXPECT_EQ(blobs_.remove(BlobId("../LOCK")).error().kind, ErrorKind::invalid);
  EXPECT_EQ(blobs_.import(BlobId(""), {}).error().kind, ErrorKind::invalid);
}

TEST_F(BlobStoreTest, ListsInOrderAndStops) {
  std::vector<std::string> ids;
  for (int i = 0; i < 20; ++i) ids.push_back(blobs_.put(blob_key_id, "x").value().id.str());
  std::ranges::sort(ids);
  std::vector<std::string> listed;
  ASSERT_TRUE(blobs_.list([&](const BlobId& id, std::uint64_t) {
    listed.push_back(id.str());
    return true;
  }));
  EXPECT_EQ(listed, ids);
  int visits = 0;
  ASSERT_TRUE(blobs_.list([&](const BlobId&, std::uint64_t) { return ++visits < 3; }));
  EXPECT_EQ(visits, 3);
}

/// docs/formats/blobs.md: a changed byte here means that no deployed region could read its blobs any more.
TEST_F(BlobStoreTest, FormatIsPinned) {
  const BlobId id("000102030405060708090a0b0c0d0e0f");
  EXPECT_EQ(to_hex(blob::encode_header(blob_key_id, id)),
            "4846424c4f42"                      // HFBLOB
            "0001"                              // format
            "00000007"                          // key id
            "000102030405060708090a0b0c0d0e0f"  // blob id
            "00000000");
  const blob::Cipher cipher(ClusterId("00112233445566778899aabbccddeeff"), id, blob_key_id,
                            Secret(Bytes(32, 'k')));
  const auto sealed = cipher.seal_with(Bytes(24, 'n'), 3, true, "photo");
  EXPECT_EQ(to_hex(sealed),
            "6e6e6e6e6e6e6e6e6e6e6e6e6e6e6e6e6e6e6e6e6e6e6e6e8590a7c1a93f52418562b27fd69189821b2580e0a5");
  EXPECT_EQ(cipher.open(3, true, sealed).value(), "photo");
  EXPECT_FALSE(cipher.open(3, false, sealed));
  EXPECT_FALSE(cipher.open(2, true, sealed));
}

/// A blob that is named by a transaction must not hang on a folder that somebody else is just making.
TEST_F(BlobStoreTest, AllFoldersAreThereBeforeTheFirstBlob) {
  for (int first = 0; first < 256; ++first)
    EXPECT_TRUE(std::filesystem::is_directory(root_ / to_hex(Bytes(1, static_cast<char>(first)))));
  EXPECT_TRUE(blobs_.list([](const BlobId&, std::uint64_t) { return false; }));
}

class BlobImportTest : public BlobStoreTest {
 protected:
  static BlobContent content_of(const BlobInfo& info) { return {.size = info.size, .sha256 = info.sha256}; }
  Result<BlobImport> import_of(const BlobInfo& info) { return there_.import(info.id, content_of(info)); }
  /// Copies a blob into `there_`, at most `chunks` of it; true when it is all there.
  bool ship(const BlobInfo& info, std::uint64_t chunks) {
    auto reader = blobs_.read(info.id).value();
    auto import = import_of(info).value();
    if (import.wants_header()) EXPECT_TRUE(import.header(reader.header()));
    while (chunks-- > 0 && import.next_chunk() < reader.shape().chunks) {
      const auto index = import.next_chunk();
      EXPECT_TRUE(import.add(reader.sealed_chunk(index).value(), index + 1 == reader.shape().chunks));
    }
    return import.finish().has_value();
  }

  BlobStore there_ = open_blobs(directory_ / "there");
};

TEST_F(BlobImportTest, ArrivesByteForByte) {
  for (const auto size : {std::size_t{0}, std::size_t{17}, 2 * blob_chunk_bytes, 2 * blob_chunk_bytes + 1}) {
    const auto content = blob_content(size);
    const auto info = blobs_.put(blob_key_id, content).value();
    EXPECT_TRUE(ship(info, 100));
    EXPECT_TRUE(holds_blob(there_, info));
    EXPECT_EQ(import_of(info).error().kind, ErrorKind::conflict);
  }
}

TEST_F(BlobImportTest, GoesOnAfterACut) {
  const auto info = blobs_.put(blob_key_id, blob_content(3 * blob_chunk_bytes + 5)).value();
  EXPECT_FALSE(ship(info, 2));
  EXPECT_FALSE(there_.has(info.id));
  // What a power cut may leave: a torn chunk and one that was never written.
  const auto partial = directory_ / "there" / "partial" / info.id.str();
  std::ofstream(partial, std::ios::app) << "torn";
  EXPECT_EQ(import_of(info).value().next_chunk(), 2U);
  flip_byte(partial, static_cast<std::streamoff>(blob::offset_of(1)) + 100);
  EXPECT_EQ(import_of(info).value().next_chunk(), 1U);
  EXPECT_TRUE(ship(info, 100));
  EXPECT_TRUE(holds_blob(there_, info));
}

TEST_F(BlobImportTest, RefusesWhatDoesNotVerify) {
  const auto info = blobs_.put(blob_key_id, blob_content(blob_chunk_bytes + 5)).value();
  auto reader = blobs_.read(info.id).value();
  auto import = import_of(info).value();
  EXPECT_FALSE(import.header("short"));
  EXPECT_FALSE(import.header(blob::encode_header(blob_key_id, BlobId(std::string(32, 'a')))));
  EXPECT_EQ(import.header(blob::encode_header(99, info.id)).error().code, "unknown_key");
  ASSERT_TRUE(import.header(reader.header()));
  auto chunk = reader.sealed_chunk(0).value();
  EXPECT_FALSE(import.add(chunk, true));
  EXPECT_FALSE(import.add(reader.sealed_chunk(1).value(), true));
  EXPECT_FALSE(import.finish());
  chunk.back() = static_cast<char>(chunk.back() ^ 1);
  EXPECT_EQ(import.add(chunk, false).error().kind, ErrorKind::corrupt);
  EXPECT_EQ(import.next_chunk(), 0U);
}

TEST_F(BlobImportTest, WhatFoundNoRoomMayBeGivenAgain) {
  const auto info = blobs_.put(blob_key_id, blob_content(blob_chunk_bytes + 5)).value();
  auto reader = blobs_.read(info.id).value();
  const auto chunk = reader.sealed_chunk(0).value();
  auto import = import_of(info).value();
  {
    const test::FileSizeLimit limit(blob_header_bytes - 1);
    EXPECT_FALSE(import.header(reader.header()));
  }
  EXPECT_TRUE(import.wants_header());
  ASSERT_TRUE(import.header(reader.header()));
  {
    const test::FileSizeLimit limit(blob_header_bytes + 1000);
    EXPECT_FALSE(import.add(chunk, false));
  }
  ASSERT_TRUE(import.add(chunk, false));
  ASSERT_TRUE(import.add(reader.sealed_chunk(1).value(), true));
  ASSERT_TRUE(import.finish());
  EXPECT_TRUE(holds_blob(there_, info));
}

/// Every member holds the keys: that the chunks open does not make them what the row says.
TEST_F(BlobImportTest, TakesNothingThatTheRowDoesNotSay) {
  const auto info = blobs_.put(blob_key_id, blob_content(2 * blob_chunk_bytes + 5)).value();
  auto reader = blobs_.read(info.id).value();
  const auto partial = directory_ / "there" / "partial" / info.id.str();
  {
    auto row = content_of(info);
    row.sha256 = crypto::sha256("something else");
    auto import = there_.import(info.id, row).value();
    ASSERT_TRUE(import.header(reader.header()));
    for (const std::uint64_t index : {0U, 1U, 2U})
      ASSERT_TRUE(import.add(reader.sealed_chunk(index).value(), index == 2));
    EXPECT_EQ(import.finish().error().code, "blob_corrupt");
    EXPECT_FALSE(there_.has(info.id));
    EXPECT_EQ(std::filesystem::file_size(partial), 0U) << "or no member's bytes would ever fit to it";
    EXPECT_TRUE(import.wants_header());
  }
  for (const std::uint64_t size : {std::uint64_t{0}, std::uint64_t{5}, std::uint64_t{blob_chunk_bytes}}) {
    auto import = there_.import(info.id, {.size = size, .sha256 = info.sha256}).value();
    ASSERT_TRUE(import.header(reader.header()));
    EXPECT_EQ(import.add(reader.sealed_chunk(0).value(), false).error().code, "blob_corrupt") << size;
    EXPECT_EQ(std::filesystem::file_size(partial), blob_header_bytes) << size;
    std::filesystem::remove(partial);
  }
  {
    auto import = there_.import(info.id, {.size = info.size + 1, .sha256 = info.sha256}).value();
    ASSERT_TRUE(import.header(reader.header()));
    for (const std::uint64_t index : {0U, 1U})
      ASSERT_TRUE(import.add(reader.sealed_chunk(index).value(), false));
    EXPECT_EQ(import.add(reader.sealed_chunk(2).value(), true).error().code, "blob_corrupt");
  }
  EXPECT_TRUE(ship(info, 100));
  EXPECT_TRUE(holds_blob(there_, info));
}

TEST_F(BlobImportTest, LeavesTheFloorOfTheDiskFree) {
  const auto info = blobs_.put(blob_key_id, blob_content(blob_chunk_bytes + 5)).value();
  const auto full = BlobStore::open(directory_ / "there", ClusterId("00112233445566778899aabbccddeeff"),
                                    blob_test_key, std::uint64_t{1} << 62U)
                        .value();
  EXPECT_EQ(full.import(info.id, content_of(info)).error().kind, ErrorKind::storage_full);
  const auto partial = directory_ / "there" / "partial" / info.id.str();
  EXPECT_FALSE(std::filesystem::exists(partial));
  EXPECT_FALSE(ship(info, 1));
  std::ofstream(partial, std::ios::app) << "torn";
  const auto kept = std::filesystem::file_size(partial);
  EXPECT_EQ(full.import(info.id, content_of(info)).error().kind, ErrorKind::storage_full);
  EXPECT_EQ(std::filesystem::file_size(partial), kept) << "who finds no room reads and verifies nothing";
  EXPECT_TRUE(ship(info, 2)) << "nothing was written that is in the way";
}

class BlobTestClock : public Clock {
 public:
  [[nodiscard]] WallTime now() const override { return {}; }
  [[nodiscard]] SteadyTime steady_now() const override { return time; }
  SteadyTime time;
};

TEST_F(BlobStoreTest, CollectsOnlyWhatStayedUnreferencedForTheWholeGrace) {
  const auto named = blobs_.put(blob_key_id, "named").value().id;
  const auto orphan = blobs_.put(blob_key_id, "orphan").value().id;
  const auto late = blobs_.put(blob_key_id, "late").value().id;
  BlobTestClock clock;
  bool late_is_named = false;
  BlobCollector collector(blobs_, clock, std::chrono::hours(1), [&](const BlobId& id) -> Result<bool> {
    return id == named || (id == late && late_is_named);
  });
  auto swept = collector.sweep().value();
  EXPECT_EQ(swept.seen, 3U);
  EXPECT_EQ(swept.waiting, 2U);
  clock.time += std::chrono::minutes(59);
  EXPECT_EQ(collector.sweep().value().removed, 0U);
  late_is_named = true;
  clock.time += std::chrono::minutes(1);
  EXPECT_EQ(collector.sweep().value().removed, 1U);
  EXPECT_FALSE(blobs_.has(orphan));
  EXPECT_TRUE(blobs_.has(named));
  EXPECT_TRUE(blobs_.has(late));
}

TEST_F(BlobImportTest, WhatWasReceivedOfABlobThatNobodyNamesAnyMoreIsCollected) {
  const auto info = blobs_.put(blob_key_id, blob_content(2 * blob_chunk_bytes)).value();
  EXPECT_FALSE(ship(info, 1));
  const auto partial = directory_ / "there" / "partial" / info.id.str();
  ASSERT_TRUE(std::filesystem::exists(partial));
  BlobTestClock clock;
  bool is_named = true;
  BlobCollector collector(there_, clock, std::chrono::hours(1),
                          [&](const BlobId&) -> Result<bool> { return is_named; });
  EXPECT_EQ(collector.sweep().value().waiting, 0U);
  is_named = false;
  EXPECT_EQ(collector.sweep().value().waiting, 1U);
  clock.time += std::chrono::hours(1);
  const auto swept = collector.sweep().value();
  EXPECT_EQ(swept.removed, 1U);
  EXPECT_GT(swept.removed_bytes, blob_chunk_bytes);
  EXPECT_FALSE(std::filesystem::exists(partial));
}

TEST_F(BlobStoreTest, AnErrorInTheLookUpKeepsTheBlob) {
  const auto id = blobs_.put(blob_key_id, "x").value().id;
  BlobTestClock clock;
  BlobCollector collector(blobs_, clock, std::chrono::seconds(0), [&](const BlobId&) -> Result<bool> {
    return fail(ErrorKind::unavailable, "unavailable", "the store is away");
  });
  EXPECT_EQ(collector.sweep().value().removed, 0U);
  EXPECT_TRUE(blobs_.has(id));
}

}  // namespace
}  // namespace holdfast::storage
