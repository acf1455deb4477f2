#include "file_limit.h"

#include <sys/resource.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

#include "holdfast/base/log.h"

namespace holdfast::app {

namespace {
constexpr std::size_t fewest_connections = 16;
}

std::size_t reserve_of(std::size_t connections) { return std::clamp<std::size_t>(connections / 16, 8, 256); }

std::uint64_t files_for(std::size_t connections) {
  return other_files + admin_connections + reserve_of(admin_connections) + connections +
         reserve_of(connections);
}

std::size_t connections_within(std::size_t wanted, std::uint64_t files) {
  if (files_for(wanted) <= files) return wanted;
  const auto rest = files - std::min(files, files_for(0));
  // A sixteenth more for the reserve, which is never above 256 nor, here, much below that.
  const auto fit = std::max(rest - std::min<std::uint64_t>(rest, 256), rest * 16 / 17);
  return std::clamp<std::size_t>(fit, std::min(wanted, fewest_connections), wanted);
}

Result<std::uint64_t> raise_file_limit() {
  rlimit limit{};
  const bool known = getrlimit(RLIMIT_NOFILE, &limit) == 0;
  limit.rlim_cur = limit.rlim_max;
  if (known && setrlimit(RLIMIT_NOFILE, &limit) == 0) return limit.rlim_cur;
  return fail(ErrorKind::internal, "internal", "the limit of open files cannot be raised",
              std::generic_category().message(errno));
}

Result<std::size_t> fit_connections(std::size_t wanted) {
  TRY(const auto files, raise_file_limit());
  const auto fit = connections_within(wanted, files);
  if (fit < wanted) {
    log::warn(
        "limits.connections is lowered: this process may not open enough files (LimitNOFILE, ulimit -Hn)",
        {{"limits.connections", wanted},
         {"connections", fit},
         {"files", files},
         {"filesNeeded", files_for(wanted)}});
  }
  return fit;
}

}  // namespace holdfast::app
