#include "holdfast/identity/group_rules.h"

#include <algorithm>
#include <limits>
#include <tuple>

#include "holdfast/identity/user_rules.h"

namespace holdfast::identity {

Result<> check_group(const Group& group) {
  const auto invalid = [](std::string message) {
    return fail(ErrorKind::invalid, "invalid_group", std::move(message));
  };
  const bool spaced = group.name.find_first_of(" \t\r\n") != std::string::npos;
  if (group.name.empty() || group.name.size() > 128 || spaced || !is_printable(group.name)) {
    return invalid("a group's name must be 1 to 128 printable bytes without white space");
  }
  if (group.description.size() > 2048 || !is_printable(group.description)) {
    return invalid("a group's description has at most 2048 printable bytes");
  }
  return {};
}

void sort_groups(std::vector<Group>& groups) {
  std::ranges::sort(groups, {}, [](const Group& group) {
    return std::tuple(std::uint64_t{group.precedence.value_or(std::numeric_limits<std::uint32_t>::max())} +
                          (group.precedence ? 0 : 1),
                      std::string_view(group.name));
  });
}

}  // namespace holdfast::identity
