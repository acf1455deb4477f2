#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "action_queue.h"
#include "channel.h"
#include "context.h"
#include "holdfast/async/event.h"
#include "holdfast/storage/reader.h"
#include "lag_meter.h"
#include "lane.h"
#include "rate_limiter.h"
#include "source_session.h"

namespace holdfast::replication {

/// A comparison that waits for one member's answer.
struct VerifyJob {
  std::uint64_t mark = 0;
  std::string request_id;
  std::optional<storage::Reader> snapshot;
  storage::Position at;
  std::vector<RangeDigest> ranges;
  async::OneShot<Result<VerifyReport>> answer;
  std::atomic<bool> abandoned = false;  ///< nobody waits for the answer any more
};

/// Runs a SourceSession over a connection that a member dialled. Thread: the connection's executor, except
/// where noted. Lives while its tasks run.
class SourceDriver : public std::enable_shared_from_this<SourceDriver> {
 public:
  SourceDriver(Context& context, std::shared_ptr<Channel> channel, RegionName peer, SourceSession session);
  ~SourceDriver();

  /// Until the connection ends. Only once.
  async::Task<> run();

  /// Something was committed, or a comparison was asked for. Any thread.
  void wake() { wake_.notify(); }
  /// Ends the session: a role or the peer's row changed. Any thread.
  void end(std::string reason);
  /// Any thread.
  void verify(std::shared_ptr<VerifyJob> job);
  [[nodiscard]] const RegionName& peer() const { return peer_; }
  /// The peer's row is active and names the key that this connection was made with. Any thread.
  [[nodiscard]] bool is_member_still() const;
  [[nodiscard]] bool is_streaming() const { return streaming_; }

 private:
  async::Task<> read_loop();
  void note_arrival();
  // Tasks of their own keep the driver alive from the moment they are made, not from their first step on.
  async::Task<> pump_loop(std::shared_ptr<SourceDriver> self);
  async::Task<> lane_loop(std::shared_ptr<SourceDriver> self, Lane* lane);
  void carry_out(Actions actions);
  void carry_out_now(Action action);
  async::Task<> carry_out_on_lane(Action action);

  async::Task<> read_log(ReadLog wanted);
  async::Task<> make_snapshot(MakeSnapshot wanted);
  async::Task<> read_chunk(ReadChunk wanted);
  async::Task<> deliver(DeliverFacts wanted);
  async::Task<> take_peer_beat(Beat beat);
  async::Task<> send_digests(std::shared_ptr<SourceDriver> self, std::shared_ptr<VerifyJob> job);
  bool read_ring(const ReadLog& wanted);
  void give_batches(const std::vector<storage::RawBatchPtr>& batches);
  void send_beat();
  void begin_new_job();
  void end_jobs();
  void take_mark_snapshot(std::uint64_t mark);
  void mark_sent();
  void peer_durable(const storage::Position& position);
  void verify_answered(Verified verified);
  void report_lag();
  void close();

  Context* context_;
  std::shared_ptr<Channel> channel_;
  RegionName peer_;
  SourceSession session_;
  LagMeter lag_;
  RateLimiter snapshot_rate_;
  ActionQueue now_;
  Lane store_lane_;  ///< log reads, snapshots
  Lane news_lane_;   ///< beats and facts, which may wait for commits
  async::Signal wake_;
  std::optional<SteadyTime> pump_waits_until_;
  std::uint64_t beats_ = 0;
  bool has_taken_beat_ = false;
  std::atomic<bool> streaming_ = false;
  bool connected_ = false;  ///< the peer table says so
  bool closed_ = false;

  EndRequest end_request_;
  std::mutex mutex_;  ///< for what other threads hand over
  std::shared_ptr<VerifyJob> new_job_;
  std::shared_ptr<VerifyJob> job_;
};

}  // namespace holdfast::replication
