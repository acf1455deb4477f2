#include "server.h"

#include <utility>

#include "blob_session.h"
#include "gather.h"
#include "holdfast/base/log.h"
#include "holdfast/base/metrics.h"
#include "liveness.h"
#include "source_driver.h"

namespace holdfast::replication {
namespace {

// Who has not said who it is may hold a few places for a moment: a cut must not keep the regions apart
// because somebody sits on the listener. A member needs two.
constexpr std::chrono::seconds handshake_limit{5};
constexpr std::chrono::seconds first_message_limit{3};
constexpr std::size_t max_sessions = 1024;
constexpr std::size_t max_sessions_of_one_address = 64;
constexpr std::size_t exporter_bytes = 32;

metrics::Metric rejected_peers{metrics::Kind::counter, "holdfast_replication_rejected_total",
                               "Connections of other regions that were turned away."};

/// Holds the one live session that a member may have for a purpose.
class Entry {
 public:
  Entry(Context& context, RegionName name, Purpose purpose)
      : context_(&context),
        name_(std::move(name)),
        purpose_(purpose),
        inside_(context.enter(name_, purpose_)) {}
  Entry(const Entry&) = delete;
  Entry& operator=(const Entry&) = delete;
  ~Entry() {
    if (inside_) context_->leave(name_, purpose_);
  }
  [[nodiscard]] bool inside() const { return inside_; }

 private:
  Context* context_;
  RegionName name_;
  Purpose purpose_;
  bool inside_;
};

}  // namespace

Result<std::unique_ptr<Server>> Server::open(Context& context) {
  net::ListenOptions options{
      .name = "replication", .address = context.options.listen_address, .port = context.options.listen_port};
  options.max_connections = max_sessions;
  options.max_per_address = max_sessions_of_one_address;
  options.handshake_timeout = handshake_limit;
  // Whoever holds the private key of what it shows may knock; what it may say is decided by the node table.
  options.tls = [tls = context.parts.tls] { return tls.accept([](const net::PeerKey&) { return true; }); };
  TRY(auto listener, net::Listener::open(context.parts.io, std::move(options)));
  return std::unique_ptr<Server>(new Server(context, std::move(listener)));
}

void Server::start() {
  listener_->start([context = context_](net::Connection connection) {
    return serve(context, std::make_shared<Channel>(std::move(connection), context->parts.clock));
  });
}

async::Task<> Server::serve(Context* context, std::shared_ptr<Channel> channel) {
  const ChannelFinisher finisher(channel);
  const auto* key = channel->connection().peer_key();
  if (key == nullptr) co_return;
  const bool is_member = context->parts.members.find_by_spki_hash(key->spki_sha256).has_value();
  context->tasks.spawn(channel->connection().executor(), Channel::run_writer(channel));
  // A stranger may only JOIN; nothing else that it sends is even read.
  const auto limit = is_member ? ReadLimit::silence(silence_limit, async::after(hello_limit))
                               : ReadLimit::deadline(async::after(first_message_limit));
  auto message = co_await channel->read(limit, [is_member](MessageType type) {
    return type == (is_member ? MessageType::hello : MessageType::join);
  });
  if (!message) {
    rejected_peers.add();
    log::warn("a peer did not introduce itself",
              {{"address", channel->connection().remote().to_string()}, {"why", message.error().describe()}});
    HostFacts stranger{.now = context->parts.clock.now()};
    if (!is_member)
      channel->send(reject(stranger, RejectCode::unknown_peer, "this key is no active member's"));
    co_return;
  }
  if (auto* join = std::get_if<Join>(&*message))
    co_return co_await serve_join(context, channel, std::move(*join));
  auto& hello = std::get<Hello>(*message);
  if (hello.purpose == Purpose::blobs) co_return co_await serve_blobs(context, channel, std::move(hello));
  co_await serve_stream(context, channel, std::move(hello));
}

async::Task<> Server::serve_join(Context* context, std::shared_ptr<Channel> channel, Join join) {
  const auto exporter = channel->connection().export_keying_material(join_exporter_label, {}, exporter_bytes);
  if (!exporter) co_return;
  auto joined = co_await context->parts.desk.admit(std::move(join), *exporter,
                                                   channel->connection().peer_key()->spki_der);
  if (!joined.accepted) rejected_peers.add();
  channel->send(joined);
}

async::Task<> Server::serve_stream(Context* context, std::shared_ptr<Channel> channel, Hello hello) {
  auto facts = gather_host(*context, *channel->connection().peer_key());
  const auto now = context->parts.clock.steady_now();
  // Its row went away since the handshake.
  if (!facts.peer) co_return;
  const auto name = facts.peer->name;
  const Entry entry(*context, name, Purpose::stream);
  facts.second_session = !entry.inside() || context->hears_primary(name);
  SourceSession session(std::move(facts), std::move(hello), make_verifier(*context), now);
  const auto driver = std::make_shared<SourceDriver>(*context, channel, name, std::move(session));
  if (entry.inside()) context->add_source(driver);
  // Only from here on does a removal find this session.
  if (!driver->is_member_still()) co_return;
  co_await driver->run();
}

async::Task<> Server::serve_blobs(Context* context, std::shared_ptr<Channel> channel, Hello hello) {
  auto facts = gather_host(*context, *channel->connection().peer_key());
  if (!facts.peer) co_return;
  const auto name = facts.peer->name;
  const Entry entry(*context, name, Purpose::blobs);
  facts.second_session = !entry.inside() || context->hears_primary(name);
  const auto verdict = judge_hello(facts, hello, make_verifier(*context));
  channel->send(verdict.welcome);
  if (verdict.welcome.kind != Welcome::Kind::blobs) {
    rejected_peers.add();
    co_return;
  }
  const auto session = std::make_shared<BlobSession>(*context, channel, name);
  co_await session->run();
}

}  // namespace holdfast::replication
