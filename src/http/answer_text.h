#pragma once

#include <string>

#include "holdfast/http/response.h"
#include "response_plan.h"

namespace holdfast::http {

/// Bodies up to here travel in one run of bytes with their head: one TLS record, one call of the kernel.
inline constexpr std::size_t max_joined_body_bytes = 8UL * 1024;

/// The body is neither streamed nor worth sending from where it is.
bool is_small(const Response& response);

/// The head of a response that is not streamed and, of a small one, the body behind it. Its headers have been
/// checked (is_sendable); lines that the plan owns are the plan's whatever the handler set. The heads and
/// chunks of streams are MessageWriter's (docs/adr/0078).
std::string answer_text(const Response& response, const ResponsePlan& plan, bool http_1_0, WallTime now);

}  // namespace holdfast::http
