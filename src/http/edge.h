#pragma once

#include <expected>
#include <string>
#include <string_view>

#include "holdfast/base/error.h"

namespace holdfast::http {

/// What HTTP itself refuses, with the status that RFC 9110 gives it. The listener's renderer makes the
/// response.
struct EdgeError {
  int status = 400;
  Error error;
};

template <class T = void>
using EdgeResult = std::expected<T, EdgeError>;

[[nodiscard]] inline std::unexpected<EdgeError> refuse(int status, std::string_view code, std::string message,
                                                       ErrorKind kind = ErrorKind::invalid) {
  return std::unexpected(EdgeError{status, Error{kind, code, std::move(message), {}}});
}

/// The one answer to a request that is not well-formed HTTP.
[[nodiscard]] inline std::unexpected<EdgeError> refuse_malformed(std::string message) {
  return refuse(400, "invalid_request", std::move(message));
}

}  // namespace holdfast::http
