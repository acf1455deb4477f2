#pragma once

#include <openssl/ssl.h>

#include <boost/asio/ip/tcp.hpp>
#include <boost/system/error_code.hpp>
#include <cstdint>
#include <memory>
#include <span>

#include "holdfast/async/task.h"
#include "holdfast/base/bytes.h"

namespace holdfast::net {

struct TlsContext;

/// One end of a TLS connection over a socket that it does not own. Steps never wait: each does what it can at
/// once and says what it lacks; `satisfy` waits for that, then the same step is taken again with the same
/// bytes. Records are written straight to the socket, so that an answer that fits its buffer costs neither a
/// suspension nor a copy (Asio's own stream: three copies and four queued operations an answer, measured).
/// On the connection's executor only; one reading and one writing step may be under way at a time.
class TlsStream {
 public:
  using Socket = boost::asio::ip::tcp::socket;
  enum class Lack : std::uint8_t { nothing, input, room };
  struct Step {
    Lack lack = Lack::nothing;
    std::size_t size = 0;              ///< bytes read or taken
    boost::system::error_code failed;  ///< eof: the peer ended it properly
  };

  TlsStream(Socket& socket, TlsContext& context);
  TlsStream(const TlsStream&) = delete;
  TlsStream& operator=(const TlsStream&) = delete;
  ~TlsStream();

  [[nodiscard]] SSL* handle() const { return ssl_.get(); }

  Step handshake(bool as_client);
  Step read(std::span<char> into);
  /// With `room` lacking, part of what was taken may not have left yet: write the rest again, or nothing,
  /// until nothing lacks.
  Step write(BytesView bytes);
  /// Tells the peer that nothing more comes, and hears the same.
  Step shutdown();
  /// Waits for what a step lacked. An end of the socket before TLS's own end is `stream_truncated`.
  async::Task<boost::system::error_code> satisfy(Lack lack);

  /// The two halves of satisfying Lack::input, for a reader that awaits the socket itself (a coroutine less
  /// a request): read from the socket into `room`, then tell what came of it. `room` is empty when somebody
  /// waits for input already.
  class Receiving {
   public:
    explicit Receiving(TlsStream& stream);
    Receiving(const Receiving&) = delete;
    Receiving& operator=(const Receiving&) = delete;
    ~Receiving();
    [[nodiscard]] std::span<char> room() const { return room_; }
    boost::system::error_code arrived(boost::system::error_code failed, std::size_t size);

   private:
    TlsStream& stream_;
    std::span<char> room_;
  };

 private:
  struct Transport;
  struct FreeSsl {
    void operator()(SSL* ssl) const { SSL_free(ssl); }
  };
  Step judge(int result);
  Step write_records(BytesView bytes);
  Step flush();
  [[nodiscard]] bool nothing_to_read() const;

  Socket& socket_;
  std::unique_ptr<char[]> input_;  ///< ciphertext that arrived; not there before the first byte is wanted
  std::size_t input_size_ = 0;
  std::size_t wanted_input_;  ///< how much room the next bytes get
  std::size_t input_begin_ = 0;
  std::size_t input_end_ = 0;
  bool receiving_ = false;
  Bytes output_;  ///< records that are to leave together, or that the socket had no room for
  std::size_t output_begin_ = 0;
  bool gathering_ = false;
  std::unique_ptr<SSL, FreeSsl> ssl_;  // last: its end may still look at the others
};

}  // namespace holdfast::net
