#include "holdfast/base/control_characters.h"

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace holdfast {

bool has_control_character(std::string_view utf8, bool but_line_space) {
  for (std::size_t at = 0; at < utf8.size(); ++at) {
    const auto byte = static_cast<unsigned char>(utf8[at]);
    const bool line_space = byte == '\t' || byte == '\n' || byte == '\r';
    if ((byte < 0x20 && !(but_line_space && line_space)) || byte == 0x7f) return true;
    // U+0080–U+009F are C2 80 to C2 9F; C2 is always a first byte.
    if (byte == 0xc2 && at + 1 < utf8.size() && static_cast<unsigned char>(utf8[at + 1]) < 0xa0) return true;
  }
  return false;
}

std::size_t plain_run(std::string_view text) {
  constexpr std::uint64_t each = 0x0101010101010101U;
  constexpr std::uint64_t tops = each * 0x80;
  std::size_t at = 0;
  for (std::uint64_t word = 0; at + sizeof word <= text.size(); at += sizeof word) {
    std::memcpy(&word, text.data() + at, sizeof word);
    const auto del = word ^ each * 0x7f;
    // No byte borrows from the next while none is below what is taken away.
    if ((((word - each * 0x20) & ~word) | ((del - each) & ~del)) & tops) break;
  }
  return at;
}

}  // namespace holdfast
