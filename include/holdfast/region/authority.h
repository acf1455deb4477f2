#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>

#include "holdfast/base/clock.h"
#include "holdfast/crypto/node_key.h"
#include "holdfast/region/boot.h"
#include "holdfast/region/cluster_record.h"
#include "holdfast/region/members.h"
#include "holdfast/region/region_state.h"
#include "holdfast/region/term_record.h"
#include "holdfast/storage/committer.h"
#include "holdfast/storage/core_db.h"
#include "holdfast/storage/local_db.h"

namespace holdfast::region {

/// Decides and carries out what this region may do: asks the boot rules, opens incarnations, fences,
/// remembers the highest reign. The only caller of Committer::begin and fence. Thread-safe; start, answered,
/// fence and caught_up block on disk (not for I/O threads). Lives as long as the process, after the stores
/// and before replication.
class Authority {
 public:
  struct Options {
    BootPolicy policy;
    /// From storage's judgement of the recovered store: what it should have reached, when it did not.
    std::optional<storage::Watermark> recovered_short_of;
  };
  struct Parts {
    storage::CoreDb& core;
    storage::LocalDb& local;
    storage::Committer& committer;
    Members& members;
    RegionState& state;
    const Clock& clock;
    crypto::NodeKey key;
    ClusterId cluster;
  };

  static Result<std::unique_ptr<Authority>> open(Parts parts, Options options);

  /// The first decision, with no answers yet: a sole member opens its term here.
  Result<> start();
  /// Something was heard from a member. A verified record that outranks our own fences this region at once,
  /// also where local.db takes nothing any more: then it is an error, of a region that is fenced.
  Result<> answered(PeerAnswer answer);
  /// The sink applied a pulled tail, or a batch with a new term; the rules are asked again.
  Result<> caught_up();
  /// A snapshot took the store's place: even equal terms may be other records now.
  Result<> store_replaced();
  /// To be held while something that came from a peer is written to the store: no term begins meanwhile.
  /// Released before the functions above are called. Blocks while a term is being opened. Error: conflict
  /// `store_is_written_here` at the primary.
  [[nodiscard]] Result<std::unique_lock<std::mutex>> lock_for_intake();
  /// Closes the commit gate, waits for the batch in flight, persists FENCED, then returns.
  Result<> fence(FenceReason reason, std::string request_id = {});
  /// Undoes an operator's fence: the boot rules are asked again, with fresh answers. Error: conflict
  /// `state_unchanged` unless it is fenced.
  Result<> unfence();

  /// The highest reign that a verified record showed, or that was promised here.
  [[nodiscard]] std::uint32_t highest_reign() const;
  /// The newest records, at most 512, ascending.
  [[nodiscard]] TermChain chain() const;
  /// Verifies records of peers against the node table and the cluster's operator key. A member that was shut
  /// out opens no term that is not in this region's own chain. Error: corrupt `unverified_term`.
  [[nodiscard]] Result<TermChain> verify(std::vector<TermRecord> records) const;
  /// Whether this region should ask that member for a log stream: as a secondary, or to pull its own lost
  /// tail.
  [[nodiscard]] bool wants_stream_from(const RegionName& name) const;
  [[nodiscard]] BootDecision last_decision() const;
  [[nodiscard]] const ClusterId& cluster() const { return parts_.cluster; }
  /// After every decision and role change, and when a higher reign was seen.
  [[nodiscard]] Subscription on_change(std::function<void()> callback) {
    return changed_.add(std::move(callback));
  }

 private:
  struct Heard {
    PeerAnswer answer;
    SteadyTime at;
  };

  Authority(Parts parts, Options options) : parts_(std::move(parts)), options_(options) {}

  Result<> reload_chain();
  Result<> look_at_store(bool read_terms_again);
  Result<> decide();
  Result<> open_incarnation();
  /// Opens the gate and writes the record as the first batch of its term, once local.db knows of it.
  Result<> write_term(const TermRecord& record);
  void warn_of_whom_was_not_asked() const;
  Result<> become(Role role, FenceReason reason);
  /// Why what this member shows ends the writing of a primary; none: it does not, or there is none.
  [[nodiscard]] FenceReason reason_to_stop(const PeerAnswer& answer) const;
  void stop_writing(FenceReason reason);
  /// After stop_writing: puts it down, and asks the rules what comes next.
  Result<> keep_fenced(FenceReason reason, const std::string& request_id);
  void log_fenced(FenceReason reason) const;
  Result<> note_reign(std::uint32_t reign);
  Result<> persist(Role role, bool fenced);
  [[nodiscard]] BootFacts facts() const;
  [[nodiscard]] PrimaryInfo info_of(const RegionName& name) const;
  [[nodiscard]] bool is_of_a_removed_member(const TermRecord& record) const;
  void publish();

  Parts parts_;
  Options options_;

  std::recursive_mutex
      mutex_;  ///< held while deciding, also across disk writes; views below answer meanwhile
  TermChain chain_;
  std::map<RegionName, Heard> answers_;
  BootDecision decision_;
  std::vector<RegionName> announced_;  ///< whom the log last said to be waited for
  bool settled_ = false;  ///< a role other than fenced was reached: only a fence asks the rules again
  bool fenced_by_operator_ = false;
  bool was_forced_ = false;  ///< the operator knows that peers may hold what this region does not
  std::mutex intake_mutex_;  ///< the store has one writer: this region's own terms, or what peers sent
  std::atomic<std::uint32_t> highest_reign_ = 0;

  mutable std::mutex published_mutex_;  ///< held for a copy only
  TermChain published_chain_;
  BootDecision published_decision_;
  Listeners<> changed_;
};

}  // namespace holdfast::region
