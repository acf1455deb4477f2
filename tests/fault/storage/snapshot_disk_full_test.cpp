#include <gtest/gtest.h>

#include <atomic>
#include <fstream>

#include "checkpoint_files.h"
#include "files.h"
#include "holdfast/storage/checkpointer.h"
#include "holdfast/storage/data_directory.h"
#include "storage/fault_env.h"
#include "storage/kill_child.h"
#include "storage/log_scene.h"
#include "storage/small_disk.h"

/// Fault test 6 on a snapshot: the disk is full while one is made, received or installed, at every write in
/// turn. The error says so, nothing half-made stays or is installed (invariants F, I), and once there is room
/// it goes on.
namespace holdfast::storage {
namespace {

constexpr std::uint64_t full_disk_cap = 1UL << 30U;
constexpr std::size_t full_disk_piece = 1500;

void write_full_disk_rows(test::LogScene& scene, const std::string& prefix, int count) {
  for (int i = 0; i < count; ++i)
    scene.write({test::put_row(static_cast<std::uint32_t>(1 + i % 5), prefix + std::to_string(i),
                               std::string(700, static_cast<char>('a' + i % 26)))});
}

std::vector<std::string> names_in(const std::filesystem::path& directory) {
  std::vector<std::string> names;
  EXPECT_TRUE(files::for_each_name(directory, [&](const std::string& name) -> Result<bool> {
    names.push_back(name);
    return true;
  }));
  return names;
}

/// One append or sync below the checkpoint's directory is refused; then it works again.
class RefusedWrite {
 public:
  RefusedWrite(test::FaultEnv& faults, std::string below, int which)
      : faults_(faults), below_(std::move(below)), left_(which) {
    faults_.set_hook([this](test::FaultEnv::Operation, const std::string& path) {
      const bool hit = path.starts_with(below_) && --left_ == 0;
      return hit ? std::optional(rocksdb::IOStatus::NoSpace("injected full disk", path)) : std::nullopt;
    });
  }
  ~RefusedWrite() { faults_.set_hook(nullptr); }
  [[nodiscard]] bool happened() const { return left_ <= 0; }

 private:
  test::FaultEnv& faults_;
  std::string below_;
  std::atomic<int> left_;
};

TEST(SnapshotDiskFull, ACheckpointThatFindsNoRoomLeavesNothingAndTheStoreGoesOn) {
  test::FaultEnv faults;
  test::LogScene scene({.env = faults.env()});
  const test::TempDirectory made;
  const auto place = made / "checkpoint";
  int refused = 0;
  for (bool more = true; more; ++refused) {
    write_full_disk_rows(scene, "round " + std::to_string(refused) + " ", 3);
    {
      const RefusedWrite refusal(faults, place.string(), refused + 1);
      const auto manifest = Checkpointer(*scene.db).create(place);
      more = refusal.happened();
      if (more) {
        ASSERT_FALSE(manifest) << "write " << refused + 1 << " was refused";
        EXPECT_EQ(manifest.error().kind, ErrorKind::storage_full) << manifest.error().describe();
        EXPECT_EQ(names_in(made.path()), std::vector<std::string>{}) << "after write " << refused + 1;
        EXPECT_FALSE(scene.db->failure()) << "a snapshot that fails is no failure of the store";
      } else {
        ASSERT_TRUE(manifest) << manifest.error().describe();
        for (const auto& file : manifest->files) EXPECT_EQ(describe_checkpoint_file(place, file.name), file);
        EXPECT_TRUE(Checkpointer::verify_content(place, *manifest));
        EXPECT_EQ(manifest->head, scene.db->durable());
      }
    }
  }
  EXPECT_GT(refused, 3) << "manifest, its name and the log are written at least";
}

/// What a peer would ask for, piece by piece; the first error ends it.
Result<> receive_full_disk_pieces(StagedCheckpoint& staged, const std::filesystem::path& from) {
  for (;;) {
    TRY(const auto want, staged.next());
    if (!want) return {};
    TRY(const auto file, files::File::open_for_reading(from / want->file));
    TRY(const auto piece, file.read_at(want->offset, full_disk_piece));
    TRY_VOID(staged.add(want->file, want->offset, piece));
  }
}

/// Begins, or goes on with, the snapshot and installs it.
Result<> take_full_disk_snapshot(DataDirectory& data, const std::filesystem::path& made,
                                 const CheckpointManifest& manifest) {
  TRY(auto staged, StagedCheckpoint::begin(data, "snapshot-1", manifest, full_disk_cap));
  TRY_VOID(receive_full_disk_pieces(staged, made / "checkpoint"));
  TRY_VOID(staged.finish());
  TRY_VOID(data.install(std::move(staged)));
  return {};
}

std::string dump_current(const DataDirectory& data) {
  const auto db = test::open_store(data.current().value()->core_db(), false);
  return db ? test::dump_store(*db) : "";
}

/// In `made`: `checkpoint` and `manifest` of the new state, `data` of the old one, their dumps. For ever more
/// pages of room until it fits: the first error is the full disk's, the old state stays, and with room it
/// goes on from there.
void fill_disk_at_every_page(const std::filesystem::path& made) {
  const auto manifest =
      CheckpointManifest::decode(files::read_all(made / "manifest", 1UL << 20U).value()).value();
  const auto old_state = files::read_all(made / "old", 1UL << 30U).value();
  const auto new_state = files::read_all(made / "new", 1UL << 30U).value();
  const test::SmallDisk disk(made / "disk", 64UL << 20U);
  if (!disk.is_mounted()) return;
  std::uint64_t resumed = 0;
  std::uint64_t pages = 0;
  for (bool fits = false; !fits; ++pages) {
    SCOPED_TRACE(std::to_string(pages) + " free pages");
    std::filesystem::remove_all(made / "disk" / "data");
    std::filesystem::copy(made / "data", made / "disk" / "data", std::filesystem::copy_options::recursive);
    auto data = DataDirectory::open(made / "disk" / "data").value();
    disk.fill(pages);
    const auto taken = take_full_disk_snapshot(data, made, manifest);
    disk.make_room();
    fits = taken.has_value();
    if (!fits) {
      EXPECT_EQ(taken.error().kind, ErrorKind::storage_full) << taken.error().describe();
      EXPECT_EQ(data.generations().value().size(), 1U) << "nothing is half installed";
      EXPECT_EQ(dump_current(data), old_state);
      const auto staged = StagedCheckpoint::begin(data, "snapshot-1", manifest, full_disk_cap).value();
      resumed += staged.received_bytes() > 0 ? 1 : 0;
      const auto again = take_full_disk_snapshot(data, made, manifest);
      ASSERT_TRUE(again) << again.error().describe();
    }
    EXPECT_EQ(dump_current(data), new_state);
    EXPECT_EQ(data.generations().value().size(), 2U);
    if (testing::Test::HasFailure()) return;
  }
  EXPECT_GT(pages, manifest.total_bytes() / test::SmallDisk::page_bytes());
  EXPECT_GT(resumed, 3U) << "what was received before is not asked for again";
}

/// The same, but the receiver lives on: the piece that found no room is given again to the same object.
void add_again_after_a_full_disk(const std::filesystem::path& made) {
  const auto manifest =
      CheckpointManifest::decode(files::read_all(made / "manifest", 1UL << 20U).value()).value();
  const test::SmallDisk disk(made / "disk", 64UL << 20U);
  if (!disk.is_mounted()) return;
  std::filesystem::copy(made / "data", made / "disk" / "data", std::filesystem::copy_options::recursive);
  auto data = DataDirectory::open(made / "disk" / "data").value();
  auto staged = StagedCheckpoint::begin(data, "snapshot-1", manifest, full_disk_cap).value();
  int refused = 0;
  Result<> received;
  do {
    disk.fill(1);  // room for one more page, again and again
    const auto before = staged.received_bytes();
    received = receive_full_disk_pieces(staged, made / "checkpoint");
    EXPECT_GE(staged.received_bytes(), before);
    if (received) break;
    ++refused;
    ASSERT_EQ(received.error().kind, ErrorKind::storage_full) << received.error().describe();
    EXPECT_FALSE(staged.finish()) << "it is not complete";
    EXPECT_FALSE(staged.finished());
  } while (refused < 10'000);
  EXPECT_GT(refused, 3);
  disk.make_room();
  ASSERT_TRUE(staged.finish());
  ASSERT_TRUE(data.install(std::move(staged)));
  EXPECT_EQ(dump_current(data), files::read_all(made / "new", 1UL << 30U).value());
}

const bool every_page_registered =
    test::register_scenario("full-disk-at-every-page", fill_disk_at_every_page);
const bool add_again_registered = test::register_scenario("full-disk-add-again", add_again_after_a_full_disk);

class StagedDiskFull : public testing::Test {
 protected:
  StagedDiskFull() {
    test::LogScene scene;
    write_full_disk_rows(scene, "new ", 40);
    std::ofstream(made_ / "new") << test::dump_store(*scene.db);
    const auto manifest = Checkpointer(*scene.db).create(made_ / "checkpoint").value();
    std::ofstream(made_ / "manifest") << manifest.encode();
    const auto first = DataDirectory::create(made_ / "data").value().create_first_generation().value();
    const auto old = test::open_store(first.core_db(), true);
    LogApplier applier(*old);
    EXPECT_TRUE(applier.apply(test::BatchMaker().next({test::put_row(1, "old", "state")})));
    std::ofstream(made_ / "old") << test::dump_store(*old);
  }

  test::TempDirectory made_;
};

TEST_F(StagedDiskFull, AtEveryPageTheOldStateStaysAndWithRoomItGoesOn) {
  ASSERT_TRUE(every_page_registered);
  EXPECT_FALSE(test::kill_at("full-disk-at-every-page", made_.path(), "none"));
}

TEST_F(StagedDiskFull, APieceThatFoundNoRoomMayBeGivenAgain) {
  ASSERT_TRUE(add_again_registered);
  EXPECT_FALSE(test::kill_at("full-disk-add-again", made_.path(), "none"));
}

}  // namespace
}  // namespace holdfast::storage
