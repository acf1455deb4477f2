#pragma once

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace holdfast::http {

/// A blocking client that sends exactly the bytes it is given: what an HTTP library would never send.
class RawSocket {
 public:
  static constexpr int patience_ms = 20'000;

  explicit RawSocket(std::uint16_t port) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  }
  RawSocket(const RawSocket&) = delete;
  RawSocket& operator=(const RawSocket&) = delete;
  ~RawSocket() {
    if (socket_ >= 0) ::close(socket_);
  }

  RawSocket& send(std::string_view bytes) {
    while (!bytes.empty()) {
      const auto sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) break;  // the server may close on what came before
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return *this;
  }

  /// Sends what the socket takes without waiting longer than `quiet_ms` for room; how many bytes that were.
  std::size_t send_until_blocked(std::string_view bytes, int quiet_ms) {
    std::size_t total = 0;
    while (total < bytes.size() && wait_for(POLLOUT, quiet_ms)) {
      const auto rest = bytes.substr(total);
      const auto sent = ::send(socket_, rest.data(), rest.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
      if (sent <= 0) break;
      total += static_cast<std::size_t>(sent);
    }
    return total;
  }

  /// Breaks the connection off (RST) instead of ending it.
  void break_off() {
    const linger at_once{.l_onoff = 1, .l_linger = 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    ::close(std::exchange(socket_, -1));
  }

  void finish_sending() { ::shutdown(socket_, SHUT_WR); }

  /// One response with a Content-Length (or none); its whole text.
  std::string response(bool is_head = false) {
    while (!received_.contains("\r\n\r\n")) {
      if (!receive()) return take(received_.size());
    }
    const auto head_size = received_.find("\r\n\r\n") + 4;
    const auto at = received_.find("Content-Length: ");
    const auto length = at < head_size && !is_head ? std::stoul(received_.substr(at + 16)) : 0;
    while (received_.size() < head_size + length && receive()) {
    }
    return take(head_size + length);
  }

  /// Everything up to the end of the connection, which must come.
  std::string rest() {
    while (receive()) {
    }
    EXPECT_TRUE(ended_) << "the connection is still open";
    return take(received_.size());
  }

  bool ended() {
    while (!ended_ && receive()) {
    }
    return ended_;
  }

 private:
  bool wait_for(short what, int milliseconds) {
    pollfd poll_entry{.fd = socket_, .events = what, .revents = 0};
    return ::poll(&poll_entry, 1, milliseconds) > 0;
  }

  bool receive() {
    char piece[16384];
    if (!wait_for(POLLIN, patience_ms)) return false;
    const auto got = ::recv(socket_, piece, sizeof piece, 0);
    if (got > 0) received_.append(piece, static_cast<std::size_t>(got));
    ended_ = got <= 0;
    return !ended_;
  }

  std::string take(std::size_t size) {
    std::string taken = received_.substr(0, size);
    received_.erase(0, size);
    return taken;
  }

  int socket_;
  std::string received_;
  bool ended_ = false;
};

inline int status_of(std::string_view response) {
  return response.size() > 12 ? std::stoi(std::string(response.substr(9, 3))) : 0;
}

inline std::string body_of(std::string_view response) {
  const auto at = response.find("\r\n\r\n");
  return at == std::string_view::npos ? std::string() : std::string(response.substr(at + 4));
}

}  // namespace holdfast::http
