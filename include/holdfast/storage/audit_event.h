#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <string>

#include "holdfast/base/clock.h"
#include "holdfast/base/result.h"
#include "holdfast/storage/table.h"

namespace holdfast::storage {

class Reader;

/// One line of the audit trail, committed with the change that it describes. Never holds secrets.
struct AuditEvent {
  WallTime time;
  std::string kind;                            ///< upper case with underscores, like STATE_UPDATED
  std::string actor_kind;                      ///< operator, user, client, node, system
  std::string actor;                           ///< id of who did it
  std::string target_kind;                     ///< app, user, pool, …
  std::string target;                          ///< its id
  std::string region;                          ///< where it was done
  std::string request_id;                      ///< empty when no request caused it
  std::map<std::string, std::string> details;  ///< further named values (old, new, version, …)

  [[nodiscard]] Bytes encode() const;
  static Result<AuditEvent> decode(BytesView plain);
  bool operator==(const AuditEvent&) const = default;
};

/// Table 0x0501. Key: u64 microseconds (time order) ‖ 8 random bytes. Sealed with the system key.
constexpr Table audit_table{Family::audit, 0x0501, "audit"};

/// Visits events in [from, until) in order of time, at most `limit`. `after` (empty: from the start)
/// continues behind a key that an earlier call visited.
Result<> scan_audit(const Reader& reader, WallTime from, WallTime until, BytesView after, std::size_t limit,
                    const std::function<void(BytesView key, AuditEvent event)>& visit);

}  // namespace holdfast::storage
