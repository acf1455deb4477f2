#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>

#include "holdfast/async/event.h"
#include "holdfast/async/io_pool.h"
#include "holdfast/http/server.h"
#include "raw_socket.h"

namespace holdfast::http {

/// An event that a plain test thread waits for.
class Latch {
 public:
  void set() {
    const std::scoped_lock lock(mutex_);
    is_set_ = true;
    changed_.notify_all();
  }
  [[nodiscard]] bool wait() {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(20), [this] { return is_set_; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool is_set_ = false;
};

/// Pieces of `piece_bytes` up to `total_bytes`; counts what was asked for and tells when it is dropped.
class CountingSource final : public BodySource {
 public:
  struct Counts {
    std::atomic<std::uint64_t> produced = 0;
    Latch dropped;
  };

  CountingSource(Counts* counts, std::uint64_t total, std::size_t piece, bool announces_size)
      : counts_(counts), total_(total), left_(total), piece_(piece), announces_size_(announces_size) {}
  CountingSource(const CountingSource&) = delete;
  CountingSource& operator=(const CountingSource&) = delete;
  ~CountingSource() override { counts_->dropped.set(); }

  [[nodiscard]] std::optional<std::uint64_t> size() const override {
    return announces_size_ ? std::optional(total_) : std::nullopt;
  }
  async::Task<Result<Bytes>> read() override {
    Bytes piece(static_cast<std::size_t>(std::min<std::uint64_t>(left_, piece_)), 'x');
    left_ -= piece.size();
    counts_->produced += piece.size();
    co_return piece;
  }

 private:
  Counts* counts_;
  std::uint64_t total_;
  std::uint64_t left_;
  std::size_t piece_;
  bool announces_size_;
};

/// A server on loopback without TLS, with one row for each thing to test.
class ServerTest : public testing::Test {
 protected:
  static constexpr std::string_view get_hello = "GET /hello HTTP/1.1\r\nHost: localhost\r\n\r\n";

  static async::Task<Result<Response>> hello(Request* /*request*/) {
    co_return respond(200, "text/plain", "hello");
  }
  static async::Task<Result<Response>> echo(Request* request) {
    co_return respond(200, "application/octet-stream", request->body);
  }
  static async::Task<Result<Response>> count_stream(Request* request) {
    std::uint64_t total = 0;
    while (true) {
      CO_TRY(const Bytes piece, co_await request->body_stream->read());
      if (piece.empty()) break;
      total += piece.size();
    }
    co_return respond(200, "text/plain", std::to_string(total));
  }
  static async::Task<Result<Response>> ignore_stream(Request* /*request*/) { co_return respond_empty(204); }
  static async::Task<Result<Response>> throwing(Request* /*request*/) {
    throw std::runtime_error("planted");
    co_return Response{};
  }
  static async::Task<Result<Response>> bad_header(Request* /*request*/) {
    Response response = respond(200, "text/plain", "x");
    response.headers.add("X-Planted", "a\r\nSet-Cookie: b");
    co_return response;
  }
  static async::Task<Result<Response>> who(Request* request) {
    const auto* name = request->principal.as<std::string>();
    co_return respond(200, "text/plain", name == nullptr ? "nobody" : *name);
  }
  static async::Task<Result<Response>> param(Request* request) {
    co_return respond(200, "text/plain",
                      std::string(request->param("key")) + "|" + std::string(request->raw_param("key")));
  }
  static async::Task<Result<Response>> refuse_softly(Request* /*request*/) {
    co_return fail(ErrorKind::conflict, "already_exists", "it is there already");
  }
  async::Task<Result<Response>> wait_for_release(Request* /*request*/) {
    entered_.set();
    CO_TRY_VOID(co_await release_.wait(async::after(std::chrono::seconds(20))));
    co_return respond(200, "text/plain", "released");
  }
  async::Task<Result<Response>> send_much(Request* request) {
    Response response = respond(200, "application/octet-stream", "");
    const bool announces = request->query("size").has_value();
    const auto total = std::stoull(std::string(request->query("total").value_or("0")));
    response.stream = std::make_unique<CountingSource>(&counts_, total, 64 * 1024, announces);
    co_return response;
  }

  [[nodiscard]] std::shared_ptr<const Router> table() {
    auto router = std::make_shared<Router>();
    const auto add = [&](Method method, std::string path, Handler handler) -> Row& {
      router->add({.method = method, .path = std::move(path), .handler = std::move(handler)});
      return *router->rows().back();
    };
    add(Method::get, "/hello", hello);
    add(Method::post, "/echo", echo);
    add(Method::put, "/count", count_stream).streaming = true;
    router->rows().back()->body_limit_bytes = 256UL << 20U;
    add(Method::put, "/ignore", ignore_stream).streaming = true;
    router->rows().back()->body_limit_bytes = 256UL << 20U;
    add(Method::get, "/throw", throwing);
    add(Method::get, "/bad-header", bad_header);
    add(Method::get, "/who", who).auth = AuthLevel::user;
    add(Method::put, "/operator", echo).auth = AuthLevel::operator_write;
    add(Method::get, "/keys/{key...}", param);
    add(Method::post, "/refuse", refuse_softly);
    add(Method::get, "/wait", [this](Request* request) { return wait_for_release(request); });
    add(Method::get, "/much", [this](Request* request) { return send_much(request); });
    add(Method::get, "/always", hello).always = true;
    return router;
  }

  [[nodiscard]] ListenerOptions listener() {
    ListenerOptions options;
    options.listen.name = "test";
    options.router = table();
    options.host_names = {"LocalHost", "127.0.0.1"};
    return options;
  }

  void start(ServerOptions options = {}) { start(std::move(options), listener()); }
  void start(ServerOptions options, ListenerOptions listener_options) {
    options.access_log = false;
    server_ = std::make_unique<Server>(pool_, options);
    const auto port = server_->listen(std::move(listener_options));
    ASSERT_TRUE(port) << port.error().describe();
    port_ = *port;
    server_->start();
  }

  /// What happens on other threads is waited for, under a generous limit.
  template <class Check>
  static bool eventually(Check check) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (!check()) {
      if (std::chrono::steady_clock::now() > deadline) return false;
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    return true;
  }

  [[nodiscard]] std::string ask(std::string_view bytes) { return RawSocket(port_).send(bytes).response(); }
  [[nodiscard]] bool is_alive() { return status_of(ask(get_hello)) == 200; }

  // What handlers use outlives the server, which outlives nothing but the pool.
  Latch entered_;
  async::Event release_;
  CountingSource::Counts counts_;
  async::IoPool pool_{2};
  std::unique_ptr<Server> server_;
  std::uint16_t port_ = 0;
};

}  // namespace holdfast::http
