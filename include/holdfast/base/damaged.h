#pragma once

#include <expected>
#include <string>

#include "holdfast/base/error.h"

namespace holdfast {

/// Bytes of a store or of another region that cannot be what they should: `corrupt`, in the same words
/// everywhere. `detail` names the record and what is wrong with it, for the log alone.
std::unexpected<Error> damaged(std::string detail);

}  // namespace holdfast
