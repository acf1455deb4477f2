#include <gtest/gtest.h>

#include <fstream>

#include "files.h"
#include "holdfast/storage/blob_store.h"
#include "holdfast/storage/checkpointer.h"
#include "holdfast/storage/data_directory.h"
#include "storage/kill_child.h"
#include "storage/log_scene.h"

/// Fault tests 15 and 16 on the storage side: a snapshot is received and installed, and the process is killed
/// at every named step. Afterwards there is the old or the new generation, whole (invariant F), and the
/// snapshot goes on from what was received. The same for blobs (invariant J).
namespace holdfast::storage {
namespace {

constexpr std::size_t install_piece = 2000;
constexpr std::uint64_t install_cap = 1UL << 30U;

/// In `directory`: `checkpoint` and `manifest` of the new state, `data` with a first generation of the old
/// one.
void receive_and_replace(const std::filesystem::path& directory, Replaced replaced) {
  auto data = DataDirectory::open(directory / "data");
  ASSERT_TRUE(data) << data.error().describe();
  const auto manifest =
      CheckpointManifest::decode(files::read_all(directory / "manifest", 1UL << 20U).value()).value();
  auto staged = StagedCheckpoint::begin(*data, "snapshot-1", manifest, install_cap).value();
  while (const auto want = staged.next().value()) {
    const auto file = files::File::open_for_reading(directory / "checkpoint" / want->file).value();
    ASSERT_TRUE(staged.add(want->file, want->offset, file.read_at(want->offset, install_piece).value()));
  }
  ASSERT_TRUE(staged.finish());
  ASSERT_TRUE(data->install(std::move(staged), replaced));
  ASSERT_TRUE(data->drop_replaced());
}
void receive_and_install(const std::filesystem::path& directory) {
  receive_and_replace(directory, Replaced::kept);
}
void receive_and_drop(const std::filesystem::path& directory) {
  receive_and_replace(directory, Replaced::dropped);
}

const bool drop_registered = test::register_scenario("install-and-drop", receive_and_drop);
const bool install_registered = test::register_scenario("install", receive_and_install);

class InstallKill : public testing::Test {
 protected:
  InstallKill() {
    for (int i = 0; i < 30; ++i)
      scene_.write({test::put_row(1 + i % 3, "k" + std::to_string(i), std::string(300, 'n'))});
    new_state_ = test::dump_store(*scene_.db);
    const auto manifest = Checkpointer(*scene_.db).create(made_ / "checkpoint").value();
    std::ofstream(made_ / "manifest") << manifest.encode();
    const auto data = DataDirectory::create(made_ / "data").value().create_first_generation().value();
    const auto old = test::open_store(data.core_db(), true);
    LogApplier applier(*old);
    EXPECT_TRUE(applier.apply(test::BatchMaker().next({test::put_row(1, "old", "state")})));
    old_state_ = test::dump_store(*old);
  }

  /// A fresh copy, killed at the step.
  bool killed(const test::TempDirectory& copy, const std::string& step, int passing = 1) const {
    std::filesystem::copy(made_.path(), copy.path(), std::filesystem::copy_options::recursive);
    return test::kill_at("install", copy.path(), step, passing);
  }

  std::string current_state(const test::TempDirectory& copy) const {
    const auto data = DataDirectory::open(copy / "data");
    EXPECT_TRUE(data) << data.error().describe();
    const auto current = data->current().value();
    EXPECT_EQ(data->generations().value().size(), current->number) << "no half-installed generation stays";
    const auto db = test::open_store(current->core_db(), false);
    return db ? test::dump_store(*db) : "";
  }

  test::LogScene scene_;
  test::TempDirectory made_;
  std::string old_state_;
  std::string new_state_;
};

TEST_F(InstallKill, AtEveryStepOldOrNewAndThenItGoesOn) {
  ASSERT_TRUE(install_registered);
  const std::vector<std::pair<std::string, bool>> steps = {
      {"staging.synced", false}, {"staging.verified", false}, {"install.begin", false},
      {"install.synced", false}, {"install.moved", false},    {"install.pointer_written", false},
      {"install.pointed", true}};
  for (const auto& [step, installed] : steps) {
    const test::TempDirectory copy;
    ASSERT_TRUE(killed(copy, step)) << step;
    EXPECT_EQ(current_state(copy), installed ? new_state_ : old_state_) << step;
    EXPECT_FALSE(test::kill_at("install", copy.path(), "none")) << "it does not go on after " << step;
    EXPECT_EQ(current_state(copy), new_state_) << step;
  }
}

/// A killed install must not leave the old store on the disk for ever, and must not take it too early.
TEST_F(InstallKill, AtEveryStepTheReplacedGenerationGoesWithThePointerAndNotBefore) {
  ASSERT_TRUE(drop_registered);
  for (const auto& [step, installed] : {std::pair{"install.begin", false},
                                        {"install.synced", false},
                                        {"install.pointer_written", false},
                                        {"install.moved", false},
                                        {"install.pointed", true}}) {
    const test::TempDirectory copy;
    std::filesystem::copy(made_.path(), copy.path(), std::filesystem::copy_options::recursive);
    ASSERT_TRUE(test::kill_at("install-and-drop", copy.path(), step)) << step;
    auto data = DataDirectory::open(copy / "data").value();
    EXPECT_TRUE(data.drop_replaced()) << step;
    EXPECT_EQ(data.generations().value().size(), 1U) << step;
    const auto db = test::open_store(data.current().value()->core_db(), false);
    ASSERT_TRUE(db) << step;
    EXPECT_EQ(test::dump_store(*db), installed ? new_state_ : old_state_) << step;
  }
}

TEST_F(InstallKill, WhileReceivingAtManyPieces) {
  std::uint64_t resumed = 0;
  for (int passing = 1; passing < 400; passing = passing * 2 + 1) {
    const test::TempDirectory copy;
    if (!killed(copy, "staging.added", passing)) break;
    EXPECT_EQ(current_state(copy), old_state_);
    resumed += passing > 1 ? 1 : 0;
    EXPECT_FALSE(test::kill_at("install", copy.path(), "none"));
    EXPECT_EQ(current_state(copy), new_state_);
  }
  EXPECT_GE(resumed, 1U);
}

Result<BlobStore> open_kill_blobs(const std::filesystem::path& directory) {
  return BlobStore::open(
      directory / "blobs", ClusterId("cluster"),
      [](std::uint32_t) -> Result<Secret> { return Secret(Bytes(32, 'k')); }, 0);
}

void put_and_import(const std::filesystem::path& directory) {
  const auto source = open_kill_blobs(directory / "source").value();
  const auto info = source.put(1, std::string(blob_chunk_bytes + 9, 'b')).value();
  const auto target = open_kill_blobs(directory / "target").value();
  auto reader = source.read(info.id).value();
  auto import = target.import(info.id, {.size = info.size, .sha256 = info.sha256}).value();
  ASSERT_TRUE(import.header(reader.header()));
  for (const std::uint64_t index : {0U, 1U})
    ASSERT_TRUE(import.add(reader.sealed_chunk(index).value(), index == 1));
  ASSERT_TRUE(import.finish());
}

const bool blob_registered = test::register_scenario("blob", put_and_import);

TEST(BlobKill, AtEveryStepABlobIsWholeOrNotThere) {
  ASSERT_TRUE(blob_registered);
  struct Case {
    const char* step;
    int passing;
    std::size_t at_source;
    std::size_t at_target;
  };
  for (const auto& [step, passing, at_source, at_target] :
       {Case{"blob.written", 1, 0, 0}, Case{"blob.synced", 1, 0, 0}, Case{"blob.published", 1, 1, 0},
        Case{"blob.imported", 1, 1, 0}, Case{"blob.synced", 2, 1, 0}, Case{"blob.published", 2, 1, 1}}) {
    const test::TempDirectory directory;
    for (const auto* side : {"source", "target"}) std::filesystem::create_directory(directory / side);
    ASSERT_TRUE(test::kill_at("blob", directory.path(), step, passing)) << step;
    for (const auto* side : {"source", "target"}) {
      const auto blobs = open_kill_blobs(directory / side).value();
      std::size_t whole = 0;
      ASSERT_TRUE(blobs.list([&](const BlobId& id, std::uint64_t) {
        EXPECT_TRUE(blobs.read(id).value().read(0, SIZE_MAX));
        ++whole;
        return true;
      }));
      EXPECT_EQ(whole, std::string_view(side) == "source" ? at_source : at_target) << step << " " << side;
      EXPECT_TRUE(std::filesystem::is_empty((directory / side) / "blobs" / "writing"));
    }
  }
}

}  // namespace
}  // namespace holdfast::storage
