#include "holdfast/region/fact_exchange.h"

#include <algorithm>
#include <limits>

#include "holdfast/base/log.h"
#include "holdfast/base/metrics.h"
#include "holdfast/crypto/random.h"
#include "holdfast/region/peer_table.h"
#include "holdfast/region/tables.h"
#include "holdfast/region/writer.h"

namespace holdfast::region {
namespace {

constexpr std::size_t no_limit = std::numeric_limits<std::size_t>::max();
constexpr std::uint16_t mark_version = 1;
constexpr std::string_view already_marked = "fact_known";

metrics::Metric unknown_kinds{metrics::Kind::counter, "holdfast_exchange_unknown_total",
                              "Facts and overrides of peers whose kind this build does not know."};

Bytes override_row_key(const Override& value) {
  return storage::KeyWriter().text(value.kind).text(value.key).take();
}

}  // namespace

Result<std::unique_ptr<FactExchange>> FactExchange::open(storage::LocalDb& local, storage::CoreDb& core,
                                                         RegionName self, const Clock& clock) {
  std::unique_ptr<FactExchange> exchange(new FactExchange(local, core, std::move(self), clock));
  Result<> decoded;
  TRY_VOID(local.scan(storage::local_tables::overrides, {}, {}, no_limit, [&](BytesView, BytesView plain) {
    auto stored = Override::decode(plain);
    if (!stored) {
      decoded = fail(std::move(stored).error());
      return false;
    }
    const Key key{stored->kind, stored->key};
    exchange->overrides_[key] = std::move(stored->value);
    if (!stored->from.empty()) exchange->origins_[key] = std::move(stored->from);
    return true;
  }));
  TRY_VOID(decoded);
  return exchange;
}

void FactExchange::register_fact(std::string name,
                                 std::function<Result<>(const Fact&, storage::Transaction&)> effect) {
  const std::scoped_lock lock(mutex_);
  facts_[std::move(name)] = std::move(effect);
}

void FactExchange::register_override(std::string kind, OverrideKind merge) {
  const std::scoped_lock lock(mutex_);
  kinds_[std::move(kind)] = std::move(merge);
}

std::optional<OverrideKind> FactExchange::kind_of(const std::string& kind) const {
  const std::scoped_lock lock(mutex_);
  const auto found = kinds_.find(kind);
  if (found == kinds_.end()) return std::nullopt;
  return found->second;
}

Result<> FactExchange::record(std::string name, Bytes payload) {
  const Fact fact{.name = std::move(name),
                  .id = crypto::random_bytes(Fact::id_bytes),
                  .payload = std::move(payload),
                  .origin = self_,
                  .at = clock_->now()};
  return local_->put(storage::local_tables::outbox, fact.id, fact.encode());
}

Result<bool> FactExchange::keep_if_greater(const OverrideKind& kind, const Override& value,
                                           const RegionName& from) {
  // Two settings of one key must not pass each other between the question and the disk.
  const std::scoped_lock writing(writing_);
  const Key key{value.kind, value.key};
  if (const auto held = find_override(value.kind, value.key);
      held && kind.compare(value.value, held->value) != std::strong_ordering::greater) {
    return false;
  }
  auto row = value;
  row.from = from == self_ ? RegionName() : from;
  TRY_VOID(local_->put(storage::local_tables::overrides, override_row_key(value), row.encode()));
  const std::scoped_lock lock(mutex_);
  overrides_[key] = value.value;
  origins_[key] = from;
  return true;
}

Result<> FactExchange::set_override(const Override& value) {
  const auto kind = kind_of(value.kind);
  if (!kind)
    return fail(ErrorKind::internal, "internal", "internal error", "unregistered override " + value.kind);
  TRY(const bool kept, keep_if_greater(*kind, value, self_));
  if (kept && kind->changed) kind->changed(value.key);
  return {};
}

RegionName FactExchange::origin_of(const Override& value) const {
  const std::scoped_lock lock(mutex_);
  const auto known = origins_.find({value.kind, value.key});
  return known == origins_.end() ? self_ : known->second;
}

std::optional<Override> FactExchange::find_override(std::string_view kind, std::string_view key) const {
  const std::scoped_lock lock(mutex_);
  const auto held = overrides_.find({std::string(kind), std::string(key)});
  if (held == overrides_.end()) return std::nullopt;
  return Override{.kind = held->first.first, .key = held->first.second, .value = held->second};
}

std::vector<Override> FactExchange::overrides(std::string_view kind) const {
  auto held = all_overrides();
  std::erase_if(held, [&](const Override& value) { return value.kind != kind; });
  return held;
}

std::vector<Override> FactExchange::all_overrides() const {
  const std::scoped_lock lock(mutex_);
  std::vector<Override> held;
  held.reserve(overrides_.size());
  for (const auto& [key, value] : overrides_)
    held.push_back({.kind = key.first, .key = key.second, .value = value});
  return held;
}

std::vector<RegionName> FactExchange::confirmed_by(const Override& value) const {
  const auto kind = kind_of(value.kind);
  const Key key{value.kind, value.key};
  const std::scoped_lock lock(mutex_);
  std::vector<RegionName> names;
  const auto confirms = [&](const std::map<Key, Bytes>& values) {
    const auto found = values.find(key);
    return kind && found != values.end() &&
           kind->compare(found->second, value.value) != std::strong_ordering::less;
  };
  if (confirms(overrides_)) names.push_back(self_);
  for (const auto& [name, values] : heard_) {
    if (confirms(values)) names.push_back(name);
  }
  return names;
}

Result<> FactExchange::drop(const Override& value) {
  {
    const std::scoped_lock writing(writing_);
    const auto held = find_override(value.kind, value.key);
    if (!held || held->value != value.value) return {};
    TRY_VOID(local_->erase(storage::local_tables::overrides, override_row_key(value)));
    const std::scoped_lock lock(mutex_);
    origins_.erase({value.kind, value.key});
    overrides_.erase({value.kind, value.key});
  }
  if (const auto kind = kind_of(value.kind); kind && kind->changed) kind->changed(value.key);
  return {};
}

Result<> FactExchange::drop_settled(std::string_view name) {
  const auto kind = kind_of(std::string(name));
  if (!kind || !kind->settled) return {};
  for (const auto& value : overrides(name)) {
    if (kind->settled(value)) TRY_VOID(drop(value));
  }
  return {};
}

std::vector<Fact> FactExchange::outbox(BytesView after, std::size_t limit) const {
  std::vector<Fact> facts;
  const auto read =
      local_->scan(storage::local_tables::outbox, {}, after, limit, [&](BytesView, BytesView plain) {
        if (auto fact = Fact::decode(plain)) facts.push_back(*std::move(fact));
        return true;
      });
  if (!read) log::error("the outbox cannot be read", read.error());
  return facts;
}

Result<> FactExchange::delivered(const std::vector<Bytes>& ids) {
  if (ids.empty()) return {};
  storage::LocalDb::Batch batch;
  for (const auto& id : ids) batch.erase(storage::local_tables::outbox, id);
  return local_->write(std::move(batch));
}

Result<> FactExchange::heard_overrides(const RegionName& peer, const std::vector<Override>& values) {
  std::map<Key, Bytes> heard;
  for (const auto& value : values) {
    const auto kind = kind_of(value.kind);
    if (!kind) {
      unknown_kinds.add();
      continue;
    }
    if (kind->acceptable && !kind->acceptable(value)) {
      log::warn("a member sent a setting that it could not have made",
                {{"peer", peer.str()}, {"kind", value.kind}, {"key", value.key}});
      continue;
    }
    heard[{value.kind, value.key}] = value.value;
    if (kind->settled && kind->settled(value)) continue;
    TRY(const bool kept, keep_if_greater(*kind, value, peer));
    if (kept && kind->changed) kind->changed(value.key);
  }
  const std::scoped_lock lock(mutex_);
  heard_[peer] = std::move(heard);
  return {};
}

async::Task<Result<bool>> FactExchange::deliver_one(Fact fact, Writer* writer, PeerTable* peers) {
  std::optional<storage::Position> mark;
  Effect effect;
  {
    const std::scoped_lock lock(mutex_);
    if (const auto found = facts_.find(fact.name); found != facts_.end()) effect = found->second;
    if (const auto found = delivered_.find(fact.id); found != delivered_.end()) mark = found->second;
  }
  if (!effect) {
    unknown_kinds.add();
    co_return false;
  }
  if (!mark) {
    auto transaction = core_->transaction();
    transaction.require_absent(fact_mark_table, fact.id,
                               Error{ErrorKind::conflict, already_marked, "this fact is known", {}});
    transaction.put(fact_mark_table, fact.id, storage::Scope::system(), mark_version, fact.encode());
    CO_TRY_VOID(effect(fact, transaction));
    auto receipt = co_await writer->commit(std::move(transaction));
    if (receipt) {
      mark = receipt->position;
    } else if (receipt.error().code == already_marked) {
      // Marked in an earlier life of this primary: everything durable here now covers it.
      mark = storage::position_of(core_->durable());
    } else {
      co_return fail(std::move(receipt).error());
    }
    const std::scoped_lock lock(mutex_);
    delivered_[fact.id] = *mark;
  }
  if (!peers->durable_everywhere(*mark)) co_return false;
  const std::scoped_lock lock(mutex_);
  delivered_.erase(fact.id);
  co_return true;
}

async::Task<Result<std::vector<Bytes>>> FactExchange::deliver_all(std::vector<Fact> facts, Writer* writer,
                                                                  PeerTable* peers) {
  std::vector<Bytes> done;
  for (const auto& fact : facts) {
    CO_TRY(const bool everywhere, co_await deliver_one(fact, writer, peers));
    if (everywhere) done.push_back(fact.id);
  }
  co_return done;
}

async::Task<Result<>> FactExchange::adopt_all(Writer* writer) {
  for (const auto& value : all_overrides()) {
    const auto kind = kind_of(value.kind);
    if (!kind) continue;
    if (!kind->settled(value)) {
      auto transaction = core_->transaction();
      CO_TRY_VOID(kind->adopt(value, origin_of(value), transaction));
      auto receipt = co_await writer->commit(std::move(transaction));
      // A conflict means that the row moved on meanwhile: the next round looks again.
      if (!receipt && receipt.error().kind != ErrorKind::conflict) co_return fail(std::move(receipt).error());
    }
    if (kind->settled(value)) CO_TRY_VOID(drop(value));
  }
  co_return Result<>{};
}

}  // namespace holdfast::region
