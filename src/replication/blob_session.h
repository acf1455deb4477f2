#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <variant>
#include <vector>

#include "channel.h"
#include "context.h"
#include "holdfast/async/event.h"
#include "holdfast/storage/blob_store.h"
#include "rate_limiter.h"

namespace holdfast::replication {

/// Exchanges object bytes with one member over a connection of its own, in both directions at once: asks for
/// what this region lacks, gives what the other asks for. Every chunk is verified before it is kept; a broken
/// transfer goes on where it ended. Takes only what it asked for, and gives up what does not go on for a
/// minute, or a chunk that takes ten, so that another member is asked. Thread: the connection's executor.
/// Lives while its tasks run. Bounds: four blobs at a time, one chunk each.
class BlobSession : public std::enable_shared_from_this<BlobSession> {
 public:
  BlobSession(Context& context, std::shared_ptr<Channel> channel, RegionName peer);
  ~BlobSession();

  /// After the handshake, until the connection ends.
  async::Task<> run();
  void wake() { wake_.notify(); }

 private:
  struct Transfer {
    std::optional<storage::BlobImport> import;
    SteadyTime asked_at;      ///< for the chunk that is on its way
    bool is_storing = false;  ///< the disk is writing to `import`
  };

  async::Task<> ask_loop(std::shared_ptr<BlobSession> self);
  async::Task<> read_loop();
  async::Task<> answer_loop(std::shared_ptr<BlobSession> self);
  async::Task<> take(Message message);
  void ask(std::variant<BlobWant, BlobFetch> question);
  async::Task<> answer_want(BlobWant want);
  async::Task<> answer_fetch(BlobFetch fetch);
  async::Task<> begin_transfers(BlobHave have);
  async::Task<> store(BlobData data);
  void note_refused(const Error& error);
  void fetch_next(const BlobId& id, Transfer& transfer);
  void give_up_stalled();
  void note_arrival();
  [[nodiscard]] bool has_stalled(SteadyTime asked_at) const;
  void give_up(const BlobId& id);
  void close();

  Context* context_;
  std::shared_ptr<Channel> channel_;
  RegionName peer_;
  RateLimiter rate_;
  std::map<BlobId, Transfer> transfers_;
  async::Signal wake_;
  region::Subscription wanted_;
  std::deque<std::variant<BlobWant, BlobFetch>> questions_;  ///< the other side's
  async::Signal asked_something_;
  std::vector<BlobId> asked_;  ///< in the WANT that is unanswered
  SteadyTime asked_at_;
  SteadyTime object_heard_at_;    ///< some of an object's bytes
  std::string_view refused_for_;  ///< the code of the last import that could not begin
  bool closed_ = false;
};

}  // namespace holdfast::replication
