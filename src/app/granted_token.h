#pragma once

#include <filesystem>

#include "foundation.h"
#include "holdfast/identity/operator_service.h"

namespace holdfast::app {

/// For whoever has this host and its region key, and no admin token that still holds: as soon as this region
/// may write, one of scope `admin` for it is made for the operator who is enabled and was registered first,
/// and written to `file` (0600). Once; it is in the audit trail and in the log, and so is why there is none
/// yet or none at all.
async::Task<> grant_admin_token(Foundation* base, identity::OperatorService* operators,
                                std::filesystem::path file);

}  // namespace holdfast::app
