#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "holdfast/storage/committer.h"
#include "holdfast/storage/core_db.h"
#include "rocks.h"

namespace holdfast::test {

/// A core.db that a fault test opens again and again: always the same cluster and root key, each opening a
/// new incarnation. Transaction `number` writes two rows, so that half a transaction would show.
struct FaultStore {
  /// Creates the store when it is not there.
  static Result<FaultStore> open(const std::filesystem::path& directory,
                                 const storage::RocksTuning& tuning = {},
                                 storage::CommitterOptions options = {.free_space_floor_bytes = 0});

  [[nodiscard]] storage::Transaction numbered(int number) const;
  Result<storage::Head> write(int number) { return committer->commit_and_wait(numbered(number)); }
  /// Whether transaction `number` is there; a half one fails the test.
  [[nodiscard]] bool has(int number) const;
  /// The chain of the log is exact and ends with the store's head.
  void expect_sound() const;

  std::unique_ptr<storage::CoreDb> core;
  std::unique_ptr<storage::Committer> committer;
};

}  // namespace holdfast::test
