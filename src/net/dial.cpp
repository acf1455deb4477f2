#include "holdfast/net/dial.h"

#include <algorithm>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <charconv>
#include <chrono>
#include <memory>
#include <utility>

#include "holdfast/async/event.h"
#include "holdfast/base/text.h"

namespace holdfast::net {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

// RFC 8305 §5, "Connection Attempt Delay".
constexpr auto attempt_delay = std::chrono::milliseconds(250);

/// This host has no IPv6 (or no IPv4): says nothing about the place.
bool lacks_family(const error_code& failed) {
  return failed == asio::error::address_family_not_supported || failed == asio::error::network_unreachable ||
         failed == std::errc::address_not_available;
}

/// Attempts to several addresses, the first to answer wins. Everything runs on one executor; the handlers
/// hold the race, stop() makes them end.
class ConnectRace : public std::enable_shared_from_this<ConnectRace> {
 public:
  ConnectRace(async::Executor executor, std::vector<tcp::endpoint> endpoints)
      : executor_(std::move(executor)), endpoints_(std::move(endpoints)), delay_(executor_) {}

  void start_next() {
    if (ended_ || next_ == endpoints_.size()) return;
    const auto socket = std::make_shared<tcp::socket>(executor_);
    attempts_.push_back(socket);
    socket->async_connect(endpoints_[next_++], [self = shared_from_this(), socket](const error_code& failed) {
      self->attempt_ended(*socket, failed);
    });
    delay_.expires_after(attempt_delay);
    delay_.async_wait([self = shared_from_this()](const error_code& stopped) {
      if (!stopped) self->start_next();
    });
  }

  void stop() {
    ended_ = true;
    delay_.cancel();
    for (const auto& socket : attempts_) {
      error_code ignored;
      socket->close(ignored);
    }
  }

  [[nodiscard]] async::OneShot<Result<tcp::socket>> outcome() const { return outcome_; }

 private:
  void attempt_ended(tcp::socket& socket, const error_code& failed) {
    if (ended_) return;
    if (!failed) {
      tcp::socket winner = std::move(socket);
      stop();
      outcome_.set(std::move(winner));
      return;
    }
    if (failed == asio::error::connection_refused) {
      refused_ = true;
    } else if (!lacks_family(failed)) {
      other_failure_ = failed;
    }
    if (++failures_ < endpoints_.size()) return start_next();
    stop();
    const error_code& told = other_failure_ ? other_failure_ : failed;
    outcome_.set(refused_ && !other_failure_
                     ? fail(ErrorKind::unavailable, "connection_refused", "nothing listens there")
                     : fail(ErrorKind::unavailable, "connect_failed", "cannot connect", told.message()));
  }

  async::Executor executor_;
  std::vector<tcp::endpoint> endpoints_;
  asio::steady_timer delay_;
  std::vector<std::shared_ptr<tcp::socket>> attempts_;
  std::size_t next_ = 0;
  std::size_t failures_ = 0;
  bool refused_ = false;
  error_code other_failure_;
  bool ended_ = false;
  async::OneShot<Result<tcp::socket>> outcome_;
};

/// Ends the race with the dialling task, however that ends.
class RaceOwner {
 public:
  explicit RaceOwner(std::shared_ptr<ConnectRace> race) : race_(std::move(race)) {}
  RaceOwner(const RaceOwner&) = delete;
  RaceOwner& operator=(const RaceOwner&) = delete;
  ~RaceOwner() { race_->stop(); }

 private:
  std::shared_ptr<ConnectRace> race_;
};

std::vector<IpAddress> alternating(const std::vector<IpAddress>& addresses) {
  std::vector<IpAddress> first;
  std::vector<IpAddress> second;
  for (const auto& address : addresses) {
    (address.is_v4() == addresses.front().is_v4() ? first : second).push_back(address);
  }
  std::vector<IpAddress> mixed;
  for (std::size_t i = 0; i < std::max(first.size(), second.size()); ++i) {
    if (i < first.size()) mixed.push_back(first[i]);
    if (i < second.size()) mixed.push_back(second[i]);
  }
  return mixed;
}

/// `localhost` and every name below it, in any case, with or without the root's dot (RFC 6761 §6.3).
bool names_loopback(std::string_view host) {
  if (host.ends_with('.')) host.remove_suffix(1);
  if (equals_ignoring_ascii_case(host, "localhost")) return true;
  constexpr std::string_view below = ".localhost";
  return host.size() > below.size() &&
         equals_ignoring_ascii_case(host.substr(host.size() - below.size()), below);
}

/// How a lookup ended. The outcome of one that found nothing is told by `failed`.
struct Lookup {
  std::vector<IpAddress> addresses;
  error_code failed;
};

}  // namespace

Result<DialOptions> parse_endpoint(std::string_view text) {
  const auto bad = [&] {
    return fail(ErrorKind::invalid, "invalid_address", "not HOST:PORT: " + std::string(text));
  };
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos || colon == 0) return bad();
  auto host = text.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) {
    host = host.substr(1, host.size() - 2);
    if (const auto address = parse_address(host); !address || !address->is_v6()) return bad();
  } else if (host.find_first_of(":[]/@ ") != std::string_view::npos) {
    return bad();
  }
  const auto digits = text.substr(colon + 1);
  std::uint16_t port = 0;
  const auto [stopped, failed] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  if (failed != std::errc() || stopped != digits.data() + digits.size() || port == 0) return bad();
  return DialOptions{.host = std::string(host), .port = port};
}

async::Task<Result<std::vector<IpAddress>>> resolve(std::string host, SteadyTime deadline) {
  if (auto literal = parse_address(host)) co_return std::vector{*std::move(literal)};
  // No resolver is asked: a host without /etc/hosts knows this name too. IPv4 first, where our listeners are.
  if (names_loopback(host)) {
    co_return std::vector<IpAddress>{asio::ip::address_v4::loopback(), asio::ip::address_v6::loopback()};
  }
  const auto resolver = std::make_shared<tcp::resolver>(co_await asio::this_coro::executor);
  const async::OneShot<Lookup> answer;
  // getaddrinfo cannot be interrupted: a lookup that is too late ends by itself, and only this answer is
  // given up.
  resolver->async_resolve(
      host, "", [resolver, answer](const error_code& failed, const tcp::resolver::results_type& found) {
        Lookup lookup{.addresses = {}, .failed = failed};
        for (const auto& entry : found) lookup.addresses.push_back(entry.endpoint().address());
        answer.set(std::move(lookup));
      });
  CO_TRY(const auto found, co_await answer.wait(deadline));
  if (found.addresses.empty()) {
    co_return fail(ErrorKind::unavailable, "name_not_found", "no address for " + host,
                   found.failed.message());
  }
  co_return alternating(found.addresses);
}

async::Task<Result<Connection>> connect_any(std::vector<PeerAddress> places, SteadyTime deadline) {
  if (places.empty()) co_return fail(ErrorKind::invalid, "invalid_address", "no address to connect to");
  std::vector<tcp::endpoint> endpoints;
  endpoints.reserve(places.size());
  for (const auto& place : places) endpoints.emplace_back(place.address, place.port);
  const auto race = std::make_shared<ConnectRace>(co_await asio::this_coro::executor, std::move(endpoints));
  const RaceOwner owner(race);
  race->start_next();
  CO_TRY(auto outcome, co_await race->outcome().wait(deadline));
  CO_TRY(auto socket, std::move(outcome));
  co_return Connection(std::move(socket));
}

async::Task<Result<Connection>> dial(DialOptions target, SteadyTime deadline) {
  CO_TRY(const auto addresses, co_await resolve(target.host, deadline));
  std::vector<PeerAddress> places;
  for (const auto& address : addresses) {
    if (!target.allowed || target.allowed(address))
      places.push_back({.address = address, .port = target.port});
  }
  if (places.empty()) {
    co_return fail(ErrorKind::forbidden, "address_not_allowed",
                   "the address of " + target.host + " is not allowed");
  }
  co_return co_await connect_any(std::move(places), deadline);
}

}  // namespace holdfast::net
