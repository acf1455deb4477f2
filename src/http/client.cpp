#include "holdfast/http/client.h"

#include <algorithm>
#include <list>
#include <optional>
#include <utility>

#include "beast_codec.h"
#include "holdfast/async/block_on.h"
#include "holdfast/async/io_pool.h"
#include "holdfast/net/dial.h"
#include "message_body.h"
#include "read_buffer.h"
#include "request_head.h"

namespace holdfast::http {
namespace {

/// A connection to one host and what has arrived on it.
struct ClientLink {
  ClientLink(std::string authority_text, net::Connection opened)
      : authority(std::move(authority_text)), connection(std::move(opened)) {}

  std::string authority;
  net::Connection connection;
  ReadBuffer buffer{&connection};
  MessageReader reader;
  bool reused = false;
};

bool is_idempotent(Method method) { return method != Method::post && method != Method::patch; }

bool has_body(const ClientRequest& request) {
  return !request.body.empty() || request.method == Method::post || request.method == Method::put;
}

Result<> check_sendable(const Headers& headers) {
  if (is_sendable(headers)) return {};
  return fail(ErrorKind::invalid, "invalid_request", "a header has a control character or is too long");
}

Error invalid_response(std::string detail) {
  return {ErrorKind::unavailable, "invalid_response", "the server's answer is not valid HTTP",
          std::move(detail)};
}

/// MessageBody speaks of requests; here the body is a response's.
Error response_error(Error error) {
  if (error.code == "body_too_large") {
    return {ErrorKind::too_large, "response_too_large", "the server's answer is larger than expected", {}};
  }
  if (error.code == "request_timeout") return async::timed_out();
  if (error.code == "invalid_request") return invalid_response(std::move(error.message));
  return error;
}

}  // namespace

struct Client::Impl {
  net::ClientTls tls;
  ClientOptions options;
  std::list<std::unique_ptr<ClientLink>> idle;

  std::unique_ptr<ClientLink> take_idle(const std::string& authority);
  void keep(std::unique_ptr<ClientLink> link);
  async::Task<Result<std::unique_ptr<ClientLink>>> connect(Url url, SteadyTime deadline);
  async::Task<Result<ClientResponse>> exchange(ClientLink* link, const ClientRequest* request,
                                               MessageWriter::Pieces message, SteadyTime deadline,
                                               bool* keep_alive);
  async::Task<Result<ResponseHead>> read_head(ClientLink* link, Method method, SteadyTime deadline);
};

std::unique_ptr<ClientLink> Client::Impl::take_idle(const std::string& authority) {
  const auto found = std::ranges::find(
      idle, authority, [](const auto& link) -> const std::string& { return link->authority; });
  if (found == idle.end()) return nullptr;
  auto link = std::move(*found);
  idle.erase(found);
  link->reused = true;
  return link;
}

void Client::Impl::keep(std::unique_ptr<ClientLink> link) {
  // Bytes behind a complete response belong to nothing that was asked: such a connection is not used again.
  if (options.max_idle_connections == 0 || !link->buffer.empty()) return;
  link->buffer.release();
  if (idle.size() == options.max_idle_connections) idle.pop_back();
  idle.push_front(std::move(link));
}

async::Task<Result<std::unique_ptr<ClientLink>>> Client::Impl::connect(Url url, SteadyTime deadline) {
  deadline = std::min(deadline, async::after(options.connect_timeout));
  const std::string host = options.connect_host.empty() ? url.host : options.connect_host;
  net::DialOptions target{.host = host, .port = url.port, .allowed = options.allowed_address};
  CO_TRY(auto connection, co_await net::dial(std::move(target), deadline));
  CO_TRY_VOID(co_await connection.handshake(tls.connect(url.host), deadline));
  co_return std::make_unique<ClientLink>(url.authority(), std::move(connection));
}

async::Task<Result<ResponseHead>> Client::Impl::read_head(ClientLink* link, Method method,
                                                          SteadyTime deadline) {
  HeadScanner scanner;
  while (true) {
    const auto size = scanner.scan(link->buffer.view());
    if (!size) co_return fail(invalid_response(size.error().error.message));
    if (*size) {
      auto head = link->reader.read_response_head(link->buffer.view().substr(0, **size), method);
      if (!head) co_return fail(invalid_response(head.error().error.message));
      link->buffer.consume(**size);
      if (head->status >= 200) co_return *std::move(head);
      scanner = HeadScanner();  // an interim response (RFC 9110 §15.2): the final one follows
      continue;
    }
    CO_TRY(const auto read, co_await link->buffer.fill(max_head_bytes, deadline));
    if (read == 0) {
      co_return fail(ErrorKind::unavailable, "connection_lost",
                     "the server closed the connection without an answer");
    }
  }
}

async::Task<Result<ClientResponse>> Client::Impl::exchange(ClientLink* link, const ClientRequest* request,
                                                           MessageWriter::Pieces message, SteadyTime deadline,
                                                           bool* keep_alive) {
  std::vector<BytesView> pieces{message.before, message.body, message.after};
  CO_TRY_VOID(co_await link->connection.write(std::move(pieces), deadline));
  CO_TRY(auto answer, co_await read_head(link, request->method, deadline));
  MessageBody body(&link->connection, &link->buffer, &link->reader,
                   {.most_bytes = options.max_response_bytes,
                    .time = deadline - system_clock().steady_now(),
                    .min_rate_bytes = std::numeric_limits<std::uint64_t>::max()});
  auto whole = co_await body.read_all();
  if (!whole) co_return fail(response_error(std::move(whole).error()));
  *keep_alive = answer.keep_alive && link->connection.is_open();
  co_return ClientResponse{answer.status, std::move(answer.headers), *std::move(whole)};
}

Client::Client(net::ClientTls tls, ClientOptions options)
    : impl_(std::make_unique<Impl>(std::move(tls), std::move(options))) {}
Client::~Client() = default;

async::Task<Result<ClientResponse>> Client::send(ClientRequest request) {
  CO_TRY(const Url url, parse_url(request.url));
  CO_TRY_VOID(check_sendable(request.headers));
  const std::string authority = url.authority();
  MessageWriter writer;
  CO_TRY(const auto message, writer.request({.method = request.method,
                                             .target = url.target,
                                             .authority = authority,
                                             .headers = &request.headers,
                                             .body = request.body,
                                             .with_length = has_body(request),
                                             .keep_alive = impl_->options.max_idle_connections > 0}));
  const auto deadline = async::after(impl_->options.timeout);
  auto link = impl_->take_idle(authority);
  while (true) {
    if (!link) {
      auto opened = co_await impl_->connect(url, deadline);
      if (!opened) co_return fail(std::move(opened).error());
      link = *std::move(opened);
    }
    bool keep_alive = false;
    auto answer = co_await impl_->exchange(link.get(), &request, message, deadline, &keep_alive);
    if (answer) {
      if (keep_alive) impl_->keep(std::move(link));
      co_return answer;
    }
    const bool stale =
        link->reused && is_idempotent(request.method) &&
        (answer.error().code == "connection_lost" || answer.error().code == "connection_truncated");
    if (!stale) co_return answer;
    link = nullptr;
  }
}

struct BlockingClient::Impl {
  Impl(net::ClientTls tls, ClientOptions options) : client(std::move(tls), std::move(options)) {}
  async::IoPool pool{1};
  Client client;
};

BlockingClient::BlockingClient(net::ClientTls tls, ClientOptions options)
    : impl_(std::make_unique<Impl>(std::move(tls), std::move(options))) {}

BlockingClient::~BlockingClient() { impl_->pool.stop(); }

Result<ClientResponse> BlockingClient::send(ClientRequest request) {
  return async::block_on(impl_->pool.next(), impl_->client.send(std::move(request)));
}

}  // namespace holdfast::http
