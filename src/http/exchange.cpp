#include "exchange.h"

#include <boost/asio/error.hpp>
#include <boost/system/system_error.hpp>
#include <exception>
#include <utility>

#include "holdfast/base/log.h"
#include "holdfast/base/metrics.h"

namespace holdfast::http {
namespace {

metrics::Metric requests_total{metrics::Kind::counter, "holdfast_http_requests_total",
                               "HTTP requests answered."};
metrics::Metric refused_total{
    metrics::Kind::counter, "holdfast_http_refused_total",
    "HTTP requests refused at the edge: malformed, too large, unknown host or route."};
metrics::Metric overloaded_total{metrics::Kind::counter, "holdfast_http_overloaded_total",
                                 "HTTP requests answered 503 because too many were being handled."};
metrics::Metric failed_total{metrics::Kind::counter, "holdfast_http_handler_failures_total",
                             "HTTP requests that met a defect or damaged data: the log says which."};
metrics::Metric active_requests{metrics::Kind::gauge, "holdfast_http_active_requests",
                                "HTTP requests being handled now."};

Response plain_error(const Error& error, int status) {
  return respond(status == 0 ? 500 : status, "text/plain; charset=utf-8",
                 std::string(error.code) + ": " + error.message + "\n");
}

/// What the client is not told is in the log, under the request id that it is told.
void log_defect(const Error& error, const Request& request) {
  const bool defect = error.kind == ErrorKind::internal || error.kind == ErrorKind::corrupt;
  if (!defect) return;
  failed_total.add();
  log::error(log::For{request.request_id}, "request failed",
             {{"route", request.route}, {"error", error.describe()}});
}

int status_of_body(const Error& error) {
  if (error.kind == ErrorKind::overloaded) return 503;
  return error.code == "body_too_large" ? 413 : 400;
}

Error overloaded() {
  overloaded_total.add();
  return {ErrorKind::overloaded, "overloaded", "too many requests at once; try again soon", {}};
}

Error internal_error(std::string detail) {
  return {ErrorKind::internal, "internal", "an internal error; it has been logged", std::move(detail)};
}

}  // namespace

Exchange::Exchange(ServerState* server, const ListenerState* listener, const ClientNames& client)
    : server_(server), listener_(listener) {
  request_.request_id = server_->next_request_id();
  request_.listener = listener_->options.listen.name;
  request_.peer_address = client.address;
  request_.limit_key = client.limit_key;
  request_.received_at = system_clock().steady_now();
  ++listener_->load->active;
  active_requests.add(1);
}

Exchange::~Exchange() {
  --listener_->load->active;
  active_requests.add(-1);
}

Response Exchange::render(const Error& error, int edge_status) {
  if (edge_status != 0) refused_total.add();
  const auto& renderer = row_ != nullptr && row_->errors ? row_->errors : listener_->options.errors;
  try {
    return renderer ? renderer(error, edge_status, request_) : plain_error(error, edge_status);
  } catch (const std::exception& failure) {
    log::error(log::For{request_.request_id}, "error renderer failed", {{"reason", failure.what()}});
    return plain_error(internal_error({}), 500);
  }
}

// What every response gets, whoever made it.
void Exchange::finish(Response& response) {
  if (!allow_.empty()) response.headers.set("Allow", allow_);
  try {
    if (row_ != nullptr && row_->decorate) row_->decorate(request_, response);
    if (listener_->options.decorate) listener_->options.decorate(request_, response);
  } catch (const std::exception& failure) {
    log::error(log::For{request_.request_id}, "response decorator failed", {{"reason", failure.what()}});
    response = plain_error(internal_error({}), 500);
  }
  if (!is_sendable(response.headers)) {
    failed_total.add();
    log::error(log::For{request_.request_id}, "response header with a control character or too long",
               {{"route", request_.route}});
    response = render(internal_error({}), 0);
  }
  if (response.status == 503 && !response.headers.has("Retry-After"))
    response.headers.add("Retry-After", "1");
  response.headers.set("X-Request-Id", request_.request_id);
  requests_total.add();
}

Response Exchange::refused(EdgeError error) {
  Response response = render(error.error, error.status);
  finish(response);
  return response;
}

EdgeResult<> Exchange::route() {
  if (!listener_->hosts.contains(request_.host)) {
    return refuse(421, "unknown_host", "this server does not answer for that host");
  }
  auto match = listener_->options.router->match(request_.method, request_.target.raw_path);
  if (match.row == nullptr) {
    for (const Method method : match.allowed) {
      allow_.append(allow_.empty() ? "" : ", ").append(to_string(method));
    }
    if (match.allowed.empty())
      return refuse(404, "not_found", "there is nothing at this path", ErrorKind::not_found);
    return refuse(405, "method_not_allowed", "this path does not serve that method");
  }
  row_ = match.row;
  request_.route = row_->path;
  request_.params = std::move(match.params);
  return {};
}

bool Exchange::is_overloaded() const {
  return !row_->always && (is_refused_ || listener_->load->is_too_much());
}

EdgeResult<> Exchange::check_limits(const MessageBody& body) const {
  if (is_overloaded()) return std::unexpected(EdgeError{503, overloaded()});
  if (!row_->accepts_content_encoding && request_.headers.has("Content-Encoding")) {
    return refuse(415, "unsupported_encoding", "Content-Encoding is not supported: send the body as it is");
  }
  if (body.size().value_or(0) > row_->body_limit_bytes) {
    return refuse(413, "body_too_large", "the body is larger than this endpoint takes", ErrorKind::too_large);
  }
  return {};
}

async::Task<Result<>> Exchange::authenticate() {
  if (listener_->options.admit) CO_TRY_VOID(listener_->options.admit(request_));
  if (listener_->options.prepare && !row_->always) {
    CO_TRY_VOID(co_await listener_->options.prepare(&request_));
  }
  if (row_->auth == AuthLevel::open) co_return Result<>{};
  if (!listener_->options.authenticate) {
    edge_status_ = 401;
    co_return fail(ErrorKind::unauthenticated, "unauthenticated", "nobody can sign in here");
  }
  CO_TRY(request_.principal, co_await listener_->options.authenticate(&request_, row_->auth));
  co_return Result<>{};
}

async::Task<Result<Bytes>> Exchange::read_body(MessageBody* body) {
  if (body->is_here()) co_return co_await body->read_all();
  Result<Bytes> whole;
  {
    const auto place = listener_->load->waiting_bodies.take(request_.limit_key);
    if (!place) co_return fail(overloaded());
    whole = co_await body->read_all();
  }
  // Who waited comes back to a server that may be full by now.
  if (whole && is_overloaded()) co_return fail(overloaded());
  co_return whole;
}

Result<> Exchange::take_stream() {
  if (!stream_) {
    if (auto place = listener_->load->streams.take(request_.limit_key)) stream_.emplace(*std::move(place));
  }
  return stream_ ? Result<>{} : fail(overloaded());
}

async::Task<Result<Response>> Exchange::handle(MessageBody* body) {
  const auto at_the_edge = [this](EdgeError error) {
    edge_status_ = error.status;
    return fail(std::move(error.error));
  };
  if (auto routed = route(); !routed) co_return at_the_edge(std::move(routed).error());
  if (auto checked = check_limits(*body); !checked) co_return at_the_edge(std::move(checked).error());
  CO_TRY_VOID(co_await authenticate());
  body->set_limit(row_->body_limit_bytes);
  if (row_->streaming) {
    if (auto taken = take_stream(); !taken) co_return at_the_edge({503, std::move(taken).error()});
    request_.body_stream = body;
  } else if (!body->done()) {
    auto whole = co_await read_body(body);
    if (!whole) co_return at_the_edge({status_of_body(whole.error()), std::move(whole).error()});
    request_.body = *std::move(whole);
  }
  CO_TRY(auto response, co_await row_->handler(&request_));
  if (response.stream) {
    if (auto taken = take_stream(); !taken) co_return at_the_edge({503, std::move(taken).error()});
  }
  co_return response;
}

void Exchange::take(RequestHead&& head) {
  request_.method = head.method;
  request_.target = std::move(head.target);
  request_.headers = std::move(head.headers);
  request_.host = std::move(head.host);
}

async::Task<Response> Exchange::run(MessageBody* body) {
  Result<Response> answer = fail(internal_error("no answer"));
  try {
    answer = co_await handle(body);
  } catch (const boost::system::system_error& failure) {
    if (failure.code() == boost::asio::error::operation_aborted) throw;  // the server is being stopped
    answer = fail(internal_error(failure.what()));
  } catch (const std::exception& failure) {
    answer = fail(internal_error(failure.what()));
  }
  if (!answer && body->sender_gone()) {
    // Whatever it meant to the handler, it is the sender's doing: not our 5xx, and no defect.
    edge_status_ = 400;
    answer = fail(ErrorKind::invalid, "invalid_request", "the body ends early");
  }
  if (!answer) log_defect(answer.error(), request_);
  Response response = answer ? *std::move(answer) : render(answer.error(), edge_status_);
  finish(response);
  co_return response;
}

}  // namespace holdfast::http
