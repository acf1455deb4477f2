#pragma once

#include <string_view>

#include "holdfast/http/request.h"

namespace holdfast::api {

/// What stands behind `Authorization: Bearer ` (RFC 6750 §2.1; the scheme compares without regard to case,
/// RFC 9110 §11.1), as it was sent; empty where there is nothing of the kind. Valid as long as the request.
std::string_view bearer_token(const http::Request& request);

}  // namespace holdfast::api
