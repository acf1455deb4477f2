#pragma once

#include <string_view>

namespace holdfast {

/// U+0000–U+001F, U+007F and U+0080–U+009F (Unicode's category Cc) in valid UTF-8, but for tab, CR and LF
/// where `but_line_space`.
bool has_control_character(std::string_view utf8, bool but_line_space = false);

}  // namespace holdfast
