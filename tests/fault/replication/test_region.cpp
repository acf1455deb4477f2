#include "test_region.h"

#include <gtest/gtest.h>

#include <thread>

#include "holdfast/async/block_on.h"
#include "holdfast/crypto/random.h"
#include "holdfast/crypto/x509.h"
#include "holdfast/region/terms.h"
#include "holdfast/storage/root_wrap.h"
#include "holdfast/storage/watermark.h"
#include "rocks.h"

namespace holdfast::test {
namespace {

constexpr storage::Table rows_table{storage::Family::apps, 0x03f0, "test_rows"};
constexpr std::uint32_t root_number = 1;

template <class T>
T must(Result<T> result) {
  if (!result) throw std::runtime_error(result.error().describe());
  if constexpr (!std::is_void_v<T>) return *std::move(result);
}

/// RSA keys take a second to make; every region of a test process has its own, tests share them.
crypto::RsaRegionKey region_key_of(const std::string& name) {
  static std::mutex mutex;
  static std::map<std::string, crypto::RsaRegionKey> keys;
  const std::scoped_lock lock(mutex);
  const auto known = keys.find(name);
  if (known != keys.end()) return known->second;
  return keys.emplace(name, must(crypto::RsaRegionKey::generate())).first->second;
}

}  // namespace

bool eventually(const std::function<bool()>& condition, std::chrono::seconds limit) {
  const auto deadline = std::chrono::steady_clock::now() + limit;
  while (std::chrono::steady_clock::now() < deadline) {
    if (condition()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return condition();
}

TestRegion::TestRegion(Machine& machine, std::string name, std::filesystem::path root)
    : machine_(&machine),
      name_(std::move(name)),
      root_(std::move(root)),
      reserved_(machine.io.next()),
      region_key_(region_key_of(name_.str())) {
  reserved_.open(boost::asio::ip::tcp::v4());
  reserved_.set_option(boost::asio::socket_base::reuse_address(true));
  reserved_.bind({boost::asio::ip::address_v4::loopback(), 0});
  port_ = reserved_.local_endpoint().port();
}

region::Member TestRegion::member() const {
  return {
      .name = name_,
      .node_id = node_.node_id,
      .node_spki = node_key_->public_spki_der(),
      .wrapping_spki = region_key_.public_key_der(),
      .replication_address = "127.0.0.1:" + std::to_string(advertised_port != 0 ? advertised_port : port_),
      .public_url = "https://" + name_.str() + ".test",
      .objects_url = "https://objects." + name_.str() + ".test",
      .joined = system_clock().now()};
}

void TestRegion::open_local() {
  const bool exists = std::filesystem::exists(root_);
  data_.emplace(must(exists ? storage::DataDirectory::open(root_) : storage::DataDirectory::create(root_)));
  local_ = must(storage::LocalDb::open_tuned({.path = data_->local_db(), .create = !exists}, region_key_,
                                             {.env = local_env}));
  if (!exists) {
    node_key_ = must(crypto::NodeKey::generate());
    node_ = {.cluster = {},
             .node_id = crypto::random_uuid(),
             .region = name_,
             .node_key = node_key_->private_bytes()};
    return;
  }
  node_ = *must(local_->node());
  node_key_ = must(crypto::NodeKey::from_private_bytes(node_.node_key));
}

void TestRegion::close_local() {
  local_.reset();
  data_.reset();
}

void TestRegion::init() {
  open_local();
  const auto cluster = ClusterId("00112233445566778899aabbccddeeff");
  node_.cluster = cluster;
  must(local_->set_node(node_));
  const auto generation = must(data_->create_first_generation());
  auto core =
      must(storage::CoreDb::open({.path = generation.core_db(), .create = true, .open_floor_bytes = 0}));
  auto root = storage::RootKey::generate(root_number);
  must(local_->set_root_pin(root.id, root.pin()));
  const auto now = system_clock().now();
  const auto wrap = must(storage::wrap_root(
      cluster, root, {.name = name_.str(), .wrapping_key_der = region_key_.public_key_der()}, *node_key_,
      now));
  must(core->unlock(cluster, root.copy()));
  storage::Committer committer(*core, system_clock(), {.free_space_floor_bytes = 0});
  auto transaction = core->transaction();
  for (const auto& scope : {storage::Scope::system(), storage::Scope::blinding(), storage::Scope::token()}) {
    core->keys()->create_key(transaction, scope, now);
  }
  must(region::create_cluster_record(transaction,
                                     {.id = cluster, .issuer_base = "https://auth.test", .created = now}));
  must(region::Members::put(transaction, member()));
  storage::put_wrap(transaction, wrap);
  const auto term = region::first_term(cluster, name_, *node_key_, now);
  must(region::put_term(transaction, term));
  must(committer.begin(term.term));
  must(committer.commit_and_wait(std::move(transaction)));
  core.reset();
  close_local();
}

Result<replication::Joined> TestRegion::join(TestRegion& primary) {
  TRY(const auto made, async::block_on(machine_->io.next(),
                                       primary.desk().create_token({.node = name_, .created_by = "test"})));
  return join(made.token);
}

Result<replication::Joined> TestRegion::join(const replication::JoinToken& token) {
  open_local();
  replication::JoinRequest request{.token = {.cluster = token.cluster,
                                             .address = token.address,
                                             .primary_spki_hash = token.primary_spki_hash,
                                             .node = token.node,
                                             .may_promote = token.may_promote,
                                             .expires = token.expires,
                                             .secret = token.secret.copy()},
                                   .node = member(),
                                   .key = *node_key_};
  auto joined = async::block_on(
      machine_->io.next(),
      replication::join_cluster(std::move(request), system_clock().now(), std::chrono::seconds(60)));
  if (joined) {
    node_.cluster = joined->cluster.id;
    must(local_->set_node(node_));
    must(replication::store_bootstrap(*local_, *joined));
    const auto wrap = must(storage::WrapRow::decode(joined->root_wrap));
    must(local_->set_root_pin(wrap.root_id, wrap.root_pin));
    const auto generation = must(data_->create_first_generation());
    must(storage::CoreDb::open({.path = generation.core_db(), .create = true, .open_floor_bytes = 0}));
  }
  close_local();
  return joined;
}

storage::RootKey TestRegion::find_root() const {
  const auto key = storage::root_wrap_key(storage::WrapTarget::Kind::member, name_.str(),
                                          storage::root_key_bit | root_number);
  // Wrap rows are in clear: read before the ring is open, from the bootstrap copy before the first snapshot.
  const auto stored = must(core_->reader().find(storage::root_wraps_table, key));
  const Bytes row = stored ? stored->plain : must(replication::load_bootstrap(*local_)).value().root_wrap;
  const auto wrap = must(storage::WrapRow::decode(row));
  auto key_wrapper = region_key_;
  return must(storage::unwrap_root(wrap, key_wrapper, must(local_->root_pin(wrap.root_id)).value()));
}

void TestRegion::open_stores() {
  open_local();
  const auto generation = must(data_->current()).value();
  core_ = must(
      storage::CoreDb::open_tuned({.path = generation.core_db(), .open_floor_bytes = 0}, {.env = core_env}));
  must(core_->unlock(node_.cluster, find_root()));
  ring_ = std::make_unique<storage::BatchRing>(std::size_t{4} << 20U);
  committer_ = std::make_unique<storage::Committer>(
      *core_, *clock,
      storage::CommitterOptions{
          .free_space_floor_bytes = 0,
          .publish = [ring = ring_.get()](storage::RawBatchPtr batch) { ring->publish(batch); }});
  blobs_.emplace(must(storage::BlobStore::open(
      data_->blobs(), node_.cluster,
      [this](std::uint32_t id) -> Result<Secret> {
        TRY(const auto key, core_->keys()->key(id));
        return key->copy();
      },
      0)));
}

void TestRegion::start(StartOptions options) {
  open_stores();
  members_ = must(region::Members::open(*core_, name_));
  if (const auto joined = must(replication::load_bootstrap(*local_))) members_->bootstrap(joined->members);
  state_ = std::make_unique<region::RegionState>(name_);
  peers_ = std::make_unique<region::PeerTable>(*members_, *clock);
  settings_ = must(region::AcknowledgeSettings::open(*core_));
  region::Authority::Options authority_options{.policy = options.policy};
  const auto generation = must(data_->current()).value();
  const storage::WatermarkKeeper watermark(*local_, generation.number);
  if (must(watermark.judge(core_->applied())) == storage::Recovery::below_watermark) {
    authority_options.recovered_short_of = must(local_->watermark(std::to_string(generation.number)));
  }
  authority_ = must(region::Authority::open({.core = *core_,
                                             .local = *local_,
                                             .committer = *committer_,
                                             .members = *members_,
                                             .state = *state_,
                                             .clock = *clock,
                                             .key = *node_key_,
                                             .cluster = node_.cluster},
                                            authority_options));
  writer_ = std::make_unique<region::Writer>(*state_, *committer_, *peers_, *settings_);
  facts_ = must(region::FactExchange::open(*local_, *core_, name_, *clock));
  demand_ = std::make_unique<region::BlobDemand>(*clock);
  desk_ = std::make_unique<replication::JoinDesk>(replication::JoinDesk::Parts{.core = *core_,
                                                                               .members = *members_,
                                                                               .writer = *writer_,
                                                                               .clock = *clock,
                                                                               .key = *node_key_,
                                                                               .root = find_root()});
  if (on_building) on_building(*this);
  replication_ =
      must(replication::Replication::open({.io = machine_->io,
                                           .disk = machine_->disk,
                                           .clock = *clock,
                                           .data = *data_,
                                           .core = *core_,
                                           .local = *local_,
                                           .blobs = *blobs_,
                                           .ring = *ring_,
                                           .authority = *authority_,
                                           .members = *members_,
                                           .state = *state_,
                                           .peers = *peers_,
                                           .facts = *facts_,
                                           .demand = *demand_,
                                           .writer = *writer_,
                                           .desk = *desk_,
                                           .tls = peer_tls(),
                                           .node = {.cluster = node_.cluster,
                                                    .node_id = node_.node_id,
                                                    .region = name_,
                                                    .node_key = node_.node_key.copy()}},
                                          {.listen_port = port_,
                                           .log_cap_bytes = options.log_cap_bytes,
                                           .blob_bytes_per_second = options.blob_bytes_per_second}));
  must(authority_->start());
  replication_->start();
}

net::PeerTls TestRegion::peer_tls() const {
  const auto certificate =
      must(crypto::self_signed_certificate(*node_key_, name_.str(), system_clock().now()));
  return must(net::PeerTls::create(
      {.certificate_pem = certificate, .private_key_pem = node_key_->private_key_pem()}));
}

void TestRegion::open_next_reign() {
  open_stores();
  const auto chain = must(region::read_terms(core_->reader(), 1));
  auto record = region::next_incarnation(*chain.newest(), core_->applied(), node_.cluster, *node_key_,
                                         system_clock().now());
  record.term = {.reign = chain.newest()->term.reign + 1, .incarnation = 1};
  record.nonce = crypto::random_bytes(record.nonce.size());
  record.node = name_;
  record.sign(node_.cluster, *node_key_);
  must(committer_->begin(record.term));
  auto transaction = core_->transaction();
  must(region::put_term(transaction, record));
  must(committer_->commit_and_wait(std::move(transaction)));
  stop();
}

void TestRegion::stop() {
  replication_.reset();
  desk_.reset();
  demand_.reset();
  facts_.reset();
  writer_.reset();
  authority_.reset();
  settings_.reset();
  peers_.reset();
  state_.reset();
  members_.reset();
  blobs_.reset();
  committer_.reset();
  ring_.reset();
  core_.reset();
  close_local();
}

Result<region::CommitReceipt> TestRegion::write(const std::string& key, const std::string& value,
                                                region::AckClass ack_class) {
  auto transaction = core_->transaction();
  put_row(transaction, key, value);
  return async::block_on(machine_->io.next(), writer_->commit(std::move(transaction), ack_class));
}

void TestRegion::put_row(storage::Transaction& transaction, const std::string& key,
                         const std::string& value) {
  transaction.put(rows_table, key, storage::Scope::system(), 1, value);
}

std::optional<std::string> TestRegion::read(const std::string& key) const {
  const auto stored = must(core_->reader().find(rows_table, key));
  if (!stored) return std::nullopt;
  return stored->plain;
}

}  // namespace holdfast::test
