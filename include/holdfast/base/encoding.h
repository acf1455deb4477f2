#pragma once

#include "holdfast/base/bytes.h"
#include "holdfast/base/result.h"

namespace holdfast {

/// Lower-case hexadecimal.
std::string to_hex(BytesView bytes);
/// Accepts either case; odd length or other characters are `invalid`.
Result<Bytes> from_hex(std::string_view text);

/// RFC 4648 §4, padded.
std::string to_base64(BytesView bytes);
/// Strict RFC 4648 §4: padding required, no white space, unused bits zero.
Result<Bytes> from_base64(std::string_view text);

/// RFC 4648 §5 without padding, as JOSE uses it (RFC 7515 §2).
std::string to_base64url(BytesView bytes);
/// Strict: no padding, no white space, unused bits zero (one text for one value).
Result<Bytes> from_base64url(std::string_view text);

}  // namespace holdfast
