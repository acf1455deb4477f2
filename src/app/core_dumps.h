#pragma once

#include "holdfast/base/result.h"

namespace holdfast::app {

/// This process's memory holds keys and passwords: no core file is written of it and no process of the same
/// user may attach to it. First of all in whatever opens keys.
Result<> forbid_core_dumps();

}  // namespace holdfast::app
