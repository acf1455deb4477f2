#include "holdfast/http/method.h"

#include <array>

namespace holdfast::http {
namespace {

constexpr std::array<std::string_view, 7> method_names = {"GET",    "HEAD",    "POST", "PUT",
                                                          "DELETE", "OPTIONS", "PATCH"};

}  // namespace

std::string_view to_string(Method method) { return method_names.at(static_cast<std::size_t>(method)); }

std::optional<Method> method_of(std::string_view token) {
  for (std::size_t i = 0; i < method_names.size(); ++i) {
    if (method_names[i] == token) return static_cast<Method>(i);
  }
  return std::nullopt;
}

}  // namespace holdfast::http
