#pragma once

#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

#include "holdfast/base/json.h"
#include "holdfast/http/request.h"
#include "holdfast/http/response.h"

namespace holdfast::api {

namespace detail {
Result<> read_fields(BytesView body, const std::function<void(JsonFields&)>& read);
}  // namespace detail

/// A typed request body: `CO_TRY(auto input, read_json(request->body, [](JsonFields& fields) {
///   return NewComment{.message = fields.text("message"), .id = fields.find_text("commentId")};
/// }));`
/// Errors: `invalid_json`, `invalid_utf8`, and those of JsonFields: `unknown_field` and the others, each
/// naming the field.
template <class Read>
Result<std::invoke_result_t<Read&, JsonFields&>> read_json(BytesView body, Read read) {
  std::optional<std::invoke_result_t<Read&, JsonFields&>> input;
  TRY_VOID(detail::read_fields(body, [&](JsonFields& fields) { input.emplace(read(fields)); }));
  return *std::move(input);
}

/// Text, or null when it is empty.
nlohmann::json text_or_null(const std::string& text);

/// A JSON answer that no cache keeps.
http::Response json_response(int status, const nlohmann::json& value);
http::Response json_text_response(int status, std::string json);

}  // namespace holdfast::api
