#include "holdfast/http/server.h"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <utility>

#include "holdfast/async/block_on.h"
#include "holdfast/base/encoding.h"
#include "holdfast/base/log.h"
#include "holdfast/base/metrics.h"
#include "holdfast/base/text.h"
#include "holdfast/crypto/random.h"
#include "server_state.h"

namespace holdfast::http {
namespace {

metrics::Metric connections_shed{
    metrics::Kind::counter, "holdfast_connections_shed_total",
    "Connections that waited for a request and were closed to make room for new ones."};

// A look at 20,000 connections costs a millisecond: one look makes room for many newcomers, and one that
// found nobody is not repeated at once.
constexpr std::size_t shed_share = 64;
constexpr std::chrono::milliseconds fruitless_pause{10};

std::uint64_t random_nonce() {
  std::uint64_t nonce = 0;
  for (const char c : crypto::random_bytes(sizeof nonce)) nonce = nonce << 8U | static_cast<unsigned char>(c);
  return nonce;
}

void append_hex(std::string& text, std::uint64_t value, unsigned digits) {
  constexpr std::string_view alphabet = "0123456789abcdef";
  while (digits-- > 0) text.push_back(alphabet[value >> (4 * digits) & 15U]);
}

}  // namespace

std::string request_id_of(std::uint64_t nonce, std::uint64_t sequence) {
  std::string id;
  id.reserve(28);
  append_hex(id, nonce, 16);
  append_hex(id, sequence, 12);
  return id;
}

Load::Load(const ServerOptions& bounds)
    : most_active(bounds.max_active_requests),
      waiting_bodies(bounds.max_waiting_bodies, bounds.max_waiting_bodies_of_one_address),
      streams(bounds.max_streams, bounds.max_streams_of_one_address) {}

ServerState::ServerState(ServerOptions server_options)
    : options(server_options), load(options), nonce_(random_nonce()) {}

std::string ServerState::next_request_id() {
  return request_id_of(nonce_, sequence_.fetch_add(1, std::memory_order_relaxed));
}

void ServerState::enter(const std::shared_ptr<IdleHandle>& handle) {
  const std::scoped_lock lock(mutex_);
  handles_.insert(handle);
}

void ServerState::leave(const std::shared_ptr<IdleHandle>& handle) {
  const std::scoped_lock lock(mutex_);
  handles_.erase(handle);
  // Posted: only when this handler has ended does the listener no longer count the connection.
  if (handle->is_shed) boost::asio::post(handle->executor, [count = being_shed_] { --*count; });
}

void ServerState::close_idle() {
  const std::scoped_lock lock(mutex_);
  for (const auto& handle : handles_) {
    boost::asio::post(handle->executor, [handle] {
      if (handle->connection != nullptr && handle->is_idle()) handle->connection->close();
    });
  }
}

std::size_t ServerState::count_idle() const {
  const std::scoped_lock lock(mutex_);
  return static_cast<std::size_t>(
      std::ranges::count_if(handles_, [](const auto& handle) { return handle->is_idle(); }));
}

void ServerState::shed_idle() {
  const SteadyTime now = system_clock().steady_now();
  const auto newest = (now - options.shed_after).time_since_epoch().count();
  std::vector<std::pair<SteadyTime::rep, std::shared_ptr<IdleHandle>>> idle;
  const std::scoped_lock lock(mutex_);
  if (now < next_shed_) return;
  for (const auto& handle : handles_) {
    const auto since = handle->idle_since.load();
    if (since != 0 && since <= newest && !handle->is_shed) idle.emplace_back(since, handle);
  }
  if (idle.empty()) next_shed_ = now + fruitless_pause;
  const auto most = std::max<std::size_t>(1, handles_.size() / shed_share);
  if (idle.size() > most) {
    const auto middle = idle.begin() + static_cast<std::ptrdiff_t>(most);
    std::ranges::nth_element(idle, middle, {}, [](const auto& entry) { return entry.first; });
    idle.resize(most);
  }
  for (auto& [since, handle] : idle) {
    handle->is_shed = true;
    ++*being_shed_;
    boost::asio::post(handle->executor, [handle, count = being_shed_] { shed(*handle, *count); });
  }
}

// Still unused: it goes. A request came meanwhile: it stays.
void ServerState::shed(IdleHandle& handle, std::atomic<std::size_t>& being_shed) {
  if (handle.connection == nullptr) return;  // leave() has seen to it
  if (handle.is_idle()) {
    connections_shed.add();
    handle.connection->close();
  } else {
    handle.is_shed = false;
    --being_shed;
  }
}

struct Server::Impl {
  struct Entry {
    ListenerState state;
    std::unique_ptr<net::Listener> listener;
  };

  Impl(async::IoPool& io_pool, ServerOptions options) : pool(io_pool), state(options) {}

  async::IoPool& pool;
  ServerState state;
  std::vector<std::unique_ptr<Entry>> entries;
};

Server::Server(async::IoPool& pool, ServerOptions options) : impl_(std::make_unique<Impl>(pool, options)) {}

Server::~Server() { impl_->entries.clear(); }

Result<std::uint16_t> Server::listen(ListenerOptions options) {
  auto entry = std::make_unique<Impl::Entry>();
  for (const std::string& name : options.host_names) entry->state.hosts.insert(to_lower_ascii(name));
  options.listen.make_room = [state = &impl_->state] { state->shed_idle(); };
  TRY(entry->listener, net::Listener::open(impl_->pool, options.listen));
  entry->state.listener = entry->listener.get();
  if (options.has_own_load) entry->state.own_load = std::make_unique<Load>(impl_->state.options);
  entry->state.load = options.has_own_load ? entry->state.own_load.get() : &impl_->state.load;
  entry->state.options = std::move(options);
  impl_->entries.push_back(std::move(entry));
  return impl_->entries.back()->listener->port();
}

void Server::start() {
  for (const auto& entry : impl_->entries) {
    entry->listener->start([server = &impl_->state, listener = &entry->state](net::Connection connection) {
      return serve_connection(server, listener, std::move(connection));
    });
  }
}

bool Server::stop(std::chrono::nanoseconds grace) {
  const auto deadline = async::after(grace);
  impl_->state.stopping = true;
  for (const auto& entry : impl_->entries) entry->listener->stop_accepting();
  impl_->state.close_idle();
  bool finished = true;
  for (const auto& entry : impl_->entries) {
    if (async::block_on(impl_->pool.next(), entry->listener->drain(deadline))) continue;
    finished = false;
    entry->listener->cancel();
  }
  if (!finished) log::warn(log::own_work, "requests that were still running have been cancelled");
  impl_->entries.clear();
  return finished;
}

bool Server::stopping() const { return impl_->state.stopping; }
std::size_t Server::active_requests() const {
  std::size_t total = impl_->state.load.active;
  for (const auto& entry : impl_->entries) {
    if (entry->state.own_load) total += entry->state.own_load->active;
  }
  return total;
}

std::size_t Server::idle_connections() const { return impl_->state.count_idle(); }

std::size_t Server::connections() const {
  std::size_t total = 0;
  for (const auto& entry : impl_->entries) total += entry->listener->connections();
  return total;
}

}  // namespace holdfast::http
