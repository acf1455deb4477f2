#include "holdfast/api/openapi.h"

#include <cctype>
#include <map>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "holdfast/base/text.h"

namespace holdfast::api {
namespace {

using http::AuthLevel;
using http::Request;
using http::Response;
using http::Row;
using nlohmann::json;

struct OpenApiPath {
  std::string text;   ///< "{key...}" is "{key}" here: OpenAPI has no word for the rest of a path
  std::string shape;  ///< without the parameters' names, which do not tell paths apart
  std::string words;  ///< "AdminV1PoolsByPool", for operation ids
  json parameters = json::array();
};

void append_word(std::string& words, std::string_view segment) {
  bool begins = true;
  for (const char c : segment) {
    const auto byte = static_cast<unsigned char>(c);
    if (std::isalnum(byte) != 0) words.push_back(begins ? static_cast<char>(std::toupper(byte)) : c);
    begins = std::isalnum(byte) == 0;
  }
}

void append_parameter(OpenApiPath& path, std::string_view segment) {
  auto name = segment.substr(1, segment.size() - 2);
  json parameter{{"in", "path"}, {"required", true}, {"schema", {{"type", "string"}}}};
  if (name.ends_with("...")) {
    name.remove_suffix(3);
    parameter["description"] = "The rest of the path, slashes included.";
  }
  parameter["name"] = name;
  path.parameters.push_back(std::move(parameter));
  path.text.append("/{").append(name).append("}");
  path.shape.append("/{}");
  append_word(path.words.append("By"), name);
}

OpenApiPath openapi_path(std::string_view row_path) {
  OpenApiPath path;
  while (!row_path.empty()) {
    row_path.remove_prefix(1);
    const auto segment = row_path.substr(0, row_path.find('/'));
    row_path.remove_prefix(segment.size());
    if (segment.starts_with('{')) {
      append_parameter(path, segment);
    } else {
      path.text.append("/").append(segment);
      path.shape.append("/").append(segment);
      segment.empty() ? void(path.words.append("Root")) : append_word(path.words, segment);
    }
  }
  return path;
}

/// The security requirement of a level; rows that are open check credentials of a protocol's own, or none.
json security_of(AuthLevel level) {
  const auto scheme = [](const char* name) { return json::array({{{name, json::array()}}}); };
  switch (level) {
    case AuthLevel::open:
      return json::array();
    case AuthLevel::client:
      return scheme("client");
    case AuthLevel::user:
      return scheme("accessToken");
    case AuthLevel::operator_read:
    case AuthLevel::operator_write:
      return scheme("adminToken");
    case AuthLevel::metrics:
      return scheme("metricsToken");
  }
  return json::array();
}

std::string openapi_method(const Row& row) { return to_lower_ascii(to_string(row.method)); }

json errors_of(const Row& row) {
  if (row.errors)
    return {{"description", "An error, in the words of the protocol that this path belongs to."}};
  return {{"$ref", "#/components/responses/Problem"}};
}

json operation_of(const DescribedListener& listener, const Row& row, const OpenApiPath& path) {
  if (row.about.summary.empty()) {
    throw std::logic_error("route " + std::string(to_string(row.method)) + " " + row.path +
                           ": has no summary");
  }
  json parameters = path.parameters;
  for (const auto name : row.about.query) {
    parameters.push_back({{"in", "query"}, {"name", name}, {"schema", {{"type", "string"}}}});
  }
  json operation{
      {"operationId", openapi_method(row) + path.words},
      {"summary", row.about.summary},
      {"tags", {listener.tag}},
      {"parameters", std::move(parameters)},
      {"security", security_of(row.auth)},
      {"responses",
       {{std::to_string(row.about.success), {{"description", "Done."}}}, {"default", errors_of(row)}}}};
  if (!row.about.takes.empty()) {
    operation["requestBody"] = {{"content", {{row.about.takes, json::object()}}}};
  }
  return operation;
}

json openapi_components() {
  const auto bearer = [](const char* what) {
    return json{{"type", "http"}, {"scheme", "bearer"}, {"description", what}};
  };
  const json text{{"type", "string"}};
  return {{"securitySchemes",
           {{"accessToken", bearer("An access token of a user, or of a machine with the scopes for it.")},
            {"adminToken", bearer("An admin token with the scope that the call needs.")},
            {"metricsToken", bearer("The region's metrics token, or an admin token with the scope metrics.")},
            {"client", {{"type", "http"}, {"scheme", "basic"}, {"description", "An app client."}}}}},
          {"responses",
           {{"Problem",
             {{"description", "An error (RFC 9457); `code` is stable."},
              {"content",
               {{"application/problem+json", {{"schema", {{"$ref", "#/components/schemas/Problem"}}}}}}}}}}},
          {"schemas",
           {{"Problem",
             {{"type", "object"},
              {"required", {"type", "title", "status", "code", "requestId"}},
              {"properties",
               {{"type", text},
                {"title", text},
                {"status", {{"type", "integer"}}},
                {"detail", text},
                {"code", text},
                {"requestId", text},
                {"primary", {{"type", {"string", "null"}}}}}}}}}}};
}

async::Task<Result<Response>> answer_openapi(std::shared_ptr<const Bytes> text) {
  auto response = http::respond(200, http::json_type, *text);
  response.headers.set("Cache-Control", "public, max-age=300");
  co_return response;
}

}  // namespace

json openapi_document(std::string_view version, const std::vector<DescribedListener>& listeners) {
  json paths = json::object();
  std::map<std::string, std::string> shapes;
  for (const auto& listener : listeners) {
    for (const auto& row : listener.router->rows()) {
      const OpenApiPath path = openapi_path(row->path);
      const auto& known = shapes.try_emplace(path.shape, path.text).first->second;
      if (known != path.text) throw std::logic_error("route " + row->path + ": is " + known + " to OpenAPI");
      json& item = paths[path.text];
      if (item.is_null()) item["servers"] = json::array({{{"url", listener.url}}});
      const std::string method = openapi_method(*row);
      if (!item.contains(method)) item[method] = operation_of(listener, *row, path);
    }
  }
  return {
      {"openapi", "3.1.0"},
      {"info",
       {{"title", "Holdfast"},
        {"version", version},
        {"description",
         "Every path that this region serves here, from its own route table. What goes into bodies and comes "
         "back is in docs/api."}}},
      {"paths", std::move(paths)},
      {"components", openapi_components()}};
}

std::shared_ptr<Bytes> add_openapi_row(http::Router& router) {
  auto text = std::make_shared<Bytes>();
  router.add({.path = "/openapi.json",
              .handler = [text](Request*) { return answer_openapi(text); },
              .about = {.summary = "This document."}});
  return text;
}

}  // namespace holdfast::api
