#include "message_body.h"

#include <algorithm>
#include <utility>

namespace holdfast::http {
namespace {

constexpr std::size_t piece_bytes = 64UL * 1024;

Error body_too_large() {
  return {ErrorKind::too_large, "body_too_large", "the body is larger than this endpoint takes", {}};
}

}  // namespace

bool is_peer_gone(const Error& error) {
  return error.code == "connection_truncated" || error.code == "connection_lost" ||
         error.code == "tls_failed";
}

MessageBody::MessageBody(net::Connection* connection, ReadBuffer* buffer, MessageReader* reader,
                         BodyLimits limits)
    : connection_(connection),
      buffer_(buffer),
      reader_(reader),
      framing_(reader->framing()),
      limits_(limits) {}

std::optional<std::uint64_t> MessageBody::size() const {
  if (framing_.chunked || framing_.until_close) return std::nullopt;
  return framing_.length;
}

bool MessageBody::is_here() const {
  if (done()) return true;
  return !framing_.chunked && !framing_.until_close && framing_.length - received_ <= buffer_->view().size();
}

bool MessageBody::skippable() const {
  if (failure_ || continue_pending_ || framing_.until_close) return false;
  return done() || (!framing_.chunked && framing_.length - received_ <= max_skip_bytes);
}

std::unexpected<Error> MessageBody::failed(Error error) {
  failure_ = error;
  return fail(std::move(error));
}

async::Task<Result<>> MessageBody::fill() {
  const auto grown = std::chrono::seconds(received_ / limits_.min_rate_bytes);
  const auto begin = system_clock().steady_now();
  const auto read = co_await buffer_->fill(piece_bytes, begin + (limits_.time + grown - waited_));
  waited_ += system_clock().steady_now() - begin;
  if (!read) {
    if (read.error().code != "timed_out") co_return failed(read.error());
    co_return failed({ErrorKind::unavailable, "request_timeout", "the body came too slowly", {}});
  }
  if (*read > 0) co_return Result<>{};
  if (reader_->end()) co_return Result<>{};
  co_return failed({ErrorKind::invalid, "invalid_request", "the body ends early", {}});
}

Result<> MessageBody::decode(Bytes* out) {
  auto used = reader_->decode(buffer_->view().substr(0, piece_bytes), *out);
  if (!used) return failed(std::move(used).error().error);
  buffer_->consume(*used);
  received_ += out->size();
  if (received_ > limits_.most_bytes) return failed(body_too_large());
  return {};
}

async::Task<Result<Bytes>> MessageBody::read() {
  if (failure_) co_return fail(*failure_);
  if (size().value_or(0) > limits_.most_bytes) co_return failed(body_too_large());
  if (std::exchange(continue_pending_, false)) {
    const auto deadline = system_clock().steady_now() + limits_.time;
    const auto written = co_await connection_->write("HTTP/1.1 100 Continue\r\n\r\n", deadline);
    if (!written) co_return failed(written.error());
  }
  Bytes out;
  while (out.empty() && !done()) {
    if (buffer_->empty()) CO_TRY_VOID(co_await fill());
    CO_TRY_VOID(decode(&out));
  }
  co_return out;
}

async::Task<Result<Bytes>> MessageBody::read_all() {
  Bytes all;
  while (true) {
    CO_TRY(const Bytes piece, co_await read());
    if (piece.empty()) co_return all;
    all.append(piece);
  }
}

async::Task<Result<>> MessageBody::skip() {
  limits_.most_bytes = std::max(limits_.most_bytes, framing_.length);
  while (!done()) CO_TRY_VOID(co_await read());
  co_return Result<>{};
}

}  // namespace holdfast::http
