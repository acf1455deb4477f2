#include "holdfast/http/request.h"

#include <algorithm>

namespace holdfast::http {

std::string_view Request::param(std::string_view name) const {
  const auto found = std::ranges::find(params, name, &PathParam::name);
  return found == params.end() ? std::string_view() : found->value;
}

std::string_view Request::raw_param(std::string_view name) const {
  const auto found = std::ranges::find(params, name, &PathParam::name);
  return found == params.end() ? std::string_view() : found->raw;
}

}  // namespace holdfast::http
