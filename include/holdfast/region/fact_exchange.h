#pragma once

#include <compare>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "holdfast/async/task.h"
#include "holdfast/base/bytes.h"
#include "holdfast/base/clock.h"
#include "holdfast/base/ids.h"
#include "holdfast/region/fact.h"
#include "holdfast/storage/core_db.h"
#include "holdfast/storage/local_db.h"
#include "holdfast/storage/transaction.h"

namespace holdfast::region {

class Writer;
class PeerTable;

/// How a room merges its overrides. Callbacks run on the replication thread and must not block.
struct OverrideKind {
  /// Total order of two values of one key: the greater one is in effect everywhere.
  std::function<std::strong_ordering(BytesView a, BytesView b)> compare;
  /// True when the replicated record already says the same or more: the override is then dropped.
  std::function<bool(const Override&)> settled;
  /// Whether a region without write authority may have set this value: what a peer says beyond that is not
  /// kept.
  std::function<bool(const Override&)> acceptable;
  /// At the primary: adds the winning override to the log (preconditions included). `from`: the member that
  /// it came from, which is all that is proven of its origin.
  std::function<Result<>(const Override&, const RegionName& from, storage::Transaction&)> adopt;
  /// A stored override of this key appeared, changed or was dropped: caches recompute the effective value.
  std::function<void(const std::string& key)> changed;
};

/// Carries facts to the primary and overrides between all members. Persists both in local.db until they are
/// durable where they belong. Kinds are a closed list, registered while the process is being built, before
/// replication starts; unknown kinds from peers are kept out and counted. Thread-safe. Lives as long as the
/// process.
class FactExchange {
 public:
  /// Reads what local.db holds.
  static Result<std::unique_ptr<FactExchange>> open(storage::LocalDb& local, storage::CoreDb& core,
                                                    RegionName self, const Clock& clock);

  /// `effect` adds what the fact means to the transaction that also holds the deduplicating mark.
  void register_fact(std::string name, std::function<Result<>(const Fact&, storage::Transaction&)> effect);
  void register_override(std::string kind, OverrideKind merge);

  /// Stores a fact durably in local.db's outbox; it is delivered until its mark is durable on all members.
  Result<> record(std::string name, Bytes payload);

  /// Stores an override durably here; wins only against lower values. Replication spreads it with the next
  /// beat.
  Result<> set_override(const Override& value);
  /// What this region holds for a key: its own or the greatest one heard from a peer.
  [[nodiscard]] std::optional<Override> find_override(std::string_view kind, std::string_view key) const;
  [[nodiscard]] std::vector<Override> overrides(std::string_view kind) const;
  /// Members (this one included) whose last beat showed a value for the key that is not less than `value`.
  [[nodiscard]] std::vector<RegionName> confirmed_by(const Override& value) const;
  /// Drops every override of the kind that is settled now; rooms call it when their replicated rows changed.
  Result<> drop_settled(std::string_view kind);

  // For replication only.
  /// The next facts behind the one with the id `after` (empty: from the first).
  [[nodiscard]] std::vector<Fact> outbox(BytesView after, std::size_t limit) const;
  /// The primary says that these facts' marks are durable on all members.
  Result<> delivered(const std::vector<Bytes>& ids);
  [[nodiscard]] std::vector<Override> all_overrides() const;
  /// A peer's beat: what it holds. Greater values than ours are stored here too.
  Result<> heard_overrides(const RegionName& peer, const std::vector<Override>& values);
  /// At the primary: writes facts (mark and effect in one transaction). Gives back the ids whose marks are
  /// durable on all members now. `writer` and `peers` outlive it.
  async::Task<Result<std::vector<Bytes>>> deliver(std::vector<Fact> facts, Writer& writer, PeerTable& peers) {
    return deliver_all(std::move(facts), &writer, &peers);
  }
  /// At the primary: writes every winning override into the log. `writer` outlives it.
  async::Task<Result<>> adopt_overrides(Writer& writer) { return adopt_all(&writer); }

 private:
  FactExchange(storage::LocalDb& local, storage::CoreDb& core, RegionName self, const Clock& clock)
      : local_(&local), core_(&core), self_(std::move(self)), clock_(&clock) {}
  using Key = std::pair<std::string, std::string>;  ///< kind, key
  using Effect = std::function<Result<>(const Fact&, storage::Transaction&)>;

  [[nodiscard]] std::optional<OverrideKind> kind_of(const std::string& kind) const;
  /// Stores the value where it is greater than what is held; says whether it was.
  Result<bool> keep_if_greater(const OverrideKind& kind, const Override& value, const RegionName& from);
  [[nodiscard]] RegionName origin_of(const Override& value) const;
  Result<> drop(const Override& value);
  async::Task<Result<std::vector<Bytes>>> deliver_all(std::vector<Fact> facts, Writer* writer,
                                                      PeerTable* peers);
  async::Task<Result<bool>> deliver_one(Fact fact, Writer* writer, PeerTable* peers);
  async::Task<Result<>> adopt_all(Writer* writer);

  storage::LocalDb* local_;
  storage::CoreDb* core_;
  RegionName self_;
  const Clock* clock_;
  std::mutex writing_;        ///< held over writes of overrides to the disk; never taken under mutex_
  mutable std::mutex mutex_;  ///< never held over one: requests and beats ask on I/O threads
  std::map<std::string, Effect> facts_;
  std::map<std::string, OverrideKind> kinds_;
  std::map<Key, Bytes> overrides_;
  std::map<Key, RegionName> origins_;  ///< of overrides that came from a peer
  std::map<RegionName, std::map<Key, Bytes>> heard_;
  std::map<Bytes, storage::Position>
      delivered_;  ///< at the primary: where each mark lies, until it is everywhere
};

}  // namespace holdfast::region
