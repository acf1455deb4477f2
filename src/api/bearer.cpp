#include "bearer.h"

#include "holdfast/base/text.h"

namespace holdfast::api {

std::string_view bearer_token(const http::Request& request) {
  constexpr std::string_view scheme = "Bearer ";
  const std::string_view header = request.header("Authorization");
  if (!equals_ignoring_ascii_case(header.substr(0, scheme.size()), scheme)) return {};
  return header.substr(scheme.size());
}

}  // namespace holdfast::api
