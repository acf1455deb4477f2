#include "holdfast/net/listener.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <cerrno>
#include <exception>
#include <optional>
#include <span>
#include <utility>

#include "holdfast/async/places.h"
#include "holdfast/async/task_group.h"
#include "holdfast/async/timer.h"
#include "holdfast/base/log.h"
#include "holdfast/base/metrics.h"
#include "holdfast/net/check_address.h"
#include "holdfast/net/proxy_protocol.h"

namespace holdfast::net {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;
using namespace std::chrono_literals;

metrics::Metric connections_accepted{metrics::Kind::counter, "holdfast_connections_accepted_total",
                                     "Connections accepted, over all listeners."};
metrics::Metric connections_open{metrics::Kind::gauge, "holdfast_connections_open",
                                 "Connections open now, over all listeners."};
metrics::Metric connections_refused{metrics::Kind::counter, "holdfast_connections_refused_total",
                                    "Connections closed at once because a listener was at its cap."};
metrics::Metric handshakes_failed{metrics::Kind::counter, "holdfast_handshakes_failed_total",
                                  "Connections whose PROXY header or TLS handshake failed or came too late."};
metrics::Metric accepts_failed{metrics::Kind::counter, "holdfast_accepts_failed_total",
                               "Accepts that failed, for instance for want of file descriptors."};

constexpr auto first_pause = 50ms;
constexpr auto longest_pause = 1s;

using ReusePort = asio::detail::socket_option::boolean<SOL_SOCKET, SO_REUSEPORT>;

Error cannot_listen(const tcp::endpoint& where, const error_code& failed) {
  const PeerAddress place{.address = where.address(), .port = where.port()};
  if (failed == asio::error::address_in_use) {
    return {ErrorKind::conflict,
            "port_in_use",
            "port " + std::to_string(place.port) + " on " + place.address.to_string() + " is in use already",
            {}};
  }
  return {ErrorKind::invalid,
          "cannot_listen",
          "cannot listen on " + place.to_string() + ": " + failed.message(),
          {}};
}

Result<tcp::acceptor> bound(const async::Executor& executor, const tcp::endpoint& where, bool shares_port) {
  tcp::acceptor acceptor(executor);
  error_code failed;
  acceptor.open(where.protocol(), failed);
  // Only skips the wait for connections of an earlier run; a listening socket still conflicts (Linux).
  if (!failed) acceptor.set_option(asio::socket_base::reuse_address(true), failed);
  if (!failed && shares_port) acceptor.set_option(ReusePort(true), failed);
  if (!failed && where.address().is_v6()) acceptor.set_option(asio::ip::v6_only(false), failed);
  if (!failed) acceptor.bind(where, failed);
  if (failed) return fail(cannot_listen(where, failed));
  return acceptor;
}

// What is wrong with one connection, not with accepting (accept(2), "Error handling").
bool is_of_one_connection(const error_code& failed) {
  static constexpr std::array passing{ECONNABORTED, EPROTO,   ENOPROTOOPT, EHOSTDOWN, ENONET,
                                      EHOSTUNREACH, ENETDOWN, EOPNOTSUPP,  EPERM,     ENETUNREACH};
  return failed.category() == boost::system::system_category() &&
         std::ranges::find(passing, failed.value()) != passing.end();
}

// One of the connections that the cap allows.
class OpenSlot {
 public:
  using Count = std::atomic<std::size_t>;
  /// `capped` is the listener's own count or one that it shares.
  static std::optional<OpenSlot> take(Count& own, std::shared_ptr<Count> capped, std::size_t most) {
    if (capped->fetch_add(1) >= most) {
      capped->fetch_sub(1);
      return std::nullopt;
    }
    own.fetch_add(1);
    connections_open.add();
    return OpenSlot(&own, std::move(capped));
  }
  OpenSlot(OpenSlot&& other) noexcept
      : own_(std::exchange(other.own_, nullptr)), capped_(std::move(other.capped_)) {}
  OpenSlot& operator=(OpenSlot&&) = delete;
  ~OpenSlot() {
    if (own_ == nullptr) return;
    own_->fetch_sub(1);
    capped_->fetch_sub(1);
    connections_open.add(-1);
  }

 private:
  OpenSlot(Count* own, std::shared_ptr<Count> capped) : own_(own), capped_(std::move(capped)) {}
  Count* own_;
  std::shared_ptr<Count> capped_;
};

}  // namespace

struct Listener::Impl {
  Impl(async::IoPool& io_pool, ListenOptions listen_options)
      : pool(io_pool),
        options(std::move(listen_options)),
        capped(options.shared_open ? options.shared_open : std::make_shared<std::atomic<std::size_t>>(0)),
        places(options.max_connections + options.reserve, options.max_per_address) {}

  Result<> bind_all();
  async::Task<> accept_loop(tcp::acceptor acceptor);
  void take_over(tcp::socket socket);
  [[nodiscard]] std::size_t beyond_cap() const {
    const std::size_t now = *capped;
    return now > options.max_connections ? now - options.max_connections : 0;
  }
  async::Task<> serve(tcp::socket socket, OpenSlot slot);
  async::Task<Result<>> read_proxy_header(Connection* connection, SteadyTime deadline);
  async::Task<Result<>> make_ready(Connection* connection, std::optional<async::Places::Place>* place);

  async::IoPool& pool;
  const ListenOptions options;
  const std::shared_ptr<std::atomic<std::size_t>> capped;
  async::Places places;
  std::vector<tcp::acceptor> acceptors;
  std::uint16_t port = 0;
  Handler handler;
  std::atomic<std::size_t> open = 0;
  std::atomic<SteadyTime::rep> cap_logged = 0;
  async::TaskGroup serving{"connections"};
  async::TaskGroup accepting{"accept loops"};  // ends first: it spawns into `serving`
};

Result<> Listener::Impl::bind_all() {
  TRY(const IpAddress address, parse_address(options.address));
  tcp::endpoint where(address, options.port);
  if (options.port != 0) {
    if (auto probe = bound(pool.executor(0), where, false); !probe) return fail(std::move(probe).error());
  }
  for (std::size_t core = 0; core < pool.size(); ++core) {
    TRY(auto acceptor, bound(pool.executor(core), where, true));
    error_code failed;
    acceptor.listen(asio::socket_base::max_listen_connections, failed);
    if (failed) return fail(cannot_listen(where, failed));
    where.port(acceptor.local_endpoint().port());
    acceptors.push_back(std::move(acceptor));
  }
  port = where.port();
  return {};
}

async::Task<> Listener::Impl::accept_loop(tcp::acceptor acceptor) {
  std::chrono::nanoseconds pause = first_pause;
  for (;;) {
    auto [failed, socket] = co_await acceptor.async_accept(async::as_result);
    if (failed == asio::error::operation_aborted) co_return;
    if (!failed) {
      take_over(std::move(socket));
      pause = first_pause;
      continue;
    }
    accepts_failed.add();
    if (is_of_one_connection(failed)) continue;
    log::error("accepting failed, trying again",
               {{"listener", options.name}, {"reason", failed.message()}, {"pauseMs", pause / 1ms}});
    co_await async::sleep_for(pause);
    pause = std::min<std::chrono::nanoseconds>(pause * 2, longest_pause);
  }
}

// No coroutine: what the handler throws while it makes its task must not end the accept loop.
void Listener::Impl::take_over(tcp::socket socket) try {
  connections_accepted.add();
  auto slot = OpenSlot::take(open, capped, options.max_connections + options.reserve);
  if ((!slot || beyond_cap() > 0) && options.make_room) options.make_room();
  if (slot) {
    const auto executor = socket.get_executor();
    serving.spawn(executor, serve(std::move(socket), *std::move(slot)));
    return;
  }
  connections_refused.add();
  const auto now = system_clock().steady_now().time_since_epoch();
  auto last = cap_logged.load();
  if (now.count() - last > std::chrono::nanoseconds(10s).count() &&
      cap_logged.compare_exchange_strong(last, now.count())) {
    log::warn("connection refused: the listener is at its cap",
              {{"listener", options.name}, {"maxConnections", options.max_connections}});
  }
} catch (const std::exception& failure) {
  log::error("a connection could not be taken over", {{"listener", options.name}, {"what", failure.what()}});
}

async::Task<> Listener::Impl::serve(tcp::socket socket, OpenSlot slot) {
  const OpenSlot held = std::move(slot);
  Connection connection(std::move(socket));
  std::optional<async::Places::Place> place;
  const auto ready = co_await make_ready(&connection, &place);
  if (!ready) {
    (ready.error().kind == ErrorKind::overloaded ? connections_refused : handshakes_failed).add();
    log::debug("a connection did not get ready",
               {{"listener", options.name}, {"reason", ready.error().describe()}});
    co_return;
  }
  co_await handler(std::move(connection));
}

async::Task<Result<>> Listener::Impl::make_ready(Connection* connection,
                                                 std::optional<async::Places::Place>* place) {
  const SteadyTime deadline = async::after(options.handshake_timeout);
  if (options.proxy_protocol_required) CO_TRY_VOID(co_await read_proxy_header(connection, deadline));
  if (auto taken = places.take(address_key(connection->remote().address))) {
    place->emplace(*std::move(taken));
  } else {
    co_return fail(ErrorKind::overloaded, "overloaded", "too many connections from this address",
                   connection->remote().to_string());
  }
  if (!options.tls) co_return Result<>{};
  co_return co_await connection->handshake(options.tls(), deadline);
}

async::Task<Result<>> Listener::Impl::read_proxy_header(Connection* connection, SteadyTime deadline) {
  if (!contains(options.trusted_proxies, connection->remote().address)) {
    co_return fail(ErrorKind::forbidden, "untrusted_proxy", "not a trusted proxy",
                   connection->remote().to_string());
  }
  Bytes header(proxy_prefix_size, '\0');
  CO_TRY_VOID(co_await connection->read_exactly(header, deadline));
  CO_TRY(const std::size_t size, proxy_header_size(header));
  header.resize(size);
  CO_TRY_VOID(co_await connection->read_exactly(std::span(header).subspan(proxy_prefix_size), deadline));
  CO_TRY(ProxyHeader parsed, parse_proxy_header(header));
  if (!parsed.is_local) connection->set_remote(std::move(parsed.source));
  co_return Result<>{};
}

Result<> check_address(const std::string& address, std::uint16_t port) {
  TRY(const IpAddress ip, parse_address(address));
  asio::io_context context;
  TRY_VOID(bound(context.get_executor(), tcp::endpoint(ip, port), false));
  return {};
}

Listener::Listener(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Listener::~Listener() { cancel(); }

Result<std::unique_ptr<Listener>> Listener::open(async::IoPool& pool, ListenOptions options) {
  if (options.proxy_protocol_required && options.trusted_proxies.empty()) {
    return fail(ErrorKind::invalid, "cannot_listen",
                "proxy_protocol is required but trusted_proxies is empty");
  }
  auto impl = std::make_unique<Impl>(pool, std::move(options));
  TRY_VOID(impl->bind_all());
  return std::unique_ptr<Listener>(new Listener(std::move(impl)));
}

std::uint16_t Listener::port() const { return impl_->port; }

void Listener::start(Handler handler) {
  impl_->handler = std::move(handler);
  for (auto& acceptor : impl_->acceptors) {
    const auto executor = acceptor.get_executor();
    impl_->accepting.spawn(executor, impl_->accept_loop(std::move(acceptor)));
  }
  impl_->acceptors.clear();
}

std::size_t Listener::connections() const { return impl_->open; }
std::size_t Listener::beyond_cap() const { return impl_->beyond_cap(); }

void Listener::stop_accepting() { impl_->accepting.cancel(); }

async::Task<Result<>> Listener::drain(SteadyTime deadline) {
  CO_TRY_VOID(co_await impl_->accepting.join(deadline));
  co_return co_await impl_->serving.join(deadline);
}

void Listener::cancel() {
  impl_->accepting.cancel();
  impl_->serving.cancel();
}

}  // namespace holdfast::net
