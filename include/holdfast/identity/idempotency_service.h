#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "holdfast/async/task.h"
#include "holdfast/base/clock.h"
#include "holdfast/base/result.h"
#include "holdfast/region/writer.h"
#include "holdfast/storage/core_db.h"

namespace holdfast::identity {

/// How long a creation's answer is given again.
inline constexpr std::chrono::hours idempotency_lifetime{24};

/// A creating request that carries a key of the client's own. The same caller, route and key are the same
/// request.
struct IdempotentRequest {
  std::string caller;  ///< whom the credentials proved
  std::string route;   ///< method and path
  std::string key;
  Bytes body_hash;  ///< SHA-256
};

/// The first answer, as it is given again.
struct KeptAnswer {
  Bytes body_hash;
  std::uint16_t status = 0;
  std::string body;
  WallTime expires_at;

  bool operator==(const KeptAnswer&) const = default;
};

/// Remembers what creations answered, so that a client whose reply was lost may simply ask again: at this
/// region, or at the one that took over. The row is written in the creation's own transaction, sealed and
/// replicated; its key is blinded. Thread-safe; lives as long as the process.
class IdempotencyService {
 public:
  IdempotencyService(storage::CoreDb& core, region::Writer& writer, const Clock& clock);
  ~IdempotencyService();

  /// Absent when there was no such request within the lifetime. conflict `idempotency_key_reused` when it had
  /// another body.
  [[nodiscard]] Result<std::optional<KeptAnswer>> find(const IdempotentRequest& request) const;
  /// Adds the row; the commit is refused (conflict `idempotency_raced`) when another request with the key was
  /// first.
  Result<> keep(storage::Transaction& transaction, const IdempotentRequest& request, std::uint16_t status,
                std::string body) const;
  /// What a repeated answer may give as its position: at or behind the creation's.
  [[nodiscard]] storage::Position position() const;

  /// Removes expired rows, at most `limit` looked at; gives how many went. Nothing at a region that may not
  /// write.
  async::Task<Result<std::size_t>> sweep(std::size_t limit);
  /// sweep, once a minute; ends by cancellation.
  async::Task<> run();

 private:
  struct Found;
  [[nodiscard]] Result<Found> look_up(const IdempotentRequest& request) const;

  storage::CoreDb* core_;
  region::Writer* writer_;
  const Clock* clock_;
  Bytes swept_;  ///< by run's task alone
};

}  // namespace holdfast::identity
