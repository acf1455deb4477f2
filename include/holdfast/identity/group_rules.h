#pragma once

#include <string_view>
#include <vector>

#include "holdfast/base/result.h"
#include "holdfast/identity/group_model.h"

namespace holdfast::identity {

/// A user is in at most this many groups (Cognito's own bound): they all go into the tokens.
inline constexpr std::size_t max_groups_of_a_user = 100;

/// 1–128 bytes, printable, no white space. Refusal: `invalid_group`.
Result<> check_group(const Group& group);

/// By precedence, then by name: the order of `cognito:groups`.
void sort_groups(std::vector<Group>& groups);

}  // namespace holdfast::identity
