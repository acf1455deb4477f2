#include "holdfast/region/acknowledge.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <mutex>

#include "holdfast/base/codec.h"
#include "holdfast/base/log.h"
#include "holdfast/base/record_numbers.h"
#include "holdfast/base/text.h"
#include "holdfast/region/tables.h"

namespace holdfast::region {
namespace {

constexpr std::uint32_t max_members = 16;
constexpr std::chrono::milliseconds max_ack_limit = std::chrono::hours(1);
enum AckField : std::uint32_t {
  ack_needed = 1,
  ack_of = 2,
  ack_degrade = 3,
  ack_limit_ms = 4,
  ack_in_force = 5
};

std::optional<std::uint32_t> parse_small_number(std::string_view text) {
  std::uint32_t value = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (code != std::errc{} || end != text.data() + text.size() || value > max_members) return std::nullopt;
  return value;
}

Bytes ack_key(AckClass ack_class) {
  return storage::KeyWriter().u8(static_cast<std::uint8_t>(ack_class)).take();
}

}  // namespace

std::string_view to_string(AckClass ack_class) {
  switch (ack_class) {
    case AckClass::none:
      return "none";
    case AckClass::security:
      return "security";
    case AckClass::codes:
      return "codes";
    case AckClass::all:
      return "all";
    case AckClass::membership:
      return "membership";
  }
  return "none";
}

Result<AckRule> AckRule::parse(std::string_view text) {
  const auto middle = text.find(" of ");
  if (middle != std::string_view::npos) {
    const auto needed = parse_small_number(trim(text.substr(0, middle)));
    const auto of = parse_small_number(trim(text.substr(middle + 4)));
    if (needed && of && *needed <= *of) return AckRule{.needed = *needed, .of = *of};
  }
  return fail(ErrorKind::invalid, "invalid_acknowledge_rule",
              "expected `k of n` with 0 <= k <= n <= 16, like `1 of 2`");
}

Bytes AckRule::encode() const {
  return FieldWriter()
      .number(ack_needed, needed)
      .number(ack_of, of)
      .flag(ack_degrade, degrade)
      .signed_number(ack_limit_ms, limit.count())
      .number(ack_in_force, in_force)
      .take();
}

Result<AckRule> AckRule::decode(BytesView plain) {
  TRY(const auto fields, FieldReader::parse(plain));
  // The row may have been another region's to write: nothing is cut to size here.
  const auto members = [&](std::uint32_t field) {
    return number_up_to(fields, "acknowledge rule", field, max_members);
  };
  TRY(const auto needed, members(ack_needed));
  TRY(const auto of, members(ack_of));
  TRY(const auto in_force, members(ack_in_force));
  const auto limit_ms = fields.signed_number(ack_limit_ms, 5000);
  if (limit_ms < 0 || limit_ms > max_ack_limit.count()) return damaged("acknowledge rule: limit");
  return AckRule{.needed = needed,
                 .of = of,
                 .in_force = in_force,
                 .degrade = fields.flag(ack_degrade),
                 .limit = std::chrono::milliseconds(limit_ms)};
}

std::optional<AckRule> next_ack_rule(const std::optional<AckRule>& stored, const AckRule& wanted,
                                     std::size_t others, bool everywhere) {
  const AckRule current = stored.value_or(AckRule{});
  AckRule next = wanted;
  next.in_force = current.in_force;
  const bool nothing = next.needed == 0 && next.in_force == 0;
  if (nothing) return stored ? std::optional(next) : std::nullopt;
  if (next != current) return next;
  const bool can_hold = next.needed == 0 || others >= next.of;
  if (next.in_force == next.needed || !can_hold || !everywhere) return std::nullopt;
  next.in_force = next.needed;
  return next;
}

Result<std::unique_ptr<AcknowledgeSettings>> AcknowledgeSettings::open(storage::CoreDb& db) {
  std::unique_ptr<AcknowledgeSettings> settings(new AcknowledgeSettings(db));
  auto refresh = [raw = settings.get()] {
    if (const auto read = raw->reload(); !read)
      log::error("the acknowledge settings cannot be read", read.error());
  };
  settings->subscriptions_.push_back(
      db.observe(acknowledge_table, [refresh](BytesView, bool) { refresh(); }));
  settings->subscriptions_.push_back(db.on_reset(refresh));
  TRY_VOID(settings->reload());
  return settings;
}

Result<> AcknowledgeSettings::reload() {
  std::map<AckClass, AckRule> rules;
  Result<> decoded;
  TRY_VOID(db_->reader().scan(acknowledge_table, {}, {}, std::numeric_limits<std::size_t>::max(),
                              [&](BytesView key, const storage::Stored& stored) {
                                auto rule = AckRule::decode(stored.plain);
                                if (!rule) {
                                  decoded = fail(std::move(rule).error());
                                  return;
                                }
                                rules[static_cast<AckClass>(storage::KeyReader(key).u8())] = *rule;
                              }));
  TRY_VOID(decoded);
  const std::unique_lock lock(mutex_);
  rules_ = std::move(rules);
  return {};
}

std::optional<AckRule> AcknowledgeSettings::rule_for(AckClass ack_class) const {
  const std::shared_lock lock(mutex_);
  std::optional<AckRule> strictest;
  for (const auto candidate : {ack_class, AckClass::all}) {
    const auto found = rules_.find(candidate);
    if (found == rules_.end() || found->second.in_force == 0) continue;
    const auto strictness = [](const AckRule& rule) { return std::pair(rule.in_force, !rule.degrade); };
    if (!strictest || strictness(found->second) > strictness(*strictest)) strictest = found->second;
  }
  if (!strictest) return std::nullopt;
  strictest->needed = strictest->in_force;
  strictest->degrade = strictest->degrade || ack_class == AckClass::membership;
  return strictest;
}

std::optional<AckClass> AcknowledgeSettings::unmet_with(std::size_t others) const {
  const std::shared_lock lock(mutex_);
  for (const auto& [ack_class, rule] : rules_) {
    if (std::min(rule.needed, rule.in_force) > others) return ack_class;
  }
  return std::nullopt;
}

std::map<AckClass, AckRule> AcknowledgeSettings::all() const {
  const std::shared_lock lock(mutex_);
  return rules_;
}

Result<> AcknowledgeSettings::put(storage::Transaction& transaction, AckClass ack_class,
                                  const AckRule& rule) {
  if (rule.needed == 0 && rule.in_force == 0) {
    transaction.erase(acknowledge_table, ack_key(ack_class));
  } else {
    transaction.put(acknowledge_table, ack_key(ack_class), storage::Scope::system(), AckRule::version,
                    rule.encode());
  }
  if (transaction.error()) return fail(*transaction.error());
  return {};
}

}  // namespace holdfast::region
