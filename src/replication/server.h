#pragma once

#include <memory>

#include "channel.h"
#include "context.h"
#include "holdfast/net/listener.h"

namespace holdfast::replication {

/// The listener on which other members dial: a known key may say HELLO, an unknown one may only JOIN.
class Server {
 public:
  static Result<std::unique_ptr<Server>> open(Context& context);

  void start();
  void stop() { listener_->cancel(); }
  [[nodiscard]] std::uint16_t port() const { return listener_->port(); }

 private:
  Server(Context& context, std::unique_ptr<net::Listener> listener)
      : context_(&context), listener_(std::move(listener)) {}

  static async::Task<> serve(Context* context, std::shared_ptr<Channel> channel);
  static async::Task<> serve_join(Context* context, std::shared_ptr<Channel> channel, Join join);
  static async::Task<> serve_stream(Context* context, std::shared_ptr<Channel> channel, Hello hello);
  static async::Task<> serve_blobs(Context* context, std::shared_ptr<Channel> channel, Hello hello);

  Context* context_;
  std::unique_ptr<net::Listener> listener_;
};

}  // namespace holdfast::replication
