#pragma once

#include <optional>
#include <string>

#include "edge.h"
#include "holdfast/http/request.h"
#include "holdfast/http/response.h"
#include "message_body.h"
#include "message_head.h"
#include "server_state.h"

namespace holdfast::http {

/// The other end of a connection in words: made once for all its requests.
struct ClientNames {
  explicit ClientNames(const net::Connection& connection)
      : address(connection.remote().address.to_string()),
        limit_key(net::address_key(connection.remote().address)) {}
  std::string address;
  std::string limit_key;
};

/// One request on its way to a response: host, route, load, limits, credentials, body, handler. Every refusal
/// on that way becomes a response here; only cancellation leaves it as an exception. Lives in its session's
/// coroutine.
class Exchange {
 public:
  Exchange(ServerState* server, const ListenerState* listener, const ClientNames& client);
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;
  ~Exchange();

  /// Answers nothing but rows that are answered always.
  void refuse_as_overloaded() { is_refused_ = true; }
  /// A head that was read whole.
  void take(RequestHead&& head);
  /// The answer to it. `body` outlives the exchange.
  async::Task<Response> run(MessageBody* body);
  /// The answer to bytes that are no request.
  Response refused(EdgeError error);

  [[nodiscard]] const Request& request() const { return request_; }

 private:
  async::Task<Result<Response>> handle(MessageBody* body);
  EdgeResult<> route();
  EdgeResult<> check_limits(const MessageBody& body) const;
  [[nodiscard]] bool is_overloaded() const;
  async::Task<Result<>> authenticate();
  async::Task<Result<Bytes>> read_body(MessageBody* body);
  /// A place for an upload's or a download's bytes, kept until the response is written.
  Result<> take_stream();
  Response render(const Error& error, int edge_status);
  void finish(Response& response);

  ServerState* server_;
  const ListenerState* listener_;
  Request request_;
  const Row* row_ = nullptr;
  bool is_refused_ = false;
  std::optional<async::Places::Place> stream_;
  std::string allow_;    ///< the Allow header of a 405
  int edge_status_ = 0;  ///< of the error that handle() gave
};

}  // namespace holdfast::http
