#include "holdfast/base/error.h"

namespace holdfast {

std::string_view to_string(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::invalid:
      return "invalid";
    case ErrorKind::unauthenticated:
      return "unauthenticated";
    case ErrorKind::forbidden:
      return "forbidden";
    case ErrorKind::not_found:
      return "not_found";
    case ErrorKind::conflict:
      return "conflict";
    case ErrorKind::too_large:
      return "too_large";
    case ErrorKind::read_only:
      return "read_only";
    case ErrorKind::overloaded:
      return "overloaded";
    case ErrorKind::unavailable:
      return "unavailable";
    case ErrorKind::storage_full:
      return "storage_full";
    case ErrorKind::outcome_unknown:
      return "outcome_unknown";
    case ErrorKind::corrupt:
      return "corrupt";
    case ErrorKind::internal:
      return "internal";
  }
  return "internal";
}

std::string Error::describe() const {
  std::string text{to_string(kind)};
  text.append("/").append(code).append(": ").append(message);
  if (!detail.empty()) text.append(" (").append(detail).append(")");
  return text;
}

}  // namespace holdfast
