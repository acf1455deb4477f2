#include "admin_client.h"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>
#include <set>

#include "holdfast/app/config.h"
#include "holdfast/base/files.h"
#include "holdfast/base/json.h"
#include "holdfast/base/text.h"
#include "local_listener.h"

namespace holdfast::cli {
namespace {

/// Error codes are literals everywhere else; those of answers stay as long as this short process.
std::string_view kept_code(std::string code) {
  static std::set<std::string> kept;
  return *kept.insert(std::move(code)).first;
}

/// The server's own words, from a problem document (RFC 9457).
Error refusal_of(const http::ClientResponse& response) {
  Error error{.kind = ErrorKind::invalid,
              .code = "refused",
              .message = "HTTP status " + std::to_string(response.status)};
  const auto problem = parse_json(response.body);
  if (!problem || !problem->is_object()) return error;
  const auto text_of = [&](const char* name) { return problem->value(name, nlohmann::json("")); };
  const auto detail = text_of("detail");
  const auto code = text_of("code");
  if (detail.is_string() && code.is_string()) {
    error.code = kept_code(code.get<std::string>());
    error.message = detail.get<std::string>() + " [" + std::string(error.code) + ", " +
                    std::to_string(response.status) + "]";
  }
  if (response.status == 404) error.kind = ErrorKind::not_found;
  if (response.status == 409) error.kind = ErrorKind::conflict;
  return error;
}

Result<nlohmann::json> json_of(const http::ClientResponse& response) {
  if (response.status < 200 || response.status > 299) return fail(refusal_of(response));
  if (response.body.empty()) return nlohmann::json();
  auto json = parse_json(response.body);
  if (json && json->is_object()) return json;
  return fail(ErrorKind::invalid, "invalid_response",
              "the answer is no JSON object: is that the URL of an admin listener?");
}

}  // namespace

void AdminOptions::add_to(CLI::App& command) {
  command.add_option("--config", config, "The region's holdfast.json: fills in what is not given below");
  command.add_option("--url", target.url, "The admin listener, like https://localhost:8445");
  command.add_option("--ca-file", target.ca_file, "Certificate authority of the listener (PEM)");
  command.add_option("--token-file", target.token_file, "File that holds the admin token");
}

Result<AdminTarget> AdminOptions::resolve() const {
  AdminTarget resolved = target;
  if (!config.empty()) {
    TRY(const auto loaded, app::load_config(config));
    const auto dir = loaded.file.parent_path();
    const auto local = local_listener(loaded, loaded.admin_listener);
    if (resolved.url.empty()) {
      resolved.url = local.url;
      resolved.connect_host = local.connect_host;
    }
    if (resolved.ca_file.empty()) resolved.ca_file = local.ca_file;
    if (resolved.token_file.empty()) resolved.token_file = dir / "admin-token";
  }
  if (resolved.url.empty() || resolved.ca_file.empty() || resolved.token_file.empty()) {
    return fail(ErrorKind::invalid, "invalid_argument",
                "give --config, or --url, --ca-file and --token-file");
  }
  return resolved;
}

AdminClient::AdminClient(AdminTarget target, std::string token, std::unique_ptr<http::BlockingClient> client)
    : target_(std::move(target)), token_(std::move(token)), client_(std::move(client)) {}

Result<AdminClient> AdminClient::open(const AdminTarget& target) {
  TRY(const auto authorities, read_file(target.ca_file));
  TRY(const auto token, read_file(target.token_file));
  TRY(auto tls, net::ClientTls::with_authorities(authorities));
  return AdminClient(target, std::string(trim(token)),
                     std::make_unique<http::BlockingClient>(
                         std::move(tls), http::ClientOptions{.connect_host = target.connect_host}));
}

Result<nlohmann::json> AdminClient::call(http::ClientRequest request) {
  request.headers.set("Authorization", "Bearer " + token_);
  auto response = client_->send(std::move(request));
  if (!response) {
    auto error = std::move(response).error();
    error.message = target_.url + ": " + error.message;
    return fail(std::move(error));
  }
  return json_of(*response);
}

Result<nlohmann::json> AdminClient::get(const std::string& path) {
  return call({.method = http::Method::get, .url = target_.url + path});
}

Result<nlohmann::json> AdminClient::send(http::Method method, const std::string& path,
                                         const nlohmann::json& body) {
  http::ClientRequest request{.method = method, .url = target_.url + path};
  if (!body.is_null()) {
    request.headers.set("Content-Type", "application/json");
    request.body = to_json_text(body);
  }
  return call(std::move(request));
}

Result<int> AdminClient::status_of(const std::string& url) {
  TRY(const auto response, client_->send({.method = http::Method::get, .url = url}));
  return response.status;
}

}  // namespace holdfast::cli
