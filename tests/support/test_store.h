#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>

#include "holdfast/base/clock.h"
#include "holdfast/storage/committer.h"
#include "holdfast/storage/core_db.h"
#include "holdfast/storage/key_ring.h"
#include "storage/temp_directory.h"

namespace holdfast::test {

/// A clock that a test moves.
class TestClock final : public Clock {
 public:
  [[nodiscard]] WallTime now() const override { return WallTime(std::chrono::microseconds(wall_.load())); }
  [[nodiscard]] SteadyTime steady_now() const override {
    return SteadyTime(std::chrono::nanoseconds(steady_.load()));
  }
  void advance(std::chrono::microseconds by) {
    wall_ += by.count();
    steady_ += std::chrono::nanoseconds(by).count();
  }
  /// Wall time alone, also backwards.
  void jump(std::chrono::microseconds by) { wall_ += by.count(); }

 private:
  std::atomic<std::int64_t> wall_ = 1'795'253'400'000'000;  // 2026-11-21T09:30:00Z
  std::atomic<std::int64_t> steady_ = 1'000'000'000;
};

/// An empty, unlocked core.db in a temporary directory with system, blinding and token key, and a committer
/// that is open under term 1.1: the test double for storage.
class TestStore {
 public:
  explicit TestStore(storage::CommitterOptions options = {},
                     TempDirectory::Where where = TempDirectory::Where::disk)
      : directory_(where) {
    auto opened = storage::CoreDb::open({.path = directory_.path() / "core.db", .create = true});
    if (!opened) throw std::runtime_error(opened.error().describe());
    core_ = *std::move(opened);
    must(core_->unlock(ClusterId("00112233445566778899aabbccddeeff"), storage::RootKey::generate(1)));
    committer_ = std::make_unique<storage::Committer>(*core_, clock_, std::move(options));
    must(committer_->begin({.reign = 1, .incarnation = 1}));
    auto keys = core_->transaction();
    for (const auto& scope :
         {storage::Scope::system(), storage::Scope::blinding(), storage::Scope::token()}) {
      core_->keys()->create_key(keys, scope, clock_.now());
    }
    commit(std::move(keys));
  }

  [[nodiscard]] storage::CoreDb& core() { return *core_; }
  [[nodiscard]] storage::Committer& committer() { return *committer_; }
  [[nodiscard]] TestClock& clock() { return clock_; }
  [[nodiscard]] const std::filesystem::path& directory() const { return directory_.path(); }
  [[nodiscard]] storage::Transaction transaction() const { return core_->transaction(); }
  [[nodiscard]] storage::Reader reader() const { return core_->reader(); }

  /// Commits and expects success.
  storage::Head commit(storage::Transaction transaction) {
    auto head = committer_->commit_and_wait(std::move(transaction));
    if (!head) throw std::runtime_error(head.error().describe());
    return *head;
  }

 private:
  static void must(const Result<>& result) {
    if (!result) throw std::runtime_error(result.error().describe());
  }

  TempDirectory directory_;
  TestClock clock_;
  std::unique_ptr<storage::CoreDb> core_;
  std::unique_ptr<storage::Committer> committer_;
};

}  // namespace holdfast::test
