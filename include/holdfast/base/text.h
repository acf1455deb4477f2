#pragma once

#include <string>
#include <string_view>

#include "holdfast/base/result.h"

namespace holdfast {

/// Strict UTF-8 (RFC 3629): no overlong forms, no surrogates, nothing above U+10FFFF.
bool is_utf8(std::string_view text);

/// Unicode NFC of valid UTF-8; `invalid_utf8` otherwise.
Result<std::string> to_nfc(std::string_view text);

/// NFC, then full Unicode case folding, then NFC again: how names are compared without regard to case.
Result<std::string> to_folded(std::string_view text);

/// ASCII only; other bytes stay.
std::string to_lower_ascii(std::string_view text);
/// Without leading and trailing spaces, tabs, CR and LF.
std::string_view trim(std::string_view text);

bool equals_ignoring_ascii_case(std::string_view a, std::string_view b);

}  // namespace holdfast
