#pragma once

#include <cstddef>
#include <string_view>

namespace holdfast {

/// U+0000–U+001F, U+007F and U+0080–U+009F (Unicode's category Cc) in valid UTF-8, but for tab, CR and LF
/// where `but_line_space`.
bool has_control_character(std::string_view utf8, bool but_line_space = false);

/// How many bytes at the start are certainly no ASCII control characters, counted in eights, which are looked
/// at together: who must see every byte of a request does so for the last few only.
std::size_t plain_run(std::string_view text);

}  // namespace holdfast
