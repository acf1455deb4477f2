#include "holdfast/api/json_body.h"

#include <nlohmann/json.hpp>
#include <utility>

namespace holdfast::api {

Result<> detail::read_fields(BytesView body, const std::function<void(JsonFields&)>& read) {
  TRY(const nlohmann::json value, parse_json(body));
  JsonFields fields(value);
  read(fields);
  return fields.finish();
}

nlohmann::json text_or_null(const std::string& text) {
  return text.empty() ? nlohmann::json() : nlohmann::json(text);
}

http::Response json_response(int status, const nlohmann::json& value) {
  return json_text_response(status, to_json_text(value));
}

http::Response json_text_response(int status, std::string json) {
  auto response = http::respond(status, "application/json", std::move(json));
  response.headers.add("Cache-Control", "no-store");
  return response;
}

}  // namespace holdfast::api
