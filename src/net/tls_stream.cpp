#include "tls_stream.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/asio/ssl/error.hpp>
#include <cerrno>
#include <cstring>
#include <limits>

#include "tls_handle.h"

namespace holdfast::net {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

// The largest TLS record with its head (RFC 8446 §5.2).
constexpr std::size_t input_bytes = 5 + 16UL * 1024 + 256;

/// True while it lives, also when the wait under it is unwound.
class Flag {
 public:
  explicit Flag(bool& flag) : flag_(flag) { flag_ = true; }
  Flag(const Flag&) = delete;
  Flag& operator=(const Flag&) = delete;
  ~Flag() { flag_ = false; }

 private:
  bool& flag_;
};

int clamped(std::size_t size) {
  return static_cast<int>(std::min<std::size_t>(size, std::numeric_limits<int>::max()));
}

}  // namespace

/// How OpenSSL reaches the socket: reads take what has arrived, writes go straight to the kernel.
struct TlsStream::Transport {
  static TlsStream& stream_of(BIO* bio) { return *static_cast<TlsStream*>(BIO_get_data(bio)); }

  static int read(BIO* bio, char* out, int size) {
    TlsStream& stream = stream_of(bio);
    BIO_clear_retry_flags(bio);
    const auto there = std::min<std::size_t>(stream.input_end_ - stream.input_begin_, size);
    if (there == 0) {
      BIO_set_retry_read(bio);
      return -1;
    }
    std::memcpy(out, stream.input_.get() + stream.input_begin_, there);
    stream.input_begin_ += there;
    return static_cast<int>(there);
  }

  static int write(BIO* bio, const char* bytes, int size) {
    BIO_clear_retry_flags(bio);
    const auto sent = ::send(stream_of(bio).socket_.native_handle(), bytes, static_cast<std::size_t>(size),
                             MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)) BIO_set_retry_write(bio);
    return static_cast<int>(sent);
  }

  static long control(BIO* /*bio*/, int command, long /*number*/, void* /*pointer*/) {
    return command == BIO_CTRL_FLUSH ? 1 : 0;
  }

  static int create(BIO* bio) {
    BIO_set_init(bio, 1);
    return 1;
  }

  static const BIO_METHOD* method() {
    static BIO_METHOD* const made = [] {
      BIO_METHOD* const fresh = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "holdfast socket");
      BIO_meth_set_read(fresh, read);
      BIO_meth_set_write(fresh, write);
      BIO_meth_set_ctrl(fresh, control);
      BIO_meth_set_create(fresh, create);
      return fresh;
    }();
    return made;
  }
};

TlsStream::TlsStream(Socket& socket, TlsContext& context)
    : socket_(socket), ssl_(SSL_new(context.context.native_handle())) {
  BIO* const bio = BIO_new(Transport::method());
  if (!ssl_ || bio == nullptr) throw std::bad_alloc();
  BIO_set_data(bio, this);
  SSL_set_bio(ssl_.get(), bio, bio);
  SSL_set_mode(ssl_.get(), SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
}

TlsStream::~TlsStream() = default;

TlsStream::Step TlsStream::handshake(bool as_client) {
  ERR_clear_error();
  return judge(as_client ? SSL_connect(ssl_.get()) : SSL_accept(ssl_.get()));
}

TlsStream::Step TlsStream::read(std::span<char> into) {
  if (into.empty()) return {};
  ERR_clear_error();
  return judge(SSL_read(ssl_.get(), into.data(), clamped(into.size())));
}

TlsStream::Step TlsStream::write(BytesView bytes) {
  if (bytes.empty()) return {};
  ERR_clear_error();
  return judge(SSL_write(ssl_.get(), bytes.data(), clamped(bytes.size())));
}

TlsStream::Step TlsStream::shutdown() {
  ERR_clear_error();
  // 0: ours is sent, the peer's is not here yet; the second call looks for it.
  const int told = SSL_shutdown(ssl_.get());
  return judge(told == 0 ? SSL_shutdown(ssl_.get()) : told);
}

TlsStream::Step TlsStream::judge(int result) {
  const int system_error = errno;
  switch (SSL_get_error(ssl_.get(), result)) {
    case SSL_ERROR_NONE:
      return {.size = static_cast<std::size_t>(result)};
    case SSL_ERROR_WANT_READ:
      return {.lack = Lack::input};
    case SSL_ERROR_WANT_WRITE:
      return {.lack = Lack::room};
    case SSL_ERROR_ZERO_RETURN:
      return {.failed = asio::error::eof};
    case SSL_ERROR_SSL:
      return {.failed = error_code(static_cast<int>(ERR_get_error()), asio::error::get_ssl_category())};
    default:
      // Never a success, whatever errno says: an end without a reason must not pass for the peer's proper
      // one.
      return {.failed = system_error == 0 ? error_code(asio::error::connection_aborted)
                                          : error_code(system_error, asio::error::get_system_category())};
  }
}

async::Task<error_code> TlsStream::satisfy(Lack lack) {
  if (lack == Lack::room) {
    const auto [failed] = co_await socket_.async_wait(Socket::wait_write, async::as_result);
    co_return failed;
  }
  // Only a renegotiation, which is off, could make both directions wait for input.
  if (receiving_) co_return asio::error::operation_not_supported;
  if (!input_) input_ = std::make_unique_for_overwrite<char[]>(input_bytes);
  const Flag receiving(receiving_);
  const auto [failed, size] =
      co_await socket_.async_read_some(asio::buffer(input_.get(), input_bytes), async::as_result);
  if (failed == asio::error::eof) co_return asio::ssl::error::stream_truncated;
  input_begin_ = 0;
  input_end_ = size;
  co_return failed;
}

}  // namespace holdfast::net
