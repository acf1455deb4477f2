#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "holdfast/async/io_pool.h"
#include "holdfast/async/offload.h"
#include "holdfast/crypto/key_wrap.h"
#include "holdfast/region/authority.h"
#include "holdfast/region/blob_demand.h"
#include "holdfast/region/writer.h"
#include "holdfast/replication/replication.h"
#include "holdfast/storage/blob_store.h"
#include "holdfast/storage/data_directory.h"

namespace rocksdb {
class Env;
}

namespace holdfast::test {

/// The threads that all regions of one test share.
struct Machine {
  async::IoPool io{2};
  async::DiskPool disk{4};
};

/// A whole region in this process, below the domain rooms: real stores in `root`, real TLS on loopback.
/// `start` and `stop` as often as wanted; the directory stays.
class TestRegion {
 public:
  TestRegion(Machine& machine, std::string name, std::filesystem::path root);
  ~TestRegion() { stop(); }

  /// As `holdfast init`: a new cluster with this region as its primary.
  void init();
  /// As `holdfast join`: asks `primary`, which must be running, for a token, and uses it.
  Result<replication::Joined> join(TestRegion& primary);
  /// With a token from elsewhere.
  Result<replication::Joined> join(const replication::JoinToken& token);

  struct StartOptions {
    region::BootPolicy policy;
    std::uint64_t log_cap_bytes = std::uint64_t{1} << 30U;
    std::uint64_t blob_bytes_per_second = 0;
  };
  void start(StartOptions options);
  void start() { start(StartOptions{}); }
  /// While it is stopped: writes the first term of the next reign, signed by this region. What a promotion
  /// leaves in a store, without asking anybody.
  void open_next_reign();
  void stop();
  [[nodiscard]] bool running() const { return replication_ != nullptr; }

  Result<region::CommitReceipt> write(const std::string& key, const std::string& value,
                                      region::AckClass ack_class = region::AckClass::none);
  [[nodiscard]] std::optional<std::string> read(const std::string& key) const;
  [[nodiscard]] storage::Head durable() const { return core_->durable(); }
  [[nodiscard]] region::Writer& writer() { return *writer_; }
  [[nodiscard]] region::RegionState& state() { return *state_; }
  [[nodiscard]] region::PeerTable& peers() { return *peers_; }
  [[nodiscard]] region::FactExchange& facts() { return *facts_; }
  [[nodiscard]] region::BlobDemand& demand() { return *demand_; }
  [[nodiscard]] region::Authority& authority() { return *authority_; }
  [[nodiscard]] region::Members& members() { return *members_; }
  [[nodiscard]] replication::Replication& replication() { return *replication_; }
  [[nodiscard]] replication::JoinDesk& desk() { return *desk_; }
  [[nodiscard]] storage::BlobStore& blobs() { return *blobs_; }
  [[nodiscard]] storage::CoreDb& core() { return *core_; }
  [[nodiscard]] storage::LocalDb& local() { return *local_; }
  [[nodiscard]] storage::DataDirectory& data() { return *data_; }
  [[nodiscard]] const RegionName& name() const { return name_; }
  [[nodiscard]] Machine& machine() { return *machine_; }
  [[nodiscard]] std::filesystem::path root() const { return root_; }

  /// Where others are told to dial: a relay's port; 0: the region's own.
  std::uint16_t advertised_port = 0;
  [[nodiscard]] std::uint16_t port() const { return port_; }
  /// What it shows other regions: for a test that speaks in its place while it is stopped.
  [[nodiscard]] net::PeerTls peer_tls() const;
  [[nodiscard]] const storage::NodeIdentity& node() const { return node_; }
  /// What `write` does, as part of a transaction.
  static void put_row(storage::Transaction& transaction, const std::string& key, const std::string& value);

  /// What its stores stand on while it runs; null: the real file system.
  rocksdb::Env* local_env = nullptr;
  rocksdb::Env* core_env = nullptr;
  /// What it goes by while it runs.
  const Clock* clock = &system_clock();
  /// Called before `facts` is given to replication, at every start.
  std::function<void(TestRegion&)> on_building;

 private:
  void open_local();
  void close_local();
  void open_stores();
  [[nodiscard]] region::Member member() const;
  [[nodiscard]] storage::RootKey find_root() const;

  Machine* machine_;
  RegionName name_;
  std::filesystem::path root_;
  /// Never listens: keeps the port from everybody else while this region does not run, and lets it listen
  /// (Linux: addresses may be reused by all, and nobody listens yet).
  boost::asio::ip::tcp::socket reserved_;
  std::uint16_t port_ = 0;
  crypto::RsaRegionKey region_key_;
  std::optional<crypto::NodeKey> node_key_;

  std::optional<storage::DataDirectory> data_;
  std::unique_ptr<storage::LocalDb> local_;
  storage::NodeIdentity node_;
  std::unique_ptr<storage::CoreDb> core_;
  std::unique_ptr<storage::BatchRing> ring_;
  std::unique_ptr<storage::Committer> committer_;
  std::unique_ptr<region::Members> members_;
  std::unique_ptr<region::RegionState> state_;
  std::unique_ptr<region::PeerTable> peers_;
  std::unique_ptr<region::AcknowledgeSettings> settings_;
  std::unique_ptr<region::Authority> authority_;
  std::unique_ptr<region::Writer> writer_;
  std::unique_ptr<region::FactExchange> facts_;
  std::unique_ptr<region::BlobDemand> demand_;
  std::optional<storage::BlobStore> blobs_;
  std::unique_ptr<replication::JoinDesk> desk_;
  std::unique_ptr<replication::Replication> replication_;
};

/// Waits until `condition` holds, looking every few milliseconds; false after `limit`.
bool eventually(const std::function<bool()>& condition,
                std::chrono::seconds limit = std::chrono::seconds(120));

}  // namespace holdfast::test
