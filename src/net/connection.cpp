#include "holdfast/net/connection.h"

#include <netinet/tcp.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <array>
#include <boost/asio/read.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>

#include "tls_handle.h"
#include "tls_stream.h"

namespace holdfast::net {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

// One TLS record (RFC 8446 §5.1).
constexpr std::size_t record_size = 16UL * 1024;
// Pieces from here on are written from where they are: copying costs more than a record of their own.
constexpr std::size_t large_piece = 8UL * 1024;
// What a polite end reads away before it stops listening, beside its deadline: most uploads that are refused
// half-way learn why, and nobody keeps a connection busy with more.
constexpr std::size_t max_discarded = 64UL * 1024 * 1024;

Error connection_error(std::string_view code, std::string message, std::string detail = {}) {
  return {ErrorKind::unavailable, code, std::move(message), std::move(detail)};
}

Error to_error(const error_code& failed) {
  if (failed == asio::ssl::error::stream_truncated || failed == asio::error::eof) {
    return connection_error("connection_truncated", "the connection ended before its proper end");
  }
  if (failed == asio::error::operation_aborted) return async::cancelled();
  if (failed.category() == asio::error::get_ssl_category() ||
      failed.category() == asio::ssl::error::get_stream_category()) {
    return connection_error("tls_failed", "the TLS connection failed", failed.message());
  }
  return connection_error("connection_lost", "the connection was lost", failed.message());
}

}  // namespace

/// The socket, and one timer for both directions: an operation only notes its deadline; the timer is set
/// again when it would come too late, or when it came too early. So an operation usually costs no timer at
/// all.
struct Connection::Impl : std::enable_shared_from_this<Connection::Impl> {
  explicit Impl(tcp::socket connected) : socket(std::move(connected)), watchdog(socket.get_executor()) {}

  /// While it lives, an operation is under its deadline.
  class Watch {
   public:
    Watch(Impl& impl, SteadyTime& slot, SteadyTime deadline) : slot_(slot) {
      slot_ = deadline;
      if (deadline < impl.wakes_at) impl.watch_until(deadline);
    }
    Watch(const Watch&) = delete;
    Watch& operator=(const Watch&) = delete;
    ~Watch() { slot_ = async::never; }

   private:
    SteadyTime& slot_;
  };

  void watch_until(SteadyTime time) {
    wakes_at = time;
    watchdog.expires_at(time);
    watchdog.async_wait([weak = weak_from_this()](const error_code& aborted) {
      if (aborted) return;
      if (const auto self = weak.lock()) self->on_watchdog();
    });
  }

  void on_watchdog() {
    const SteadyTime earliest = std::min(read_deadline, write_deadline);
    wakes_at = async::never;
    if (earliest == async::never) return;
    if (earliest <= system_clock().steady_now()) {
      break_with(async::timed_out());
    } else {
      watch_until(earliest);
    }
  }

  /// The first reason stays; pending operations end.
  void break_with(Error reason) {
    if (!is_broken) failure = std::move(reason);
    is_broken = true;
    error_code ignored;
    socket.close(ignored);
    watchdog.cancel();
  }

  std::unexpected<Error> failed_with(const error_code& failed) {
    break_with(to_error(failed));
    return fail(failure);
  }

  async::Task<error_code> write_plain(BytesView bytes) {
    const auto [failed, size] =
        co_await asio::async_write(socket, asio::buffer(bytes.data(), bytes.size()), async::as_result);
    co_return failed;
  }

  async::Task<error_code> handshake(bool as_client) {
    while (true) {
      const auto step = tls->handshake(as_client);
      if (step.lack == TlsStream::Lack::nothing) co_return step.failed;
      if (const auto failed = co_await tls->satisfy(step.lack)) co_return failed;
    }
  }

  /// Whatever the peer answers, or sends instead: told is told.
  async::Task<> end_tls() {
    for (auto step = tls->shutdown(); step.lack != TlsStream::Lack::nothing; step = tls->shutdown()) {
      if (co_await tls->satisfy(step.lack)) co_return;
    }
  }

  [[nodiscard]] SSL* ssl() { return tls ? tls->handle() : nullptr; }

  tcp::socket socket;
  asio::steady_timer watchdog;
  SteadyTime read_deadline = async::never;
  SteadyTime write_deadline = async::never;
  SteadyTime wakes_at = async::never;
  bool is_broken = false;
  Error failure;  // once broken
  PeerAddress remote;
  PeerVerification verification;
  std::shared_ptr<TlsContext> context;
  std::unique_ptr<TlsStream> tls;  // after what its SSL points to
};

Connection::Connection(tcp::socket socket) : impl_(std::make_shared<Impl>(std::move(socket))) {
  error_code ignored;
  impl_->socket.set_option(tcp::no_delay(true), ignored);
  impl_->socket.set_option(asio::socket_base::keep_alive(true), ignored);
  error_code gone;
  const auto other_end = impl_->socket.remote_endpoint(gone);
  if (!gone) impl_->remote = {.address = unmapped(other_end.address()), .port = other_end.port()};
}

void Connection::limit_unsent(int bytes) {
  using NotSentLowWater = asio::detail::socket_option::integer<IPPROTO_TCP, TCP_NOTSENT_LOWAT>;
  error_code ignored;
  impl_->socket.set_option(NotSentLowWater(bytes), ignored);
}

Connection::Connection(Connection&&) noexcept = default;

Connection& Connection::operator=(Connection&& other) noexcept {
  if (this != &other) {
    if (impl_) close();
    impl_ = std::move(other.impl_);
  }
  return *this;
}

Connection::~Connection() {
  if (impl_) close();
}

async::Task<Result<>> Connection::handshake(TlsSetup setup, SteadyTime deadline) {
  const auto impl = impl_;
  if (impl->is_broken) co_return fail(impl->failure);
  if (impl->tls) co_return fail(ErrorKind::internal, "internal", "the connection is TLS already");
  impl->context = std::move(setup.context);
  impl->tls = std::make_unique<TlsStream>(impl->socket, *impl->context);
  if (impl->context->kind == TlsContext::Kind::peer) {
    impl->verification.check = std::move(setup.peer_check);
    attach(impl->ssl(), &impl->verification);
  } else if (setup.side == TlsSetup::Side::client) {
    if (auto named = require_server_name(impl->ssl(), setup.server_name); !named) {
      impl->break_with(named.error());
      co_return named;
    }
  }
  const Impl::Watch watch(*impl, impl->write_deadline, deadline);
  if (const auto failed = co_await impl->handshake(setup.side == TlsSetup::Side::client))
    co_return impl->failed_with(failed);
  co_return Result<>{};
}

// One coroutine for TLS and its socket: this is awaited for each request.
async::Task<Result<std::size_t>> Connection::read_some(std::span<char> into, SteadyTime deadline) {
  const auto impl = impl_;
  if (impl->is_broken) co_return fail(impl->failure);
  const Impl::Watch watch(*impl, impl->read_deadline, deadline);
  TlsStream* const tls = impl->tls.get();
  while (tls != nullptr) {
    const auto step = tls->read(into);
    if (step.failed == asio::error::eof) co_return 0;
    if (step.failed) co_return impl->failed_with(step.failed);
    if (step.lack == TlsStream::Lack::nothing) co_return step.size;
    if (step.lack == TlsStream::Lack::room) {
      if (const auto failed = co_await tls->satisfy(step.lack)) co_return impl->failed_with(failed);
      continue;
    }
    TlsStream::Receiving receiving(*tls);
    if (receiving.room().empty()) co_return impl->failed_with(asio::error::operation_not_supported);
    const auto [ended, size] = co_await impl->socket.async_read_some(
        asio::buffer(receiving.room().data(), receiving.room().size()), async::as_result);
    if (const auto failed = receiving.arrived(ended, size)) co_return impl->failed_with(failed);
  }
  const auto [failed, size] =
      co_await impl->socket.async_read_some(asio::buffer(into.data(), into.size()), async::as_result);
  if (failed == asio::error::eof) co_return 0;
  if (failed) co_return impl->failed_with(failed);
  co_return size;
}

async::Task<Result<>> Connection::read_exactly(std::span<char> into, SteadyTime deadline) {
  const auto impl = impl_;
  while (!into.empty()) {
    CO_TRY(const std::size_t size, co_await read_some(into, deadline));
    if (size == 0) co_return impl->failed_with(asio::error::eof);
    into = into.subspan(size);
  }
  co_return Result<>{};
}

async::Task<Result<>> Connection::write(BytesView bytes, SteadyTime deadline) {
  const auto impl = impl_;
  if (impl->is_broken) co_return fail(impl->failure);
  const Impl::Watch watch(*impl, impl->write_deadline, deadline);
  TlsStream* const tls = impl->tls.get();
  if (tls == nullptr) {
    if (const auto failed = co_await impl->write_plain(bytes)) co_return impl->failed_with(failed);
    co_return Result<>{};
  }
  while (true) {
    const auto step = tls->write(bytes);
    if (step.failed) co_return impl->failed_with(step.failed);
    bytes.remove_prefix(step.size);
    if (step.lack != TlsStream::Lack::nothing) {
      if (const auto failed = co_await tls->satisfy(step.lack)) co_return impl->failed_with(failed);
    } else if (bytes.empty()) {
      co_return Result<>{};
    }
  }
}

async::Task<Result<>> Connection::write(std::vector<BytesView> pieces, SteadyTime deadline) {
  Bytes small;
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    const bool is_large = pieces[i].size() >= large_piece;
    if (!is_large) small.append(pieces[i]);
    const bool is_last = i + 1 == pieces.size();
    const std::size_t next = is_last ? record_size : pieces[i + 1].size();
    if (!small.empty() && (is_large || is_last || small.size() + next > record_size)) {
      CO_TRY_VOID(co_await write(small, deadline));
      small.clear();
    }
    if (is_large) CO_TRY_VOID(co_await write(pieces[i], deadline));
  }
  co_return Result<>{};
}

async::Task<Result<>> Connection::shutdown(SteadyTime deadline) {
  const auto impl = impl_;
  if (impl->is_broken) co_return fail(impl->failure);
  const Impl::Watch watch(*impl, impl->write_deadline, deadline);
  if (impl->tls) co_await impl->end_tls();
  error_code failed;
  impl->socket.shutdown(tcp::socket::shutdown_send, failed);
  std::array<char, record_size> away;
  for (std::size_t discarded = 0; !failed && discarded < max_discarded;) {
    const auto [ended, size] = co_await impl->socket.async_read_some(asio::buffer(away), async::as_result);
    failed = ended;
    discarded += size;
  }
  const bool is_late = impl->is_broken;
  close();
  if (is_late) co_return fail(impl->failure);
  co_return Result<>{};
}

void Connection::close() {
  impl_->break_with(connection_error("connection_lost", "the connection is closed"));
}

bool Connection::is_open() const { return !impl_->is_broken; }

const PeerAddress& Connection::remote() const { return impl_->remote; }

void Connection::set_remote(PeerAddress address) { impl_->remote = std::move(address); }

PeerAddress Connection::local() const {
  error_code gone;
  const auto end = impl_->socket.local_endpoint(gone);
  if (gone) return {};
  return {.address = unmapped(end.address()), .port = end.port()};
}

async::Executor Connection::executor() const { return impl_->socket.get_executor(); }

bool Connection::is_tls() const { return impl_->tls != nullptr; }

const PeerKey* Connection::peer_key() const {
  const auto& key = impl_->verification.key;
  return key ? &*key : nullptr;
}

Result<Bytes> Connection::export_keying_material(std::string_view label, BytesView context,
                                                 std::size_t size) const {
  Bytes out(size, '\0');
  if (!is_tls() || SSL_export_keying_material(impl_->ssl(), reinterpret_cast<unsigned char*>(out.data()),
                                              size, label.data(), label.size(),
                                              reinterpret_cast<const unsigned char*>(context.data()),
                                              context.size(), 1) != 1) {
    return fail(ErrorKind::internal, "internal", "no keying material on this connection", openssl_errors());
  }
  return out;
}

std::string_view Connection::tls_version() const { return is_tls() ? SSL_get_version(impl_->ssl()) : ""; }

}  // namespace holdfast::net
