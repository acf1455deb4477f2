#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "holdfast/async/task.h"
#include "holdfast/base/bytes.h"
#include "holdfast/base/result.h"
#include "holdfast/http/headers.h"
#include "holdfast/http/method.h"
#include "holdfast/net/address.h"
#include "holdfast/net/tls_context.h"

namespace holdfast::http {

/// An absolute https URL, taken apart.
struct Url {
  std::string host;  ///< lower case; IPv6 without brackets
  std::uint16_t port = 443;
  std::string target = "/";  ///< path and query as given

  /// `host:port` as the Host header has it (no port when it is 443).
  [[nodiscard]] std::string authority() const;
};
/// Only `https`, no user information, no fragment; `invalid` code `invalid_url` otherwise.
Result<Url> parse_url(std::string_view text);

struct ClientOptions {
  std::chrono::nanoseconds connect_timeout = std::chrono::seconds(5);  ///< name, TCP and TLS together
  std::chrono::nanoseconds timeout = std::chrono::seconds(30);         ///< the whole exchange
  std::size_t max_response_bytes = 16UL * 1024 * 1024;
  /// Kept-alive connections, over all hosts; 0: none is kept.
  std::size_t max_idle_connections = 8;
  /// When set, dialled in place of every URL's host, which is still what is sent and verified: a name that
  /// does not resolve where the server itself runs.
  std::string connect_host = {};
  /// When set, addresses for which it answers false are not connected to: checked after resolving.
  std::function<bool(const net::IpAddress&)> allowed_address;
};

struct ClientRequest {
  Method method = Method::get;
  std::string url;
  Headers headers;  ///< Host, Content-Length and Connection are the client's own
  Bytes body;
};

struct ClientResponse {
  int status = 0;
  Headers headers;
  Bytes body;
};

/// Calls HTTPS servers: chain and name verified, a deadline over everything, bounded responses, connections
/// kept alive. No redirects, no cookies, no proxies, no retries but one: an idempotent request whose
/// kept-alive connection turned out to be closed goes again over a new one.
///
/// Thread: one executor; several requests may run on it at once. Lifetime: outlives its requests.
class Client {
 public:
  explicit Client(net::ClientTls tls, ClientOptions options = {});
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;
  ~Client();

  /// Any complete response is a success, whatever its status. Errors: `invalid_url`; those of net::dial and
  /// net::Connection; `response_too_large`, `invalid_response` (kind unavailable).
  async::Task<Result<ClientResponse>> send(ClientRequest request);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// The same for a thread that waits, with an event loop of its own: the command line and tests.
/// Thread: any, one request at a time.
class BlockingClient {
 public:
  explicit BlockingClient(net::ClientTls tls, ClientOptions options = {});
  BlockingClient(const BlockingClient&) = delete;
  BlockingClient& operator=(const BlockingClient&) = delete;
  ~BlockingClient();

  Result<ClientResponse> send(ClientRequest request);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace holdfast::http
