#pragma once

#include <filesystem>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "holdfast/base/result.h"
#include "holdfast/http/client.h"

namespace CLI {
class App;
}

namespace holdfast::cli {

/// Which admin API to call, and as whom. The token comes from a file, never from the command line.
struct AdminTarget {
  std::string url;  ///< https://localhost:8445
  std::filesystem::path ca_file;
  std::filesystem::path token_file;
  std::string connect_host = {};  ///< dialled instead of the URL's host, when set
};

/// What the commands that talk to a running region take: `--config DIR/holdfast.json`, or the three by hand.
struct AdminOptions {
  std::filesystem::path config;
  AdminTarget target;

  void add_to(CLI::App& command);
  /// From the configuration file whatever was not given: the admin listener where it is bound, `ca.crt`
  /// beside the certificate and `admin-token` beside the file.
  [[nodiscard]] Result<AdminTarget> resolve() const;
};

/// Calls one region's admin API. Blocking; one call at a time.
class AdminClient {
 public:
  static Result<AdminClient> open(const AdminTarget& target);

  /// The answer's JSON (null when it has no body). A refusal becomes an Error that carries the server's own
  /// words.
  Result<nlohmann::json> get(const std::string& path);
  Result<nlohmann::json> send(http::Method method, const std::string& path, const nlohmann::json& body);

  /// The status of a GET without credentials; for health checks.
  Result<int> status_of(const std::string& url);

 private:
  AdminClient(AdminTarget target, std::string token, std::unique_ptr<http::BlockingClient> client);
  Result<nlohmann::json> call(http::ClientRequest request);

  AdminTarget target_;
  std::string token_;
  std::unique_ptr<http::BlockingClient> client_;
};

}  // namespace holdfast::cli
