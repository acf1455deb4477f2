#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <vector>

#include "action_queue.h"
#include "channel.h"
#include "context.h"
#include "holdfast/storage/log_applier.h"
#include "holdfast/storage/reader.h"
#include "lane.h"
#include "sink_session.h"
#include "snapshot_intake.h"

namespace holdfast::replication {

/// Runs a SinkSession over a connection to a member that this region dialled. Thread: the connection's
/// executor, except where noted. Lives while its tasks run.
class SinkDriver : public std::enable_shared_from_this<SinkDriver> {
 public:
  SinkDriver(Context& context, std::shared_ptr<Channel> channel, RegionName peer, SinkSession session);

  ~SinkDriver();

  /// Until the connection ends. Only once. Says whether a WELCOME other than a rejection was received.
  async::Task<bool> run();
  /// Any thread.
  void end(std::string reason);
  /// The peer's row is active and names the key that this connection was made with. Any thread.
  [[nodiscard]] bool is_member_still() const;
  void wake() { wake_.notify(); }

 private:
  struct Comparison {
    Mark mark;
    std::optional<storage::Reader> snapshot;
    std::vector<RangeDigest> ranges;
    std::size_t bytes = 0;  ///< of the ranges
  };

  async::Task<> read_loop();
  void note_welcome();
  void note_arrival();
  // Tasks of their own keep the driver alive from the moment they are made, not from their first step on.
  async::Task<> pump_loop(std::shared_ptr<SinkDriver> self);
  async::Task<> lane_loop(std::shared_ptr<SinkDriver> self, Lane* lane);
  void carry_out(Actions actions);
  void carry_out_now(Action action);
  /// False when another session is writing the store.
  bool takes_history(const Action& action);
  /// After the last piece of work on the store: syncs what an ended session left.
  async::Task<> sync_rest();
  void release_store();
  async::Task<> carry_out_on_lane(Action action);

  async::Task<> apply(ApplyBatches work);
  async::Task<> sync();
  async::Task<> begin_snapshot(BeginSnapshot begin);
  async::Task<> store_chunk(StoreChunk store);
  async::Task<> install();
  async::Task<> compare(std::shared_ptr<SinkDriver> self, Comparison comparison);
  async::Task<> take_peer_beat(Beat beat);
  async::Task<> forget_facts(FactsAreDone done);
  async::Task<> send_facts(std::shared_ptr<SinkDriver> self);
  async::Task<> outranked(std::shared_ptr<SinkDriver> self, Outranked outranked);
  void joined(const StreamJoined& joined);
  void take_snapshot(const Mark& mark);
  void take_digests(Digests digests);
  void send_beat();
  void close();

  Context* context_;
  std::shared_ptr<Channel> channel_;
  RegionName peer_;
  SinkSession session_;
  std::unique_ptr<storage::LogApplier> applier_;  ///< while streaming
  SnapshotIntake intake_;
  ActionQueue now_;
  Lane store_lane_;
  async::Event store_idle_;  ///< the lane has ended
  bool owns_store_ = false;
  Lane news_lane_;
  async::Signal wake_;
  std::optional<SteadyTime> pump_waits_until_;
  std::uint64_t beats_ = 0;
  bool has_taken_beat_ = false;
  /// The last fact that was sent: the next ones are sent with the next beat, so that those whose marks wait
  /// for an absent member do not keep the others here.
  Bytes facts_sent_up_to_;
  std::atomic<bool> closed_ = false;  ///< a comparison looks at it from its own thread
  bool welcomed_ = false;
  bool hears_primary_ = false;
  bool speaks_as_primary_ = false;  ///< proven, in its last beat

  std::optional<Comparison> comparison_;

  EndRequest end_request_;
};

}  // namespace holdfast::replication
