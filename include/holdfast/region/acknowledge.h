#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <shared_mutex>
#include <string_view>

#include "holdfast/base/result.h"
#include "holdfast/storage/core_db.h"
#include "holdfast/storage/transaction.h"

namespace holdfast::region {

/// Classes of writes that can be made to wait for secondaries (`replication.acknowledge.<class>: "k of n"`).
enum class AckClass : std::uint8_t {
  none = 0,      ///< waits only where `all` is set
  security = 1,  ///< password changes, disable, revoke, sign-out, MFA, group removal
  codes = 2,     ///< single use of codes across regions
  all = 3,       ///< setting only: every write
  /// Who is a member. Waits as `all` says, but is written, as `degraded`, also where that cannot be met: it
  /// is what ends such a state.
  membership = 4,
};
std::string_view to_string(AckClass ack_class);

/// One row of the replicated setting: wait for `needed` of `of` other members' fsync. A row takes effect once
/// every member has it durably: whoever is promoted must know how many final positions to hear.
struct AckRule {
  std::uint32_t needed = 0;
  std::uint32_t of = 0;
  std::uint32_t in_force = 0;  ///< what is waited for now: an earlier `needed` until this row is everywhere
  /// After the time-out: false = the client is told `outcome_unknown`; true = acknowledged as local, loudly.
  bool degrade = false;
  std::chrono::milliseconds limit{5000};

  static constexpr std::uint16_t version = 1;
  [[nodiscard]] Bytes encode() const;
  /// `corrupt` for numbers that `parse` and the configuration would not give.
  static Result<AckRule> decode(BytesView plain);
  /// `k of n`, 0 ≤ k ≤ n ≤ 16.
  static Result<AckRule> parse(std::string_view text);
  bool operator==(const AckRule&) const = default;
};

/// The row that a class should have next, or nothing when it is as it should be. `others`: registered members
/// beside this one; `everywhere`: each of them has the stored row durably. A rule of more members than there
/// are stays pending, so that the first region can admit the ones it asks for.
std::optional<AckRule> next_ack_rule(const std::optional<AckRule>& stored, const AckRule& wanted,
                                     std::size_t others, bool everywhere);

/// The replicated acknowledge settings, in memory, refreshed by a storage observer. Thread-safe.
class AcknowledgeSettings {
 public:
  static Result<std::unique_ptr<AcknowledgeSettings>> open(storage::CoreDb& db);

  /// The stricter of the class's own rule and `all`'s, with `needed` as it is in force; absent: asynchronous.
  /// Of two that need as many, the one that does not degrade.
  [[nodiscard]] std::optional<AckRule> rule_for(AckClass ack_class) const;
  /// A class whose rule is in force, is to stay, and could not be met by so many other members.
  [[nodiscard]] std::optional<AckClass> unmet_with(std::size_t others) const;
  [[nodiscard]] std::map<AckClass, AckRule> all() const;
  /// Writes a row; one that asks for nothing and enforces nothing is removed.
  static Result<> put(storage::Transaction& transaction, AckClass ack_class, const AckRule& rule);

 private:
  explicit AcknowledgeSettings(storage::CoreDb& db) : db_(&db) {}
  Result<> reload();

  storage::CoreDb* db_;
  mutable std::shared_mutex mutex_;
  std::map<AckClass, AckRule> rules_;
  std::vector<storage::Subscription> subscriptions_;
};

}  // namespace holdfast::region
