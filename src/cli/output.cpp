#include "output.h"

#include <iostream>
#include <nlohmann/json.hpp>

#include "holdfast/base/json.h"

namespace holdfast::cli {
namespace {

std::string plain_value(const nlohmann::json& value) {
  return value.is_string() ? value.get<std::string>() : to_json_text(value);
}

void print_object(const nlohmann::json& object, std::string_view indent) {
  for (const auto& [name, value] : object.items()) {
    if (value.is_object()) {
      std::cout << indent << name << ":\n";
      print_object(value, std::string(indent) + "  ");
    } else if (value.is_array() && !value.empty() && value.front().is_object()) {
      std::cout << indent << name << ":\n";
      for (const auto& entry : value) std::cout << indent << "  " << to_json_text(entry) << "\n";
    } else {
      std::cout << indent << name << ": " << plain_value(value) << "\n";
    }
  }
}

}  // namespace

int report_failure(const Error& error, bool json) {
  if (json) {
    std::cout << to_json_text({{"error", {{"code", error.code}, {"message", error.message}}}}) << "\n";
  }
  std::cerr << "holdfast: " << error.message;
  if (!error.detail.empty()) std::cerr << " (" << error.detail << ")";
  std::cerr << "\n";
  const bool usage = error.code == "invalid_configuration" || error.code == "invalid_argument";
  return usage ? exit_usage : exit_failed;
}

void print_result(const nlohmann::json& value, bool json) {
  if (value.is_null()) {
    if (json) std::cout << "{}\n";  // done, and there is nothing to tell
  } else if (json || !value.is_object()) {
    std::cout << to_json_text(value) << "\n";
  } else {
    print_object(value, "");
  }
  std::cout << std::flush;
}

int print_outcome(const Result<nlohmann::json>& outcome, bool json) {
  if (!outcome) return report_failure(outcome.error(), json);
  print_result(*outcome, json);
  return exit_done;
}

}  // namespace holdfast::cli
