#pragma once

#include <array>
#include <functional>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <unordered_map>

#include "holdfast/base/bytes.h"
#include "holdfast/identity/session_service.h"
#include "record_cache.h"
#include "records.h"
#include "tables.h"

namespace holdfast::identity {

/// What SessionService holds in memory.
struct SessionService::State {
  /// Families and users of whom it is remembered whether they were signed out: mostly that they never were.
  static constexpr std::size_t cached_revocations = 16'384;

  explicit State(storage::CoreDb& core) : replicated(core, revocations_table, cached_revocations) {}

  /// When each family or user was signed out as the log has it; empty for one that never was.
  RecordCache<std::optional<WallTime>> replicated;
  mutable std::shared_mutex mutex;
  std::unordered_map<Bytes, Revocation> local_revocations;
  Bytes swept_sessions;
  Bytes swept_revocations;
  Bytes swept_local_sessions;
  Bytes swept_local_revocations;

  /// Writing revocations to local.db against sweeping them there.
  std::mutex local_revocation_rows;
  /// Comparing and writing one session's row in local.db, where no committer does it.
  std::mutex& local_session_row(const Bytes& key) {
    return stripes[std::hash<Bytes>()(key) % stripes.size()];
  }
  std::array<std::mutex, 64> stripes;
};

}  // namespace holdfast::identity
