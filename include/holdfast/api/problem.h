#pragma once

#include <functional>
#include <optional>
#include <string>

#include "holdfast/base/error.h"
#include "holdfast/http/router.h"

namespace holdfast::api {

/// The one place where an Error becomes an HTTP status: an exhaustive switch over the kinds, and the few
/// codes that HTTP gives a status of their own (docs/api-errors.md).
int status_of(const Error& error);

/// The public URL of the primary as this region knows it; nothing when it knows none. Must not block.
using PrimaryUrl = std::function<std::optional<std::string>()>;

/// RFC 9457 `application/problem+json`: type, title, status, detail, code, requestId; for `read_only_region`
/// also `primary` (null when unknown). Defects show neither code nor message: 500 `internal`. A 401 carries
/// the challenge of RFC 6750 §3.
http::Response problem_response(const Error& error, int edge_status, const http::Request& request,
                                const PrimaryUrl& primary);

/// The same as the renderer of our own endpoints, for listeners and rows.
http::ErrorRenderer problem_renderer(PrimaryUrl primary);

}  // namespace holdfast::api
