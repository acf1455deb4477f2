#pragma once

#include "edge.h"
#include "holdfast/base/bytes.h"

namespace holdfast::http {

/// The strict filter in front of Beast for the client: the head of a response, as HeadScanner found it. One
/// length or one `chunked`, three status digits, field lines like a request's.
EdgeResult<> check_response_head(BytesView head);

}  // namespace holdfast::http
