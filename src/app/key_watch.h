#pragma once

#include "holdfast/base/result.h"
#include "holdfast/identity/identity.h"

namespace holdfast::app {

/// Looks at the signing keys of the first pools (at most a thousand) and keeps what it found as metrics:
/// since when the oldest active one signs, and how many wait for a member to have them.
Result<> watch_keys(identity::Identity& identity);

}  // namespace holdfast::app
