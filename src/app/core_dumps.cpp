#include "core_dumps.h"

#include <sys/prctl.h>
#include <sys/resource.h>

#include <cerrno>
#include <system_error>

namespace holdfast::app {

Result<> forbid_core_dumps() {
  // Both: a core_pattern that pipes to a program passes over the limit (core(5)).
  constexpr rlimit none{.rlim_cur = 0, .rlim_max = 0};
  if (setrlimit(RLIMIT_CORE, &none) == 0 && prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0) return {};
  return fail(ErrorKind::internal, "internal", "core dumps cannot be switched off",
              std::generic_category().message(errno));
}

}  // namespace holdfast::app
