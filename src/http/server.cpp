#include "holdfast/http/server.h"

#include <boost/asio/post.hpp>
#include <utility>

#include "holdfast/async/block_on.h"
#include "holdfast/base/encoding.h"
#include "holdfast/base/log.h"
#include "holdfast/base/text.h"
#include "holdfast/crypto/random.h"
#include "server_state.h"

namespace holdfast::http {
namespace {

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

ServerState::ServerState(ServerOptions server_options)
    : options(server_options),
      waiting_bodies(options.max_waiting_bodies, options.max_waiting_bodies_of_one_address),
      streams(options.max_streams, options.max_streams_of_one_address),
      nonce_(random_nonce()) {}

std::string ServerState::next_request_id() {
  std::string id;
  append_hex(id, nonce_, 16);
  append_hex(id, sequence_.fetch_add(1, std::memory_order_relaxed), 8);
  return id;
}

void ServerState::enter(const std::shared_ptr<IdleHandle>& handle) {
  const std::scoped_lock lock(mutex_);
  handles_.insert(handle);
}

void ServerState::leave(const std::shared_ptr<IdleHandle>& handle) {
  const std::scoped_lock lock(mutex_);
  handles_.erase(handle);
}

void ServerState::close_idle() {
  const std::scoped_lock lock(mutex_);
  for (const auto& handle : handles_) {
    boost::asio::post(handle->executor, [handle] {
      if (handle->connection != nullptr && handle->idle) handle->connection->close();
    });
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
  TRY(entry->listener, net::Listener::open(impl_->pool, options.listen));
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
  if (!finished) log::warn("requests that were still running have been cancelled");
  impl_->entries.clear();
  return finished;
}

bool Server::stopping() const { return impl_->state.stopping; }
std::size_t Server::active_requests() const { return impl_->state.active; }

std::size_t Server::connections() const {
  std::size_t total = 0;
  for (const auto& entry : impl_->entries) total += entry->listener->connections();
  return total;
}

}  // namespace holdfast::http
