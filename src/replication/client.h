#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <set>

#include "context.h"
#include "sink_driver.h"

namespace holdfast::replication {

/// This region's own connections: while it is not the primary it dials every other member, one connection for
/// the log and beats and one for object bytes, again and again with back-off. A primary dials nobody.
/// Thread-safe.
class Client {
 public:
  explicit Client(Context& context) : context_(&context) {}

  /// Begins a dial loop for every member that has none. Called once a second and after the node table
  /// changed.
  void follow_members();
  /// A role changed: sessions that no longer fit end and are dialled anew.
  void restart_sessions(const std::string& reason);
  /// Ends sessions with members whose row went away.
  void cut_removed();

 private:
  static async::Task<> stream_loop(Client* client, RegionName peer, async::Executor executor);
  static async::Task<> blob_loop(Client* client, RegionName peer, async::Executor executor);
  async::Task<Result<std::shared_ptr<Channel>>> connect(RegionName peer);
  async::Task<Result<bool>> stream_once(RegionName peer);
  async::Task<Result<bool>> blobs_once(RegionName peer);
  [[nodiscard]] bool may_dial(const RegionName& peer) const;

  Context* context_;
  std::mutex mutex_;
  std::set<RegionName> dialling_;
  std::map<RegionName, std::weak_ptr<SinkDriver>> sinks_;
};

}  // namespace holdfast::replication
