#pragma once

#include <functional>
#include <string_view>
#include <vector>

#include "holdfast/http/router.h"

namespace holdfast::api {

/// Whether a page of `origin` may use the app, pool or bucket that the request is for. Compares exactly: an
/// origin has one spelling (RFC 6454 §6.2). Runs on the I/O thread and must not block. Never asked for
/// `null`.
using OriginCheck = std::function<bool(const http::Request& request, std::string_view origin)>;

/// Adds rows that browser pages call: every response of theirs, errors too, says `Vary: Origin` and names the
/// origin when it is allowed, and each path gets a preflight row (OPTIONS), which refuses strangers with 403
/// `origin_not_allowed` in the form of `preflight_errors` (else the listener's, whatever form the rows have).
/// Never with credentials, never `*`, never `null`.
void add_rows_with_cors(http::Router& router, std::vector<http::Row> rows, OriginCheck is_allowed,
                        const http::ErrorRenderer& preflight_errors = {});

/// Whether a page may send this header: what the OIDC and AWS libraries for browsers send, our own, and any
/// `x-amz-…`.
bool is_cors_request_header(std::string_view name);

}  // namespace holdfast::api
