#pragma once

#include <string>
#include <string_view>

namespace holdfast {

/// What kind of refusal or failure this is. The api room maps each kind to an HTTP status in one exhaustive
/// switch.
enum class ErrorKind {
  invalid,          ///< the caller's input is wrong (400, or 422 for a well-formed but unacceptable value)
  unauthenticated,  ///< no or wrong credentials (401)
  forbidden,        ///< known caller, not allowed (403)
  not_found,        ///< absent (404)
  conflict,         ///< a precondition does not hold, or the thing exists already (409)
  too_large,        ///< over a documented bound (413)
  read_only,        ///< this region may not write (421)
  overloaded,       ///< a bounded queue is full: try again later (503)
  unavailable,      ///< a needed part is away for now (503)
  storage_full,     ///< below the free-space floor (507)
  outcome_unknown,  ///< the write may or may not have happened (504); never reported as failed
  corrupt,          ///< stored or received bytes do not verify
  internal,         ///< a defect or an unexpected third-party failure (500)
};

std::string_view to_string(ErrorKind kind);

/// An expected refusal or failure. `code` and `message` may be shown to clients; `detail` goes to the log
/// only and never carries secrets. `code` is a stable snake_case name (docs: api errors) and must be a string
/// literal.
struct Error {
  ErrorKind kind = ErrorKind::internal;
  std::string_view code = "internal";
  std::string message;
  std::string detail;

  /// "kind/code: message (detail)", for logs and test output.
  [[nodiscard]] std::string describe() const;

  bool operator==(const Error&) const = default;
};

}  // namespace holdfast
