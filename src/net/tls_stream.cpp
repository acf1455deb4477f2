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

// The largest TLS record's content, and the record with its head (RFC 8446 §5.2).
constexpr std::size_t content_bytes = 16UL * 1024;
constexpr std::size_t record_bytes = 5 + content_bytes + 256;
// A stream of records is taken from the socket, and given to it, a few at a time: passing through the kernel
// costs as much as encrypting.
constexpr std::size_t records_at_once = 4;
// What a request without a large body needs: most connections wait for no more than that, 10,000 of them with
// 20 MB instead of 170.
constexpr std::size_t request_bytes = 2UL * 1024;

/// Who has sent much is likely to send more.
std::size_t room_behind(std::size_t size) {
  if (size >= record_bytes) return records_at_once * record_bytes;
  return size >= request_bytes ? record_bytes : request_bytes;
}

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

/// OpenSSL judges an operation by the queue of errors as well. Emptying it walks all of its slots.
void forget_errors() {
  if (ERR_peek_error() != 0) ERR_clear_error();
}

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
    TlsStream& stream = stream_of(bio);
    // Behind what waits already: records are numbered.
    if (stream.gathering_ || !stream.output_.empty()) {
      stream.output_.append(bytes, static_cast<std::size_t>(size));
      return size;
    }
    const auto sent = send(stream.socket_, {bytes, static_cast<std::size_t>(size)});
    if (sent < 0 && is_full(errno)) BIO_set_retry_write(bio);
    return static_cast<int>(sent);
  }

  static ssize_t send(Socket& socket, BytesView bytes) {
    return ::send(socket.native_handle(), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  }

  static bool is_full(int error) { return error == EAGAIN || error == EWOULDBLOCK || error == EINTR; }

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
    : socket_(socket), wanted_input_(room_behind(0)), ssl_(SSL_new(context.context.native_handle())) {
  BIO* const bio = BIO_new(Transport::method());
  if (!ssl_ || bio == nullptr) throw std::bad_alloc();
  BIO_set_data(bio, this);
  SSL_set_bio(ssl_.get(), bio, bio);
  SSL_set_mode(ssl_.get(), SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
}

TlsStream::~TlsStream() = default;

TlsStream::Step TlsStream::handshake(bool as_client) {
  forget_errors();
  return judge(as_client ? SSL_connect(ssl_.get()) : SSL_accept(ssl_.get()));
}

/// Asking OpenSSL would say the same, at the cost of a short record.
bool TlsStream::nothing_to_read() const {
  const SSL* const ssl = ssl_.get();
  return input_begin_ == input_end_ && SSL_has_pending(ssl) == 0 && !SSL_in_init(ssl) &&
         !SSL_want_write(ssl) && (SSL_get_shutdown(ssl) & SSL_RECEIVED_SHUTDOWN) == 0;
}

TlsStream::Step TlsStream::read(std::span<char> into) {
  if (into.empty()) return {};
  if (nothing_to_read()) return {.lack = Lack::input};
  forget_errors();
  return judge(SSL_read(ssl_.get(), into.data(), clamped(into.size())));
}

TlsStream::Step TlsStream::write(BytesView bytes) {
  if (const auto step = flush(); step.failed || step.lack != Lack::nothing || bytes.empty()) return step;
  if (bytes.size() > content_bytes) return write_records(bytes.substr(0, records_at_once * content_bytes));
  forget_errors();
  return judge(SSL_write(ssl_.get(), bytes.data(), clamped(bytes.size())));
}

TlsStream::Step TlsStream::write_records(BytesView bytes) {
  std::size_t taken = 0;
  output_.reserve(records_at_once * record_bytes);
  {
    const Flag gathering(gathering_);
    while (taken < bytes.size()) {
      forget_errors();
      auto step = judge(SSL_write(ssl_.get(), bytes.data() + taken, clamped(bytes.size() - taken)));
      taken += step.size;
      if (step.failed || step.lack != Lack::nothing) {
        step.size = taken;
        return step;
      }
    }
  }
  auto step = flush();
  step.size = taken;
  return step;
}

TlsStream::Step TlsStream::flush() {
  while (output_begin_ < output_.size()) {
    const auto sent = Transport::send(socket_, BytesView(output_).substr(output_begin_));
    if (sent < 0 && Transport::is_full(errno)) return {.lack = Lack::room};
    if (sent < 0) return {.failed = error_code(errno, asio::error::get_system_category())};
    output_begin_ += static_cast<std::size_t>(sent);
  }
  output_begin_ = 0;
  output_.clear();  // its room goes when the peer is waited for
  return {};
}

TlsStream::Step TlsStream::shutdown() {
  if (const auto step = flush(); step.failed || step.lack != Lack::nothing) return step;
  forget_errors();
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
  Receiving receiving(*this);
  if (receiving.room().empty()) co_return asio::error::operation_not_supported;
  const auto [failed, size] = co_await socket_.async_read_some(
      asio::buffer(receiving.room().data(), receiving.room().size()), async::as_result);
  co_return receiving.arrived(failed, size);
}

TlsStream::Receiving::Receiving(TlsStream& stream) : stream_(stream) {
  // Only a renegotiation, which is off, could make both directions wait for input.
  if (stream_.receiving_) return;
  if (stream_.output_.empty() && stream_.output_.capacity() > record_bytes) stream_.output_ = Bytes();
  if (stream_.input_size_ != stream_.wanted_input_) {
    stream_.input_ = std::make_unique_for_overwrite<char[]>(stream_.wanted_input_);
    stream_.input_size_ = stream_.wanted_input_;
  }
  stream_.receiving_ = true;
  room_ = {stream_.input_.get(), stream_.input_size_};
}

TlsStream::Receiving::~Receiving() {
  if (!room_.empty()) stream_.receiving_ = false;
}

error_code TlsStream::Receiving::arrived(error_code failed, std::size_t size) {
  if (failed == asio::error::eof) return asio::ssl::error::stream_truncated;
  stream_.input_begin_ = 0;
  stream_.input_end_ = size;
  stream_.wanted_input_ = room_behind(size);
  return failed;
}

}  // namespace holdfast::net
