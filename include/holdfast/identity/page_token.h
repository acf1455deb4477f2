#pragma once

#include <string>
#include <string_view>

#include "holdfast/base/bytes.h"
#include "holdfast/base/result.h"

namespace holdfast::identity {

/// What a list gives as `next`: the key that its next page starts behind, and a check over that and the
/// list's name. The check is no secret: it tells a value that this list gave from any other text.
std::string page_token(std::string_view list, BytesView key);

/// The key back; empty for an empty token, the first page. `invalid_next` for what this list did not give.
Result<Bytes> page_key(std::string_view list, std::string_view token);

}  // namespace holdfast::identity
