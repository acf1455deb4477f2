#include "holdfast/replication/joining.h"

#include <utility>

#include "channel.h"
#include "holdfast/async/task_group.h"
#include "holdfast/crypto/x509.h"
#include "holdfast/net/dial.h"

// The newcomer's side of joining.
namespace holdfast::replication {
namespace {

constexpr storage::LocalTable bootstrap_table{0x0020, "bootstrap"};
constexpr BytesView bootstrap_key = "joined";
constexpr std::size_t join_exporter_bytes = 32;

std::unexpected<Error> join_refused(const Joined& joined) {
  return fail(ErrorKind::forbidden, "join_refused", "the primary refused: " + joined.message,
              std::string(to_string(joined.code)));
}

}  // namespace

async::Task<Result<Joined>> join_cluster(JoinRequest request, WallTime now, std::chrono::seconds limit) {
  const auto deadline = async::after(limit);
  CO_TRY(const auto certificate, crypto::self_signed_certificate(request.key, request.node.name.str(), now));
  CO_TRY(const auto tls, net::PeerTls::create({.certificate_pem = certificate,
                                               .private_key_pem = request.key.private_key_pem()}));
  CO_TRY(const auto target, net::parse_endpoint(request.token.address));
  CO_TRY(auto connection, co_await net::dial(target, deadline));
  auto setup = tls.connect([pinned = request.token.primary_spki_hash](const net::PeerKey& key) {
    return key.spki_sha256 == pinned;
  });
  CO_TRY_VOID(co_await connection.handshake(std::move(setup), deadline));
  CO_TRY(const auto exporter,
         connection.export_keying_material(join_exporter_label, {}, join_exporter_bytes));

  Join join{.secret = Bytes(request.token.secret.expose()),
            .node = request.node,
            .admin_token_hash = request.admin_token_hash};
  join.mac = join_mac(request.token.secret, exporter, join.node.node_spki, join.node.wrapping_spki);
  Bytes frame = encode_message(join);
  wipe(join.secret);
  const auto written = co_await connection.write(frame, deadline);
  wipe(frame);
  CO_TRY_VOID(written);

  Channel channel(std::move(connection));
  CO_TRY(auto message, co_await channel.read(ReadLimit::deadline(deadline),
                                             [](MessageType type) { return type == MessageType::joined; }));
  auto joined = std::get<Joined>(std::move(message));
  if (!joined.accepted) co_return join_refused(joined);
  if (joined.cluster.id != request.token.cluster) {
    co_return fail(ErrorKind::corrupt, "join_refused", "the primary answered for another cluster");
  }
  co_return joined;
}

Result<> store_bootstrap(storage::LocalDb& local, const Joined& joined) {
  return local.put(bootstrap_table, bootstrap_key, joined.encode());
}

Result<std::optional<Joined>> load_bootstrap(const storage::LocalDb& local) {
  TRY(const auto stored, local.find(bootstrap_table, bootstrap_key));
  if (!stored) return std::nullopt;
  TRY(auto joined, Joined::decode(*stored));
  return joined;
}

}  // namespace holdfast::replication
