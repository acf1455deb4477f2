#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <utility>

#include "holdfast/base/error.h"

namespace holdfast {

/// The one way to report an expected refusal or failure. Discarding one is an error (clang-tidy).
template <class T = void>
using Result = std::expected<T, Error>;

/// Builds the failing side of a Result: `return fail(ErrorKind::conflict, "already_exists", "…");`
[[nodiscard]] inline std::unexpected<Error> fail(ErrorKind kind, std::string_view code, std::string message,
                                                 std::string detail = {}) {
  return std::unexpected(Error{kind, code, std::move(message), std::move(detail)});
}

/// Passes an error on unchanged.
[[nodiscard]] inline std::unexpected<Error> fail(Error error) { return std::unexpected(std::move(error)); }

}  // namespace holdfast

#define HOLDFAST_CONCAT_(a, b) a##b
#define HOLDFAST_CONCAT(a, b) HOLDFAST_CONCAT_(a, b)

/// `TRY(auto user, find(id));` declares `user` or returns the error. `TRY_VOID(expr);` for Result<void>.
#define TRY(declaration, ...)                                                           \
  auto HOLDFAST_CONCAT(try_result_, __LINE__) = (__VA_ARGS__);                          \
  if (!HOLDFAST_CONCAT(try_result_, __LINE__))                                          \
    return ::holdfast::fail(std::move(HOLDFAST_CONCAT(try_result_, __LINE__)).error()); \
  declaration = *std::move(HOLDFAST_CONCAT(try_result_, __LINE__))
#define TRY_VOID(...)                                              \
  do {                                                             \
    if (auto try_result_void = (__VA_ARGS__); !try_result_void)    \
      return ::holdfast::fail(std::move(try_result_void).error()); \
  } while (false)

/// The same inside a coroutine: `CO_TRY(auto user, co_await find(id));`
#define CO_TRY(declaration, ...)                                                           \
  auto HOLDFAST_CONCAT(try_result_, __LINE__) = (__VA_ARGS__);                             \
  if (!HOLDFAST_CONCAT(try_result_, __LINE__))                                             \
    co_return ::holdfast::fail(std::move(HOLDFAST_CONCAT(try_result_, __LINE__)).error()); \
  declaration = *std::move(HOLDFAST_CONCAT(try_result_, __LINE__))
#define CO_TRY_VOID(...)                                              \
  do {                                                                \
    if (auto try_result_void = (__VA_ARGS__); !try_result_void)       \
      co_return ::holdfast::fail(std::move(try_result_void).error()); \
  } while (false)
