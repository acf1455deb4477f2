#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace holdfast::http {

/// The methods that a row can serve. Any other token is answered 501 at the edge; TRACE and CONNECT are among
/// those.
enum class Method : std::uint8_t { get, head, post, put, del, options, patch };

std::string_view to_string(Method method);
/// Case-sensitive (RFC 9110 §9.1).
std::optional<Method> method_of(std::string_view token);

}  // namespace holdfast::http
