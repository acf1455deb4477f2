#include "session.h"

#include <algorithm>
#include <array>
#include <utility>

#include "answer_text.h"
#include "exchange.h"
#include "holdfast/base/log.h"
#include "request_head.h"

namespace holdfast::http {
namespace {

constexpr std::size_t head_read_bytes = 4096;
constexpr std::size_t write_slice_bytes = 64UL * 1024;

Error broken_source(std::string detail) {
  return {ErrorKind::internal, "internal", "the response could not be produced", std::move(detail)};
}

}  // namespace

Session::Session(ServerState* server, const ListenerState* listener, net::Connection connection)
    : server_(server), listener_(listener), connection_(std::move(connection)), client_(connection_) {
  handle_->executor = connection_.executor();
  handle_->connection = &connection_;
  came_beyond_cap_ = listener_->listener->beyond_cap() > 0;
  server_->enter(handle_);
}

Session::~Session() {
  handle_->connection = nullptr;
  server_->leave(handle_);
}

async::Task<> Session::run() {
  while (true) {
    auto head = co_await read_head();
    if (!head) {
      if (!head.error().answer) co_return;
      co_await refuse(*std::move(head.error().answer));
      break;
    }
    if (!co_await serve(*std::move(head))) break;
  }
  if (!connection_.is_open()) co_return;
  // The peer may be gone by now; there is nobody left to tell.
  static_cast<void>(co_await connection_.shutdown(async::after(server_->options.timeouts.linger)));
}

SteadyTime Session::become_idle() {
  buffer_.release();
  const auto now = system_clock().steady_now();
  // Set before looking: ServerState::close_idle raises the flag first and looks at `idle` afterwards.
  handle_->idle_since = now.time_since_epoch().count();
  return now + server_->options.timeouts.idle;
}

async::Task<std::expected<RequestHead, Session::NoRequest>> Session::read_head() {
  HeadScanner scanner;
  std::optional<SteadyTime> head_deadline;
  while (true) {
    SteadyTime deadline{};
    if (buffer_.empty()) {
      deadline = become_idle();
      if (server_->stopping) co_return std::unexpected(NoRequest{});
    } else {
      auto size = scanner.scan(buffer_.view());
      if (!size) co_return std::unexpected(NoRequest{std::move(size).error()});
      if (*size) {
        auto head = reader_.read_request_head(buffer_.view().substr(0, **size));
        if (!head) co_return std::unexpected(NoRequest{std::move(head).error()});
        buffer_.consume(**size);
        co_return *std::move(head);
      }
      if (!head_deadline) head_deadline = async::after(server_->options.timeouts.head);
      deadline = *head_deadline;
    }
    const auto read = co_await connection_.read_some(buffer_.room_for(head_read_bytes), deadline);
    handle_->idle_since = 0;
    buffer_.keep(read.value_or(0));
    if (!read || *read == 0) co_return std::unexpected(NoRequest{});
  }
}

bool Session::is_one_too_many() const {
  // In this order: whoever is shed leaves the connections first, then those that are being shed.
  const auto being_shed = server_->being_shed();
  return listener_->listener->beyond_cap() > being_shed;
}

async::Task<> Session::refuse(EdgeError error) {
  Exchange exchange(server_, listener_, client_);
  Response response = exchange.refused(std::move(error));
  const int status = response.status;
  const auto plan = plan_response(response, false, false, false);
  const auto written = co_await write(&response, plan, false, {});
  log_access(exchange.request(), status, !written && is_peer_gone(written.error()));
}

async::Task<bool> Session::serve(RequestHead head) {
  const bool http_1_0 = head.http_1_0;
  const bool is_head = head.method == Method::head;
  const Timeouts& timeouts = server_->options.timeouts;
  MessageBody body(&connection_, &buffer_, &reader_,
                   {.most_bytes = 0, .time = timeouts.body, .min_rate_bytes = timeouts.min_body_rate_bytes});
  if (head.expects_continue) body.announce_continue();

  bool keep = head.keep_alive;
  {
    Exchange exchange(server_, listener_, client_);
    exchange.take(std::move(head));
    if (std::exchange(came_beyond_cap_, false) && is_one_too_many()) {
      exchange.refuse_as_overloaded();
      keep = false;
    }
    Response response = co_await exchange.run(&body);
    const auto& close_after = listener_->options.close_after_response;
    keep = keep && body.skippable() && !server_->stopping && !(close_after && close_after());
    const auto plan = plan_response(response, is_head, http_1_0, keep);
    const int status = response.status;
    const auto written = co_await write(&response, plan, http_1_0, exchange.request().request_id);
    log_access(exchange.request(), status, body.sender_gone() || (!written && is_peer_gone(written.error())));
    if (!written) {
      connection_.close();  // a cut body must not look like a whole one: no polite end
      co_return false;
    }
    keep = plan.keep_alive;
  }
  // The request is over: who is slow to send the rest of a refused body holds no place among those served.
  co_return keep && (body.done() || (co_await body.skip()).has_value());
}

async::Task<Result<>> Session::write(const Response* response, ResponsePlan plan, bool http_1_0,
                                     std::string request_id) {
  written_bytes_ = 0;
  if (response->stream) {
    MessageWriter writer;
    CO_TRY(const auto head, writer.response_head(*response, plan, http_1_0, system_clock().now()));
    CO_TRY_VOID(co_await write_slices(head));
    if (!plan.with_body) co_return Result<>{};
    co_return co_await write_stream(&writer, response->stream.get(), plan, std::move(request_id));
  }
  const auto text = answer_text(*response, plan, http_1_0, system_clock().now());
  if (!is_small(*response)) {
    const BytesView body = plan.with_body ? BytesView(response->body) : BytesView();
    co_return co_await write_slices({.before = text, .body = body, .after = {}});
  }
  CO_TRY_VOID(co_await connection_.write(text, async::after(server_->options.timeouts.write)));
  written_bytes_ = text.size();
  co_return Result<>{};
}

async::Task<Result<>> Session::write_stream(MessageWriter* writer, BodySource* source, ResponsePlan plan,
                                            std::string request_id) {
  std::uint64_t left = plan.length.value_or(0);
  while (true) {
    Result<Bytes> piece = fail(broken_source("the body source threw"));
    try {
      piece = co_await source->read();
    } catch (const std::exception& failure) {
      // Cancellation arrives here, too: the next wait ends the session then.
      piece = fail(broken_source(failure.what()));
    }
    if (!piece) {
      log::error(log::For{request_id}, "response body failed", piece.error());
      co_return fail(piece.error());
    }
    if (plan.length && (piece->size() > left || (piece->empty() && left > 0))) {
      log::error(log::For{request_id}, "response body has another size than announced");
      co_return fail(broken_source("size"));
    }
    left -= plan.length ? piece->size() : 0;
    CO_TRY(const auto framed, writer->next(*piece));
    CO_TRY_VOID(co_await write_slices(framed));
    if (piece->empty()) co_return Result<>{};
  }
}

// One deadline for each slice: a peer that takes a large body slowly but steadily is served.
async::Task<Result<>> Session::write_slices(MessageWriter::Pieces message) {
  std::array pieces{message.before, message.body, message.after};
  std::vector<BytesView> batch;
  std::size_t size = 0;
  for (std::size_t at = 0; at < pieces.size();) {
    const auto take = std::min(pieces[at].size(), write_slice_bytes - size);
    if (take > 0) batch.push_back(pieces[at].substr(0, take));
    pieces[at].remove_prefix(take);
    size += take;
    if (pieces[at].empty()) ++at;
    if (size < write_slice_bytes && at < pieces.size()) continue;
    if (batch.empty()) break;
    CO_TRY_VOID(
        co_await connection_.write(std::exchange(batch, {}), async::after(server_->options.timeouts.write)));
    written_bytes_ += std::exchange(size, 0);
  }
  co_return Result<>{};
}

void Session::log_access(const Request& request, int status, bool client_gone) const {
  if (!server_->options.access_log) return;
  const auto took = system_clock().steady_now() - request.received_at;
  log::info(log::For{request.request_id}, "request",
            {{"listener", request.listener},
             {"method", to_string(request.method)},
             {"route", request.route},
             {"status", status},
             {"bytes", written_bytes_},
             {"micros", std::chrono::duration_cast<std::chrono::microseconds>(took).count()},
             {"outcome", client_gone ? "client_gone" : "answered"}});
}

async::Task<> serve_connection(ServerState* server, const ListenerState* listener,
                               net::Connection connection) {
  Session session(server, listener, std::move(connection));
  co_await session.run();
}

}  // namespace holdfast::http
