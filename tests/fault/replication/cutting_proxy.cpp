#include "cutting_proxy.h"

#include <algorithm>
#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <thread>

namespace holdfast::test {

namespace asio = boost::asio;
using asio::ip::tcp;

struct CuttingProxy::Impl : std::enable_shared_from_this<Impl> {
  struct Pair : std::enable_shared_from_this<Pair> {
    Pair(Impl& owner, tcp::socket accepted)
        : proxy(&owner),
          dialler(std::move(accepted)),
          host(owner.io),
          until_let_go(owner.io),
          limit(owner.first_bytes) {
      if (limit != 0) limit += owner.more_bytes * (owner.connections - 1);
      ++owner.open;
    }
    Pair(const Pair&) = delete;
    Pair& operator=(const Pair&) = delete;
    ~Pair() { --proxy->open; }

    void start() {
      boost::system::error_code failed;
      if (proxy->holds_little) {
        host.open(tcp::v4(), failed);
        host.set_option(asio::socket_base::receive_buffer_size(16 << 10), failed);
        host.set_option(asio::socket_base::send_buffer_size(16 << 10), failed);
      }
      host.connect(tcp::endpoint(asio::ip::address_v4::loopback(), proxy->target), failed);
      if (failed) return close();
      pump(dialler, host, from_dialler, proxy->swallow_dialler);
      pump(host, dialler, from_host, proxy->swallow_host);
    }
    void pump(tcp::socket& in, tcp::socket& out, std::array<char, 16384>& buffer,
              const std::atomic<bool>& swallow) {
      const auto rate = &in == &host ? proxy->bytes_per_second.load() : 0;
      const auto most = rate == 0 ? buffer.size() : std::clamp<std::size_t>(rate / 20, 1, buffer.size());
      in.async_read_some(asio::buffer(buffer.data(), most),
                         [this, self = shared_from_this(), &in, &out, &buffer, &swallow, rate](
                             boost::system::error_code failed, std::size_t size) {
                           if (failed) return close();
                           auto pass = size;
                           const bool last = limit != 0 && passed + size >= limit;
                           if (last) pass = static_cast<std::size_t>(limit - passed);
                           passed += pass;
                           if (&in == &host && proxy->held) return wait_to_pass(pass, last);
                           if (!swallow) asio::write(out, asio::buffer(buffer.data(), pass), failed);
                           if (failed || last) return close();
                           if (rate != 0) return rest_for(pass, rate);
                           pump(in, out, buffer, swallow);
                         });
    }
    void wait_to_pass(std::size_t size, bool last) {
      until_let_go.expires_after(std::chrono::milliseconds(2));
      until_let_go.async_wait(
          [this, self = shared_from_this(), size, last](boost::system::error_code failed) {
            if (!failed && proxy->held && dialler.is_open()) return wait_to_pass(size, last);
            if (!failed) asio::write(dialler, asio::buffer(from_host.data(), size), failed);
            if (failed || last) return close();
            pump(host, dialler, from_host, proxy->swallow_host);
          });
    }
    void rest_for(std::size_t size, std::uint64_t rate) {
      until_let_go.expires_after(std::chrono::microseconds(size * 1'000'000 / rate));
      until_let_go.async_wait([this, self = shared_from_this()](boost::system::error_code failed) {
        if (!failed) pump(host, dialler, from_host, proxy->swallow_host);
      });
    }
    void close() {
      boost::system::error_code ignored;
      dialler.close(ignored);
      host.close(ignored);
    }

    Impl* proxy;
    tcp::socket dialler;
    tcp::socket host;
    asio::steady_timer until_let_go;
    std::uint64_t limit;
    std::uint64_t passed = 0;
    std::array<char, 16384> from_dialler{};
    std::array<char, 16384> from_host{};
  };

  Impl() : acceptor(io, tcp::endpoint(asio::ip::address_v4::loopback(), 0)) {}

  void accept() {
    acceptor.async_accept([this](boost::system::error_code failed, tcp::socket socket) {
      if (failed) return;
      ++connections;
      std::make_shared<Pair>(*this, std::move(socket))->start();
      accept();
    });
  }

  std::atomic<std::uint64_t> open = 0;  ///< outlives the pairs, which end with `io`
  std::atomic<bool> held = false;
  std::atomic<std::uint64_t> bytes_per_second = 0;
  std::atomic<bool> holds_little = false;
  asio::io_context io{1};
  tcp::acceptor acceptor;
  std::atomic<std::uint16_t> target = 0;
  std::atomic<std::uint64_t> first_bytes = 0;
  std::atomic<std::uint64_t> more_bytes = 0;
  std::atomic<std::uint64_t> connections = 0;
  std::atomic<bool> swallow_dialler = false;
  std::atomic<bool> swallow_host = false;
  std::jthread thread;
};

CuttingProxy::CuttingProxy() : impl_(std::make_shared<Impl>()) {
  impl_->accept();
  impl_->thread = std::jthread([impl = impl_.get()] { impl->io.run(); });
}
CuttingProxy::~CuttingProxy() {
  impl_->io.stop();
  impl_->thread.join();
}
std::uint16_t CuttingProxy::port() const { return impl_->acceptor.local_endpoint().port(); }
void CuttingProxy::forward_to(std::uint16_t port) { impl_->target = port; }
void CuttingProxy::cut_after(std::uint64_t first_bytes, std::uint64_t more_bytes) {
  impl_->connections = 0;
  impl_->more_bytes = more_bytes;
  impl_->first_bytes = first_bytes;
}
void CuttingProxy::swallow(bool from_dialler, bool from_host) {
  impl_->swallow_dialler = from_dialler;
  impl_->swallow_host = from_host;
}
void CuttingProxy::hold_little() { impl_->holds_little = true; }
void CuttingProxy::slow_down(std::uint64_t bytes_per_second) { impl_->bytes_per_second = bytes_per_second; }
void CuttingProxy::hold(bool held) { impl_->held = held; }
std::uint64_t CuttingProxy::open() const { return impl_->open; }
std::uint64_t CuttingProxy::connections() const { return impl_->connections; }

}  // namespace holdfast::test
