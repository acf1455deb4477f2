#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>

#include "checkpoint_files.h"
#include "files.h"
#include "holdfast/base/encoding.h"
#include "holdfast/storage/checkpointer.h"
#include "holdfast/storage/data_directory.h"
#include "storage/file_size_limit.h"
#include "storage/log_scene.h"

namespace holdfast::storage {
namespace {

std::string generation_text(const std::filesystem::path& path) {
  return files::read_all(path, 1000).value_or("?");
}

void write_text(const std::filesystem::path& path, std::string_view text) {
  std::ofstream(path, std::ios::trunc) << text;
}

class GenerationTest : public testing::Test {
 protected:
  test::TempDirectory directory_;
  std::filesystem::path root_ = directory_ / "data";
};

TEST_F(GenerationTest, CreatesAndOpens) {
  {
    auto data = DataDirectory::create(root_).value();
    EXPECT_FALSE(data.current().value());
    EXPECT_EQ(data.create_first_generation().value().number, 1U);
    EXPECT_EQ(data.create_first_generation().error().kind, ErrorKind::conflict);
  }
  const auto data = DataDirectory::open(root_).value();
  EXPECT_EQ(data.current().value()->core_db(), root_ / "generations" / "1" / "core.db");
  EXPECT_EQ(std::filesystem::status(root_).permissions(), std::filesystem::perms::owner_all);
}

/// docs/formats/data-directory.md
TEST_F(GenerationTest, FormatIsPinned) {
  auto data = DataDirectory::create(root_).value();
  ASSERT_TRUE(data.create_first_generation());
  EXPECT_EQ(generation_text(root_ / "FORMAT"), "holdfast-data 1\n");
  EXPECT_EQ(generation_text(root_ / "CURRENT"), "generation 1\n");
  EXPECT_EQ(generation_text(root_ / "LOCK"), std::to_string(::getpid()) + "\n");
  for (const auto* name : {"staging", "blobs", "generations/1"})
    EXPECT_TRUE(std::filesystem::is_directory(root_ / name));
}

TEST_F(GenerationTest, RefusesWhatIsNotItsOwn) {
  EXPECT_EQ(DataDirectory::open(root_).error().code, "data_directory_missing");
  std::filesystem::create_directory(root_);
  EXPECT_EQ(DataDirectory::open(root_).error().code, "data_format_unknown");
  EXPECT_TRUE(std::filesystem::is_empty(root_)) << "nothing may be written into a stranger's directory";
  write_text(root_ / "FORMAT", "something else\n");
  EXPECT_EQ(DataDirectory::open(root_).error().code, "data_format_unknown");
  EXPECT_EQ(DataDirectory::create(root_).error().code, "data_directory_exists");
}

TEST_F(GenerationTest, ACreationKilledBeforeTheFormatWasWrittenIsRepeated) {
  {
    ASSERT_TRUE(DataDirectory::create(root_));
  }
  for (const auto* name : {"FORMAT", "generations"}) std::filesystem::remove(root_ / name);
  write_text(root_ / "FORMAT.new", "holdf");
  EXPECT_EQ(DataDirectory::open(root_).error().code, "data_format_unknown");
  EXPECT_TRUE(DataDirectory::create(root_));
}

TEST_F(GenerationTest, RefusesANewerFormatInOneClearLine) {
  {
    ASSERT_TRUE(DataDirectory::create(root_));
  }
  write_text(root_ / "FORMAT", "holdfast-data 2\n");
  const auto error = DataDirectory::open(root_).error();
  EXPECT_EQ(error.code, "data_format_newer");
  EXPECT_EQ(error.message, root_.string() + " has data format 2; this version reads up to 1.");
}

TEST_F(GenerationTest, RefusesADirectoryInUseAndSaysByWhom) {
  const auto data = DataDirectory::create(root_).value();
  const auto error = DataDirectory::open(root_).error();
  EXPECT_EQ(error.code, "data_directory_in_use");
  EXPECT_EQ(error.message, root_.string() + " is in use by process " + std::to_string(::getpid()) + ".");
}

TEST_F(GenerationTest, TheLockGoesWithItsProcess) {
  {
    ASSERT_TRUE(DataDirectory::create(root_));
  }
  const auto child = ::fork();
  if (child == 0) {
    const auto held = DataDirectory::open(root_);
    ::_exit(held && !DataDirectory::open(root_) ? 0 : 1);
  }
  int status = -1;
  ::waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
  EXPECT_TRUE(DataDirectory::open(root_));
}

/// The ballast that makes room for a start is given up only behind this lock.
TEST_F(GenerationTest, TheLockIsTakenOnAFullDiskToo) {
  {
    ASSERT_TRUE(DataDirectory::create(root_));
  }
  const test::FileSizeLimit nothing_grows(0);
  const auto data = DataDirectory::open(root_);
  ASSERT_TRUE(data) << data.error().describe();
  EXPECT_EQ(DataDirectory::open(root_).error().message, root_.string() + " is in use by another process.");
}

TEST_F(GenerationTest, ADamagedPointerIsAnErrorNotAnEmptyRegion) {
  {
    auto data = DataDirectory::create(root_).value();
    ASSERT_TRUE(data.create_first_generation());
  }
  for (const auto* text :
       {"", "generation 1", "generation 01\n", "generation 2\n", "generation -1\n", "1\n"}) {
    write_text(root_ / "CURRENT", text);
    EXPECT_EQ(DataDirectory::open(root_).error().code, "data_directory_damaged") << text;
  }
}

/// Two regions' worth of store and directory: a checkpoint of one is installed in the other.
class CheckpointTest : public GenerationTest {
 protected:
  CheckpointTest() {
    for (int i = 0; i < 100; ++i) {
      scene_.write({test::put_row(1 + i % 5, "row" + std::to_string(i), std::string(500, 'v'))}, i == 99);
    }
  }

  CheckpointManifest make_checkpoint() {
    auto manifest = Checkpointer(*scene_.db).create(checkpoint_);
    EXPECT_TRUE(manifest) << manifest.error().describe();
    return manifest ? *manifest : CheckpointManifest{};
  }

  StagedCheckpoint begin(const CheckpointManifest& manifest) {
    return StagedCheckpoint::begin(data_, "snapshot-1", manifest, 1UL << 30U).value();
  }

  /// Ships at most `pieces` pieces of 1,000 bytes.
  void ship(StagedCheckpoint& staged, std::size_t pieces = SIZE_MAX) const {
    while (pieces-- > 0) {
      const auto want = staged.next().value();
      if (!want) return;
      const auto file = files::File::open_for_reading(checkpoint_ / want->file).value();
      ASSERT_TRUE(staged.add(want->file, want->offset, file.read_at(want->offset, 1000).value()));
    }
  }

  test::LogScene scene_;
  std::filesystem::path checkpoint_ = directory_ / "checkpoint";
  DataDirectory data_ = DataDirectory::create(root_).value();
};

TEST_F(CheckpointTest, ShippedInPiecesAndInstalledItIsTheSameStore) {
  const auto manifest = make_checkpoint();
  EXPECT_EQ(manifest.head, scene_.db->durable());
  EXPECT_EQ(manifest.sequence, scene_.db->rocks()->db->GetLatestSequenceNumber());
  auto staged = begin(manifest);
  ship(staged);
  EXPECT_EQ(staged.received_bytes(), manifest.total_bytes());
  ASSERT_TRUE(staged.finish());
  const auto generation = data_.install(std::move(staged)).value();
  EXPECT_EQ(data_.current().value()->number, generation.number);
  EXPECT_TRUE(std::filesystem::is_empty(data_.staging()));

  const auto there = test::open_store(generation.core_db(), false);
  EXPECT_EQ(test::dump_store(*there), test::dump_store(*scene_.db));
  EXPECT_EQ(there->applied(), scene_.db->applied());
  // The stream goes on where the checkpoint ends, with the primary's own sequences.
  LogApplier applier(*there);
  EXPECT_TRUE(applier.apply(scene_.write({test::put_row(1, "after", "1")})));
}

TEST_F(CheckpointTest, GoesOnAfterAnInterruptionAtAnyPiece) {
  const auto manifest = make_checkpoint();
  const auto pieces = manifest.total_bytes() / 1000;
  std::uint64_t before = 0;
  for (std::size_t done = 0; done <= pieces + manifest.files.size(); done += 7) {
    auto staged = begin(manifest);
    EXPECT_EQ(staged.received_bytes(), before);
    ship(staged, 7);
    before = staged.received_bytes();
  }
  auto staged = begin(manifest);
  EXPECT_FALSE(staged.next().value());
  EXPECT_TRUE(staged.finish());
}

TEST_F(CheckpointTest, AnotherManifestBeginsAnewAndOtherStagesGo) {
  auto manifest = make_checkpoint();
  auto staged = begin(manifest);
  ship(staged, 5);
  manifest.head.index += 1;
  EXPECT_EQ(begin(manifest).received_bytes(), 0U);
  EXPECT_TRUE(StagedCheckpoint::begin(data_, "snapshot-2", manifest, 1UL << 30U));
  EXPECT_FALSE(std::filesystem::exists(data_.staging() / "snapshot-1"));
}

TEST_F(CheckpointTest, RefusesOffsetsFilesAndSizesThatWereNotAnnounced) {
  const auto manifest = make_checkpoint();
  auto staged = begin(manifest);
  const auto& file = manifest.files.front();
  EXPECT_FALSE(staged.add(file.name, 1, "x"));
  EXPECT_FALSE(staged.add("000001.sst", 0, "x"));
  EXPECT_FALSE(staged.add("../../CURRENT", 0, "x"));
  EXPECT_FALSE(staged.add(file.name, 0, std::string(file.size + 1, 'x')));
  EXPECT_FALSE(staged.finish());
  EXPECT_FALSE(data_.install(std::move(staged)));
  EXPECT_EQ(StagedCheckpoint::begin(data_, "snapshot-1", manifest, 100).error().code, "snapshot_too_large");
  EXPECT_EQ(StagedCheckpoint::begin(data_, "../escape", manifest, 1UL << 30U).error().code,
            "invalid_snapshot");
}

TEST_F(CheckpointTest, ADamagedFileIsFoundDroppedAndAskedForAgain) {
  const auto manifest = make_checkpoint();
  for (const auto& file : manifest.files) {
    auto staged = begin(manifest);
    ship(staged);
    const auto path = staged.directory() / "core.db" / file.name;
    auto content = files::read_all(path, 1UL << 26U).value();
    if (content.empty()) continue;
    content[content.size() / 2] = static_cast<char>(content[content.size() / 2] ^ 1);
    write_text(path, content);
    EXPECT_EQ(staged.finish().error().code, "checkpoint_refused") << file.name;
    EXPECT_EQ(staged.next().value()->file, file.name);
    ship(staged);
    EXPECT_TRUE(staged.finish()) << file.name;
    ASSERT_TRUE(files::remove_tree(staged.directory()));
  }
}

TEST_F(CheckpointTest, AllTornFilesAreFoundAtOnceAndTheOthersStay) {
  const auto manifest = make_checkpoint();
  auto staged = begin(manifest);
  ship(staged);
  std::uint64_t torn = 0;
  for (const auto* file : {&manifest.files.front(), &manifest.files.back()}) {
    write_text(staged.core_db() / file->name, std::string(file->size, 't'));
    torn += file->size;
  }
  EXPECT_EQ(staged.finish().error().kind, ErrorKind::corrupt);
  EXPECT_EQ(staged.received_bytes(), manifest.total_bytes() - torn);
  ship(staged);
  EXPECT_TRUE(staged.finish());
}

/// This process may open no more files while it lives (EMFILE).
class NoMoreFiles {
 public:
  NoMoreFiles() {
    EXPECT_EQ(getrlimit(RLIMIT_NOFILE, &before_), 0);
    auto limit = before_;
    limit.rlim_cur = 0;
    EXPECT_EQ(setrlimit(RLIMIT_NOFILE, &limit), 0);
  }
  NoMoreFiles(const NoMoreFiles&) = delete;
  NoMoreFiles& operator=(const NoMoreFiles&) = delete;
  ~NoMoreFiles() { EXPECT_EQ(setrlimit(RLIMIT_NOFILE, &before_), 0); }

 private:
  rlimit before_{};
};

TEST_F(CheckpointTest, WantOfFilesSaysNothingAboutACheckpoint) {
  const auto manifest = make_checkpoint();
  {
    const NoMoreFiles limit;
    const auto looked = Checkpointer::verify_content(checkpoint_, manifest);
    ASSERT_FALSE(looked);
    EXPECT_EQ(looked.error().kind, ErrorKind::internal) << looked.error().describe();
  }
  EXPECT_TRUE(Checkpointer::verify_content(checkpoint_, manifest));
}

TEST_F(CheckpointTest, AFileTooManyIsRefused) {
  const auto manifest = make_checkpoint();
  auto staged = begin(manifest);
  ship(staged);
  write_text(staged.directory() / "core.db" / "OPTIONS-000005", "local settings");
  EXPECT_EQ(staged.finish().error().code, "checkpoint_refused");
}

/// RocksDB opens it for reading all the same, and for work never again.
TEST_F(CheckpointTest, AFamilyTooManyIsRefused) {
  auto manifest = make_checkpoint();
  {
    std::vector<rocksdb::ColumnFamilyDescriptor> families;
    for (const auto name : family_names)
      families.emplace_back(std::string(name), rocksdb::ColumnFamilyOptions());
    std::vector<rocksdb::ColumnFamilyHandle*> handles;
    rocksdb::DB* raw = nullptr;
    ASSERT_TRUE(rocksdb::DB::Open({}, checkpoint_.string(), families, &handles, &raw).ok());
    const std::unique_ptr<rocksdb::DB> store(raw);
    rocksdb::ColumnFamilyHandle* extra = nullptr;
    ASSERT_TRUE(store->CreateColumnFamily({}, "extra", &extra).ok());
    handles.push_back(extra);
    for (auto* handle : handles) ASSERT_TRUE(store->DestroyColumnFamilyHandle(handle).ok());
  }
  manifest.files.clear();
  for (const auto& entry : std::filesystem::directory_iterator(checkpoint_)) {
    const auto name = entry.path().filename().string();
    if (is_checkpoint_file_name(name))
      manifest.files.push_back(describe_checkpoint_file(checkpoint_, name).value());
  }
  auto staged = begin(manifest);
  ship(staged);
  const auto refused = staged.finish();
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().detail.find("other column families"), std::string::npos)
      << refused.error().describe();
}

/// A sender that describes its files truly but announces another state.
TEST_F(CheckpointTest, AWrongHeadOrSequenceIsRefused) {
  for (const bool head : {true, false}) {
    std::filesystem::remove_all(checkpoint_);
    auto manifest = make_checkpoint();
    if (head) {
      manifest.head.hash[0] = static_cast<char>(manifest.head.hash[0] ^ 1);
    } else {
      manifest.sequence += 1;
    }
    auto staged = begin(manifest);
    ship(staged);
    EXPECT_EQ(staged.finish().error().code, "checkpoint_refused");
  }
}

/// Must 5, by checkpoint: the caller's synced position bounds it.
TEST_F(CheckpointTest, NothingAboveTheSyncedPositionIsInIt) {
  scene_.write({test::put_row(1, "unsynced", "1")}, false);
  const auto synced = scene_.db->durable();
  auto refused = Checkpointer(*scene_.db, [&] { return synced; }).create(checkpoint_);
  EXPECT_EQ(refused.error().code, "not_synced");
  EXPECT_FALSE(std::filesystem::exists(checkpoint_));
  ASSERT_TRUE(scene_.applier->sync());
  EXPECT_EQ(make_checkpoint().head, scene_.db->durable());
}

TEST_F(CheckpointTest, UnfinishedInstallsAndDroppedGenerationsGo) {
  ASSERT_TRUE(data_.create_first_generation());
  std::filesystem::create_directory(root_ / "generations" / "2");
  {
    const auto moved = std::move(data_);
  }
  data_ = DataDirectory::open(root_).value();
  EXPECT_EQ(data_.generations().value().size(), 1U);
  auto staged = begin(make_checkpoint());
  ship(staged);
  ASSERT_TRUE(staged.finish());
  EXPECT_EQ(data_.install(std::move(staged), Replaced::dropped).value().number, 2U);
  EXPECT_EQ(generation_text(root_ / "generations" / "2" / "replaces"), "generation 1\n");
  EXPECT_EQ(data_.generations().value().size(), 2U) << "somebody may still read it";
  EXPECT_TRUE(data_.drop_replaced());
  EXPECT_TRUE(data_.drop_replaced());
  EXPECT_EQ(data_.generations().value().size(), 1U);
}

TEST_F(CheckpointTest, AGenerationInQuarantineIsNeverDropped) {
  ASSERT_TRUE(data_.create_first_generation());
  const auto manifest = make_checkpoint();
  auto killed = begin(manifest);
  ship(killed);
  // An earlier attempt that was killed had another reason.
  write_text(killed.directory() / "replaces", "generation 1\n");
  ASSERT_TRUE(killed.finish());
  ASSERT_TRUE(data_.install(std::move(killed), Replaced::kept));
  EXPECT_TRUE(data_.drop_replaced());
  EXPECT_EQ(data_.generations().value().size(), 2U);
  for (const auto* text : {"generation 2\n", "generation 3\n", "generation 1", ""}) {
    write_text(root_ / "generations" / "2" / "replaces", text);
    EXPECT_EQ(data_.drop_replaced().error().code, "data_directory_damaged") << text;
  }
  EXPECT_EQ(data_.generations().value().size(), 2U);
}

/// The kernel marks what it could not write as written: a second sync would say yes.
TEST_F(CheckpointTest, ASyncThatFailsTakesEverythingThatWasReceived) {
  const auto manifest = make_checkpoint();
  const auto break_sync = [](const StagedCheckpoint& staged) {
    std::filesystem::create_symlink("nowhere", staged.directory() / "no file to sync");
  };
  auto staged = begin(manifest);
  ship(staged);
  break_sync(staged);
  EXPECT_FALSE(staged.finish());
  EXPECT_EQ(begin(manifest).received_bytes(), 0U);

  auto again = begin(manifest);
  ship(again);
  ASSERT_TRUE(again.finish());
  break_sync(again);
  EXPECT_FALSE(data_.install(std::move(again)));
  EXPECT_EQ(begin(manifest).received_bytes(), 0U);
  EXPECT_FALSE(data_.current().value());
}

TEST(CheckpointManifestFormat, IsPinned) {
  const CheckpointManifest manifest{.head = {.term = {.reign = 1, .incarnation = 2}, .index = 3},
                                    .sequence = 9,
                                    .files = {{.name = "000012.sst", .size = 5, .crc32c = 0x01020304},
                                              {.name = "CURRENT", .size = 16, .crc32c = 0xfffefdfc}}};
  const auto bytes = manifest.encode();
  EXPECT_EQ(to_hex(bytes),
            "01"  // version
            "01"
            "00000001"
            "00000002"
            "0000000000000003"
            "0000000000000000"  // head
            "0000000000000000000000000000000000000000000000000000000000000000"
            "0000000000000009"  // sequence
            "00000002"          // files
            "0a"
            "3030303031322e737374"
            "0000000000000005"
            "01020304"
            "07"
            "43555252454e54"
            "0000000000000010"
            "fffefdfc"
            "22e1c83c");  // crc32c of all of it
  const auto back = CheckpointManifest::decode(bytes).value();
  EXPECT_EQ(back.files, manifest.files);
  EXPECT_EQ(back.head, manifest.head);
  for (std::size_t size = 0; size < bytes.size(); ++size)
    EXPECT_FALSE(CheckpointManifest::decode(bytes.substr(0, size)));
}

TEST(CheckpointManifestFormat, RefusesNamesThatAreNotItsFiles) {
  for (const auto* name :
       {"", ".", "..", "LOCK", "IDENTITY", "OPTIONS-000007", "12.sst", "0000a2.sst", "000012.sst/",
        "../000012.sst", "MANIFEST-", "000012.blob", "1234567890123.sst", "local.db"}) {
    EXPECT_FALSE(is_checkpoint_file_name(name)) << name;
    CheckpointManifest manifest;
    manifest.files.push_back({.name = name});
    EXPECT_FALSE(CheckpointManifest::decode(manifest.encode())) << name;
  }
  for (const auto* name : {"CURRENT", "MANIFEST-000005", "000012.sst", "1234567.log"}) {
    EXPECT_TRUE(is_checkpoint_file_name(name)) << name;
  }
}

TEST(CheckpointManifestFormat, RefusesDoubledFiles) {
  CheckpointManifest manifest;
  manifest.files = {{.name = "CURRENT"}, {.name = "CURRENT"}};
  EXPECT_FALSE(CheckpointManifest::decode(manifest.encode()));
}

}  // namespace
}  // namespace holdfast::storage
