#pragma once

#include <string>
#include <string_view>

namespace holdfast::cli {

/// One word in single quotes, whatever is in it: for POSIX shells, zsh and HAProxy's configuration, which end
/// the quotes, escape one, and begin again.
std::string shell_quoted(std::string_view text);

}  // namespace holdfast::cli
