#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "holdfast/crypto/node_key.h"
#include "holdfast/region/boot.h"
#include "holdfast/region/member.h"
#include "sim_store.h"
#include "sink_session.h"
#include "source_session.h"

namespace holdfast::simulation {

/// What goes wrong, and how often (chances per simulated second, unless noted).
struct Chaos {
  double kill = 0.3;
  double restart = 1.0;
  double cut_link = 0.3;
  double mend_link = 0.6;
  double drop_connection = 0.3;
  double damage_message = 0.002;  ///< per message: corrupt, duplicate, swap or truncate
  double purge_log = 0.1;
  double lose_tail = 0.1;  ///< of a killed primary: its log ends earlier than it was synced
  double commits = 60;
};

/// One region: its disk survives a kill, the rest does not.
struct SimNode {
  RegionName name;
  crypto::NodeKey key;
  region::Member row;
  SimStore store;
  bool alive = false;
  region::Role role = region::Role::fenced;
  region::BootDecision decision;
  std::map<RegionName, region::PeerAnswer> answers;
  std::map<std::string, SimStore::Snapshot> shelf;  ///< snapshots that it gives
  std::map<RegionName, SteadyTime> redial_at;
};

/// A connection: both machines, and what is on its way.
struct SimLink {
  struct Packet {
    SteadyTime due;
    Bytes frame;
  };
  std::size_t dialler = 0;
  std::size_t host = 0;
  std::unique_ptr<replication::SinkSession> sink;
  std::unique_ptr<replication::SourceSession> source;  ///< from the HELLO on
  std::deque<Packet> to_host;
  std::deque<Packet> to_dialler;
  std::deque<replication::Action> sink_work;    ///< waits for the dialler's disk
  std::deque<replication::Action> source_work;  ///< waits for the host's disk
  region::Role host_role = region::Role::fenced;
  region::Role dialler_role = region::Role::fenced;
  bool open = true;
};

/// Several regions on one clock and one network. Every step checks the invariants; the first violation is
/// kept and says the seed.
class SimWorld {
 public:
  SimWorld(std::uint64_t seed, std::size_t nodes, Chaos chaos);

  /// Runs for a simulated time with everything going wrong, or with nothing going wrong.
  void run(std::chrono::milliseconds time, bool with_chaos);
  /// Starts what is down, mends what is cut.
  void heal();
  /// One primary, everybody alive and at the same durable head.
  [[nodiscard]] bool converged() const;

  [[nodiscard]] const std::string& violation() const { return violation_; }
  [[nodiscard]] std::string describe() const;
  struct Counts {
    std::uint64_t commits = 0, kills = 0, snapshots = 0, incarnations = 0, pulled_tails = 0,
                  refused_messages = 0, streams = 0;
  };
  [[nodiscard]] const Counts& counts() const { return counts_; }

 private:
  bool chance(double per_second);
  std::uint64_t pick(std::uint64_t below) {
    return std::uniform_int_distribution<std::uint64_t>(0, below - 1)(random_);
  }
  void violate(const std::string& what);

  void step(bool with_chaos);
  void do_harm();
  void kill(std::size_t node);
  void lose_tail(std::size_t node);
  void start(std::size_t node);
  void decide(std::size_t node);
  void open_term(std::size_t node);
  void commit(std::size_t node, const std::string& value, storage::Term term);
  void take_answer(std::size_t node, const RegionName& peer, const region::TermChain& chain,
                   const replication::Beat& beat);
  [[nodiscard]] bool wants_stream_from(std::size_t node, const RegionName& peer) const;

  void dial(std::size_t dialler, std::size_t host);
  void close(SimLink& link, const std::string& why);
  void send(SimLink& link, bool to_host, const replication::Message& message);
  void deliver(SimLink& link, bool to_host);
  void receive(SimLink& link, bool to_host, const Bytes& frame);
  void tick(SimLink& link);
  void work(SimLink& link);
  void carry_out_sink(SimLink& link, replication::Actions actions);
  void carry_out_source(SimLink& link, replication::Actions actions);
  void sink_work(SimLink& link, replication::Action action);
  void source_work(SimLink& link, replication::Action action);
  [[nodiscard]] bool is_cut(std::size_t a, std::size_t b) const {
    return cut_.contains({std::min(a, b), std::max(a, b)});
  }
  [[nodiscard]] replication::Beat beat_of(const SimNode& node) const;
  [[nodiscard]] std::size_t index_of(const RegionName& name) const;
  void check_durable(const SimNode& node, const storage::Position& position);

  std::uint64_t seed_;
  std::mt19937_64 random_;
  Chaos chaos_;
  SteadyTime now_{};
  WallTime wall_;
  ClusterId cluster_{"00112233445566778899aabbccddeeff"};
  std::vector<SimNode> nodes_;
  std::vector<std::unique_ptr<SimLink>> links_;
  std::set<std::pair<std::size_t, std::size_t>> cut_;
  std::map<std::pair<storage::Term, std::uint64_t>, storage::HeadHash> history_;  ///< invariant A
  std::uint64_t acknowledged_ = 0;  ///< the highest index that any member ever acknowledged
  bool harming_ = false;
  std::uint64_t snapshot_number_ = 0;
  std::string violation_;
  std::deque<std::string> endings_;  ///< why the last sessions ended, for a failure's text
  Counts counts_;
};

}  // namespace holdfast::simulation
