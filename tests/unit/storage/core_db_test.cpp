#include "holdfast/storage/core_db.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <rocksdb/listener.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>

#include "error_guard.h"
#include "holdfast/base/encoding.h"
#include "holdfast/storage/audit_event.h"
#include "holdfast/storage/committer.h"
#include "holdfast/storage/look.h"
#include "rocks.h"
#include "storage/fault_env.h"
#include "test_store.h"

namespace holdfast::storage {
namespace {

constexpr Table core_rows{Family::apps, 0x03f3, "core_rows"};

std::string code_of(const Result<std::unique_ptr<CoreDb>>& opened) {
  return opened ? "opened" : std::string(opened.error().code);
}

TEST(CoreDb, OpensOnlyWhatItShould) {
  test::TempDirectory directory;
  const auto path = directory.path() / "core.db";
  EXPECT_EQ(code_of(CoreDb::open({.path = path})), "store_missing");
  auto core = CoreDb::open({.path = path, .create = true});
  ASSERT_TRUE(core) << core.error().describe();
  EXPECT_EQ((*core)->applied(), Head{});
  EXPECT_EQ(code_of(CoreDb::open({.path = path})), "store_in_use");
  core->reset();
  EXPECT_EQ(code_of(CoreDb::open({.path = path, .create = true})), "store_exists");
  EXPECT_EQ(code_of(CoreDb::open({.path = path})), "opened");
}

TEST(CoreDb, ReopensAtItsHead) {
  test::TempDirectory directory;
  const auto path = directory.path() / "core.db";
  test::TestClock clock;
  const auto root = RootKey::generate(1);
  Head head;
  for (int run = 1; run <= 3; ++run) {
    auto core = *CoreDb::open({.path = path, .create = run == 1});
    ASSERT_TRUE(core->unlock(ClusterId("c"), root.copy()));
    EXPECT_EQ(core->durable(), head);
    EXPECT_EQ(core->reader().head(), head);
    Committer committer(*core, clock);
    ASSERT_TRUE(committer.begin({.reign = 1, .incarnation = static_cast<std::uint32_t>(run)}));
    auto transaction = core->transaction();
    if (run == 1) core->keys()->create_key(transaction, Scope::system(), clock.now());
    transaction.put(core_rows, std::to_string(run), Scope::system(), 1, "x");
    head = *committer.commit_and_wait(std::move(transaction));
    EXPECT_EQ(head.index, static_cast<std::uint64_t>(run));
  }
}

/// Every file below `directory` with its bytes and its time.
std::map<std::string, std::pair<std::filesystem::file_time_type, std::string>> files_below(
    const std::filesystem::path& directory) {
  std::map<std::string, std::pair<std::filesystem::file_time_type, std::string>> found;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(directory)) {
    if (!entry.is_regular_file()) continue;
    std::ifstream file(entry.path(), std::ios::binary);
    found[entry.path()] = {entry.last_write_time(), {std::istreambuf_iterator<char>(file), {}}};
  }
  return found;
}

TEST(CoreDb, ALookReadsWhatTheLogHoldsAndChangesNoFile) {
  test::TempDirectory directory;
  const auto path = directory.path() / "core.db";
  test::TestClock clock;
  const auto root = RootKey::generate(1);
  Head head;
  {
    auto core = *CoreDb::open({.path = path, .create = true});
    ASSERT_TRUE(core->unlock(ClusterId("c"), root.copy()));
    Committer committer(*core, clock);
    ASSERT_TRUE(committer.begin({.reign = 1, .incarnation = 1}));
    auto transaction = core->transaction();
    core->keys()->create_key(transaction, Scope::system(), clock.now());
    transaction.put(core_rows, "a", Scope::system(), 1, "x");
    head = *committer.commit_and_wait(std::move(transaction));
  }
  const auto before = files_below(path);
  {
    const auto core = look_into_core(path);
    ASSERT_TRUE(core) << core.error().describe();
    ASSERT_TRUE((*core)->unlock(ClusterId("c"), root.copy()));
    EXPECT_EQ((*core)->applied(), head);
    EXPECT_EQ((*core)->reader().get(core_rows, "a")->plain, "x");
  }
  EXPECT_TRUE(files_below(path) == before);
  EXPECT_EQ(code_of(CoreDb::open({.path = path})), "opened");
  EXPECT_FALSE(files_below(path) == before) << "what an opening for work does";
}

TEST(CoreDb, AStoreWhoseKeysDoNotOpenHereIsNoReplacement) {
  test::TempDirectory directory;
  test::TestClock clock;
  const auto root = RootKey::generate(1);
  const auto make = [&](const std::string& name, const RootKey& sealed_by) {
    auto core = *CoreDb::open({.path = directory.path() / name, .create = true});
    EXPECT_TRUE(core->unlock(ClusterId("c"), sealed_by.copy()));
    Committer committer(*core, clock);
    EXPECT_TRUE(committer.begin({.reign = 1, .incarnation = 1}));
    auto transaction = core->transaction();
    core->keys()->create_key(transaction, Scope::system(), clock.now());
    EXPECT_TRUE(committer.commit_and_wait(std::move(transaction)));
    committer.close("test");
    return core;
  };
  const auto core = make("own", root);
  make("same", root);
  make("other", RootKey::generate(1));
  const auto before = files_below(directory.path());
  EXPECT_TRUE(core->check_replacement(directory.path() / "same"));
  const auto refused = core->check_replacement(directory.path() / "other");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::corrupt);
  EXPECT_EQ(core->check_replacement(directory.path() / "none").error().code, "store_missing");
  EXPECT_TRUE(files_below(directory.path()) == before);
  EXPECT_FALSE(core->failure());
  EXPECT_TRUE(core->keys()->key_for(Scope::system()));
}

TEST(CoreDb, RefusesToOpenBelowItsFloor) {
  test::TempDirectory directory;
  test::FaultEnv faults;
  const auto path = directory.path() / "core.db";
  ASSERT_TRUE(CoreDb::open_tuned({.path = path, .create = true}, {.env = faults.env()}));
  faults.set_free_bytes(10UL * 1024 * 1024);
  EXPECT_EQ(code_of(CoreDb::open_tuned({.path = path}, {.env = faults.env()})), "storage_full");
  faults.set_free_bytes(100UL * 1024 * 1024);
  EXPECT_EQ(code_of(CoreDb::open_tuned({.path = path}, {.env = faults.env()})), "opened");
}

TEST(CoreDb, OptionsKeepTheMustsOfReplication) {
  const auto options = rocks_db_options({}, std::make_shared<ErrorGuard>());
  EXPECT_EQ(options.WAL_ttl_seconds, UINT64_MAX);
  EXPECT_EQ(options.WAL_size_limit_MB, 0U);
  EXPECT_LE(options.max_total_wal_size, 16UL * 1024 * 1024);
  EXPECT_EQ(options.max_bgerror_resume_count, 0);
  EXPECT_FALSE(options.persist_stats_to_disk);
  EXPECT_FALSE(options.manual_wal_flush);
  EXPECT_EQ(options.wal_compression, rocksdb::kNoCompression);
  EXPECT_EQ(options.recycle_log_file_num, 0U);
  EXPECT_FALSE(options.track_and_verify_wals_in_manifest);
}

// RocksDB resumes by itself only after seconds of polling, so its two calls are made here.
TEST(CoreDb, RecoveryIsVetoedAndEitherCallEndsWriting) {
  const auto guard = std::make_shared<ErrorGuard>();
  bool auto_recovery = true;
  rocks_db_options({}, guard).listeners.at(0)->OnErrorRecoveryBegin(
      rocksdb::BackgroundErrorReason::kWriteCallback, rocksdb::Status::NoSpace("full"), &auto_recovery);
  EXPECT_FALSE(auto_recovery);
  EXPECT_EQ(guard->failure(), "IO error: No space left on device: full");

  const auto other = std::make_shared<ErrorGuard>();
  std::vector<std::string> told;
  const auto early = other->on_failure([&](const std::string& reason) {
    told.push_back("early: " + reason);
    EXPECT_EQ(other->failure(), reason) << "a callback may ask";
  });
  auto status = rocksdb::Status::IOError("sync");
  rocks_db_options({}, other).listeners.at(0)->OnBackgroundError(rocksdb::BackgroundErrorReason::kFlush,
                                                                 &status);
  other->fail("a second reason");
  const auto late = other->on_failure([&](const std::string& reason) { told.push_back("late: " + reason); });
  EXPECT_EQ(told, (std::vector<std::string>{"early: IO error: sync", "late: IO error: sync"}));
}

/// Of a LOCK file RocksDB speaks in words only; a path or another error may contain the same letters.
TEST(CoreDb, OnlyALockThatSomebodyHoldsIsAStoreInUse) {
  const auto code = [](const rocksdb::Status& status) { return to_error(status, "test").code; };
  EXPECT_EQ(code(rocksdb::Status::IOError("While pread offset 0 len 9", "/srv/block store/12.sst: broken")),
            "internal");
  EXPECT_EQ(code(rocksdb::Status::IOError("truncated block read")), "internal");

  test::TempDirectory directory;
  const auto path = directory.path() / "core.db";
  ASSERT_TRUE(CoreDb::open({.path = path, .create = true}));
  int held[2];
  ASSERT_EQ(::pipe(held), 0);
  const auto child = ::fork();
  if (child == 0) {
    struct flock whole{.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 0, .l_len = 0, .l_pid = 0};
    const int file = ::open((path / "LOCK").c_str(), O_RDWR | O_CLOEXEC);
    const char done = ::fcntl(file, F_SETLK, &whole) == 0 ? 'y' : 'n';
    (void)!::write(held[1], &done, 1);
    ::pause();
  }
  char done = 'n';
  EXPECT_EQ(::read(held[0], &done, 1), 1);
  EXPECT_EQ(done, 'y');
  EXPECT_EQ(code_of(CoreDb::open({.path = path})), "store_in_use");
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  ::close(held[0]);
  ::close(held[1]);
  EXPECT_EQ(code_of(CoreDb::open({.path = path})), "opened");
}

/// docs/formats/data-directory.md
TEST(CoreDb, TheDirectoryOfANewStoreIsPrivate) {
  test::TempDirectory directory;
  const auto path = directory.path() / "core.db";
  ASSERT_TRUE(CoreDb::open({.path = path, .create = true}));
  EXPECT_EQ(std::filesystem::status(path).permissions(), std::filesystem::perms::owner_all);
}

/// An installed snapshot takes the old store's files away while a slow reader still holds it: a compaction
/// that misses them must not end writing to the new one.
TEST(CoreDb, AReplacedStoreWorksNoMoreButIsStillRead) {
  test::TestStore store;
  auto transaction = store.transaction();
  transaction.put(core_rows, "row", Scope::system(), 1, "old");
  store.commit(std::move(transaction));
  const auto old = store.core().rocks();
  const auto reader = store.reader();
  auto* const family = old->family(Family::apps);
  ASSERT_TRUE(old->db->Flush(rocksdb::FlushOptions(), family).ok());
  EXPECT_EQ(reader.get(core_rows, "row")->plain, "old");

  const auto path = store.directory() / "new.db";
  ASSERT_TRUE(CoreDb::open({.path = path, .create = true}));
  ASSERT_TRUE(store.core().replace(path));
  std::filesystem::remove_all(store.directory() / "core.db");
  rocksdb::CompactRangeOptions everything;
  everything.bottommost_level_compaction = rocksdb::BottommostLevelCompaction::kForce;
  EXPECT_FALSE(old->db->CompactRange(everything, family, nullptr, nullptr).ok());
  EXPECT_EQ(store.core().failure(), std::nullopt);
  EXPECT_EQ(reader.get(core_rows, "row")->plain, "old");
}

TEST(CoreDb, SnapshotsStayAtTheirMoment) {
  test::TestStore store;
  const auto write = [&](std::string_view value) {
    auto transaction = store.transaction();
    transaction.put(core_rows, "row", Scope::system(), 1, value);
    return store.commit(std::move(transaction));
  };
  const auto head = write("then");
  const auto then = store.core().snapshot();
  const auto latest = store.reader();
  write("now");
  EXPECT_EQ(then.get(core_rows, "row")->plain, "then");
  EXPECT_EQ(then.head(), head);
  EXPECT_EQ(latest.get(core_rows, "row")->plain, "now");
}

TEST(Reader, ScansAreBoundedByTableAndPrefixAndContinue) {
  test::TestStore store;
  constexpr Table before{Family::apps, 0x03f2, "before"};
  constexpr Table behind{Family::apps, 0x03f4, "behind"};
  auto transaction = store.transaction();
  for (const auto* key : {"a", "b1", "b2", "b3", "b\xff", "b\xff\xff", "c"}) {
    transaction.put(core_rows, key, Scope::system(), 1, key);
    transaction.put(before, key, Scope::system(), 1, "wrong").put(behind, key, Scope::system(), 1, "wrong");
  }
  store.commit(std::move(transaction));
  const auto scan = [&](BytesView prefix, BytesView after, std::size_t limit) {
    std::string seen;
    EXPECT_TRUE(
        store.reader().scan(core_rows, prefix, after, limit, [&](BytesView key, const Stored& stored) {
          EXPECT_EQ(stored.plain, key);
          seen += std::string(key) + " ";
        }));
    return seen;
  };
  EXPECT_EQ(scan("", "", 99), "a b1 b2 b3 b\xff b\xff\xff c ");
  EXPECT_EQ(scan("b", "", 99), "b1 b2 b3 b\xff b\xff\xff ");
  EXPECT_EQ(scan("b\xff", "", 99), "b\xff b\xff\xff ");
  EXPECT_EQ(scan("b", "b1", 2), "b2 b3 ");
  EXPECT_EQ(scan("b", "a", 1), "b1 ");
  EXPECT_EQ(scan("b", "c", 99), "");
  EXPECT_EQ(scan("b", "b1x", 1), "b2 ") << "a key that is gone still marks its place";
  EXPECT_EQ(scan("", "", 0), "");
  int visited = 0;
  EXPECT_TRUE(
      store.reader().scan(core_rows, "", "", 99, [&](BytesView, const Stored&) { return ++visited < 2; }));
  EXPECT_EQ(visited, 2);
}

TEST(Reader, AbsenceIsAnErrorOnlyForGet) {
  test::TestStore store;
  EXPECT_EQ(store.reader().find(core_rows, "nothing"), std::nullopt);
  EXPECT_EQ(store.reader().get(core_rows, "nothing").error().kind, ErrorKind::not_found);
}

TEST(Reader, AMovedRowIsRefused) {
  test::TestStore store;
  auto transaction = store.transaction();
  transaction.put(core_rows, "mine", Scope::system(), 1, "value");
  store.commit(std::move(transaction));
  // Someone who can write to the disk copies a row to another key.
  const auto rocks = store.core().rocks();
  std::string value;
  auto* family = rocks->family(Family::apps);
  ASSERT_TRUE(rocks->db->Get({}, family, full_key(core_rows, "mine"), &value).ok());
  ASSERT_TRUE(rocks->db->Put({}, family, full_key(core_rows, "yours"), value).ok());
  EXPECT_EQ(store.reader().get(core_rows, "yours").error().kind, ErrorKind::corrupt);
  ASSERT_TRUE(rocks->db->Put({}, family, full_key(core_rows, "clear"), clear_record(1, "planted")).ok());
  EXPECT_EQ(store.reader().get(core_rows, "clear").error().kind, ErrorKind::corrupt);
}

TEST(Audit, EventsComeBackInOrderOfTime) {
  test::TestStore store;
  const auto begin = store.clock().now();
  const auto event = [&](std::string kind) {
    return AuditEvent{.time = store.clock().now(),
                      .kind = std::move(kind),
                      .actor_kind = "operator",
                      .actor = "op-1",
                      .target_kind = "app",
                      .target = "shop",
                      .region = "us-east-1",
                      .request_id = "req-9",
                      .details = {{"old", "active"}, {"new", "fenced"}}};
  };
  std::vector<AuditEvent> written;
  for (const auto* kind : {"FIRST", "SECOND", "THIRD"}) {
    written.push_back(event(kind));
    auto transaction = store.transaction();
    transaction.audit(written.back());
    store.commit(std::move(transaction));
    store.clock().advance(std::chrono::seconds(1));
  }
  std::vector<AuditEvent> seen;
  std::vector<Bytes> keys;
  const auto collect = [&](BytesView key, AuditEvent found) {
    keys.emplace_back(key);
    seen.push_back(std::move(found));
  };
  ASSERT_TRUE(scan_audit(store.reader(), begin, store.clock().now(), {}, 99, collect));
  EXPECT_EQ(seen, written);
  seen.clear();
  ASSERT_TRUE(scan_audit(store.reader(), begin, store.clock().now(), Bytes(keys[0]), 1, collect));
  EXPECT_EQ(seen, (std::vector{written[1]}));
  seen.clear();
  ASSERT_TRUE(scan_audit(store.reader(), written[1].time, written[2].time, {}, 99, collect));
  EXPECT_EQ(seen, (std::vector{written[1]})) << "from is inside, until is not";
}

TEST(Audit, EventIsGolden) {
  const AuditEvent event{.time = from_micros(1'795'253'400'123'456),
                         .kind = "STATE_UPDATED",
                         .actor_kind = "operator",
                         .actor = "op-1",
                         .target_kind = "app",
                         .target = "shop",
                         .region = "us-east-1",
                         .request_id = "req-9",
                         .details = {{"new", "fenced"}, {"old", "active"}}};
  EXPECT_EQ(to_hex(event.encode()),
            "01070cc18c02647080020d53544154455f5550444154454403086f70657261746f7204046f702d310503617070060473"
            "686f70070975732d"
            "656173742d3108057265712d39090b036e65770666656e636564090b036f6c6406616374697665");
  EXPECT_EQ(AuditEvent::decode(event.encode()), event);
}

}  // namespace
}  // namespace holdfast::storage
