#pragma once

#include <string>

#include "holdfast/base/clock.h"
#include "holdfast/base/ids.h"
#include "holdfast/identity/rider.h"
#include "holdfast/region/writer.h"
#include "holdfast/storage/audit_event.h"

namespace holdfast::identity {

/// On whose behalf a change is made: what the audit trail will say.
struct Actor {
  std::string kind;  ///< operator, user, client, node, system
  std::string id;
  std::string request_id;
  Rider rider;  ///< what the request writes beside what it creates

  static Actor system() { return {.kind = "system", .id = "holdfast", .request_id = {}, .rider = {}}; }
};

/// A change that is written, and where: the receipt's position goes out as `Holdfast-Position`.
template <class T>
struct Written {
  T value;
  region::CommitReceipt receipt;
};

}  // namespace holdfast::identity
