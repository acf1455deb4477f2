#include <algorithm>

#include "app_service_state.h"
#include "holdfast/async/timer.h"
#include "holdfast/base/log.h"

/// The half of AppService that deals with states: setting, merging and showing them.
namespace holdfast::apps {
namespace {

constexpr int state_attempts = 3;
/// How long an operator waits to be told which members enforce the new state. One beat is a second.
constexpr std::chrono::milliseconds confirmation_limit{1500};
constexpr std::chrono::milliseconds confirmation_step{50};

Error state_changed() {
  return {ErrorKind::conflict, "app_state_changed", "the app's state changed meanwhile: try again", {}};
}

std::strong_ordering compare_encoded_states(BytesView a, BytesView b) {
  const auto left = decode_state(a);
  const auto right = decode_state(b);
  // What cannot be read loses, so that a damaged override never hides a good one.
  if (!left || !right) return left.has_value() <=> right.has_value();
  if (wins(*left, *right)) return std::strong_ordering::greater;
  return wins(*right, *left) ? std::strong_ordering::less : std::strong_ordering::equal;
}

void add_name(std::vector<RegionName>& names, const RegionName& name) {
  if (std::ranges::find(names, name) == names.end()) names.push_back(name);
}

}  // namespace

std::optional<StateRecord> AppService::State::override_of(const AppId& id) const {
  const auto held = parts.facts.find_override(state_override_kind, id.str());
  if (!held) return std::nullopt;
  const auto record = decode_state(held->value);
  return record ? std::optional(*record) : std::nullopt;
}

StateRecord AppService::State::effective(const StoredApp& stored) const {
  return effective_state(stored.state, override_of(stored.app.id));
}

void AppService::State::put_state(storage::Transaction& transaction, const StoredApp& stored,
                                  const StateRecord& old, const StateRecord& next,
                                  const identity::Actor& actor, const std::string& claimed_operator) const {
  transaction.require_unchanged(app_states_table, app_key(stored.app.id), stored.state_tag, state_changed());
  AppStore::put_state(transaction, stored.app.id, next);
  auto audit = event("STATE_UPDATED", stored.app.id, actor);
  audit.details = {{"old", std::string(to_string(old.state))},
                   {"new", std::string(to_string(next.state))},
                   {"version", std::to_string(next.version)},
                   {"cluster", parts.db.keys()->cluster().str()}};
  if (!claimed_operator.empty()) audit.details.emplace("claimedOperator", claimed_operator);
  transaction.audit(audit);
}

void AppService::State::register_merge() {
  region::OverrideKind merge;
  merge.compare = compare_encoded_states;
  merge.settled = [this](const region::Override& value) {
    const auto record = decode_state(value.value);
    const auto stored = store.find(AppId(value.key));
    // An unreadable store settles nothing; an app that is gone settles everything.
    if (!stored) return false;
    return !*stored || !record || !wins(*record, (*stored)->state);
  };
  merge.acceptable = [this](const region::Override& value) {
    const auto record = decode_state(value.value);
    const auto stored = store.find(AppId(value.key));
    if (!record || !stored || !*stored) return false;
    return may_be_override(*record, (*stored)->state, parts.writer.state().view().term.reign);
  };
  merge.adopt = [this](const region::Override& value, const RegionName& from,
                       storage::Transaction& transaction) -> Result<> {
    TRY(const auto record, decode_state(value.value));
    TRY(const auto stored, store.find(AppId(value.key)));
    if (!stored || !wins(record, stored->state)) return {};
    if (from == self()) {
      put_state(transaction, *stored, stored->state, record,
                {.kind = "operator", .id = record.changed_by, .request_id = {}});
    } else {
      // The member is proven; the operator's name is what it said.
      put_state(transaction, *stored, stored->state, record,
                {.kind = "node", .id = from.str(), .request_id = {}}, record.changed_by);
    }
    return {};
  };
  // Effective states are computed from the exchange at each question: nothing is cached that could go stale.
  merge.changed = [](const std::string&) {};
  parts.facts.register_override(std::string(state_override_kind), std::move(merge));
}

void AppService::State::settle_soon() {
  if (!settling.exchange(true)) tasks.spawn(parts.io.next(), settle());
}

async::Task<> AppService::State::settle() {
  settling = false;
  const auto dropped =
      co_await async::offload(parts.disk, [this] { return parts.facts.drop_settled(state_override_kind); });
  // A region that stops settles at its next start.
  if (!dropped && dropped.error().code != "cancelled")
    log::error(log::own_work, "settled app states were not dropped", dropped.error());
}

Result<StateRecord> AppService::effective(const AppId& id) const {
  TRY(const auto stored, state_->get(id));
  return state_->effective(*stored);
}

Result<> AppService::require_writable(const AppId& id, storage::Transaction& transaction) const {
  TRY(const auto stored, state_->get(id));
  TRY_VOID(check_writes_allowed(state_->effective(*stored).state));
  transaction.require_unchanged(app_states_table, app_key(id), stored->state_tag, state_changed());
  return {};
}

async::Task<Result<StateSet>> AppService::set_state(AppId id, AppState wanted, identity::Actor actor) {
  auto& parts = state_->parts;
  for (int attempt = 1;; ++attempt) {
    CO_TRY(const auto stored, state_->get(id));
    const auto old = state_->effective(*stored);
    const StateAuthority authority{.may_write = parts.writer.may_write(),
                                   .reign = parts.writer.state().view().term.reign};
    CO_TRY(auto next, change_state(old, wanted, authority, actor.id, parts.clock.now()));
    if (!authority.may_write)
      co_return co_await keep_override(std::move(id), std::move(next), actor.request_id);

    auto transaction = state_->store.transaction();
    state_->put_state(transaction, *stored, old, next, actor);
    const auto receipt = co_await parts.writer.commit(std::move(transaction));
    if (receipt) {
      // Best effort: an operator wants to see whether the others have it, not to be told "unknown".
      if (!parts.members.others().empty()) {
        (void)co_await parts.peers.wait_durable_everywhere(receipt->position, confirmation_limit);
      }
      co_return StateSet{.record = next, .confirmed_by = confirmed_by_log(*receipt), .receipt = *receipt};
    }
    if (!is_state_race(receipt.error()) || attempt == state_attempts) co_return fail(receipt.error());
  }
}

std::vector<RegionName> AppService::confirmed_by_log(const region::CommitReceipt& receipt) const {
  std::vector<RegionName> names{state_->self()};
  for (const auto& peer : state_->parts.peers.all()) {
    const bool has_it = peer.durable && peer.durable->term.reign == receipt.position.term.reign &&
                        peer.durable->index >= receipt.position.index;
    if (has_it) names.push_back(peer.name);
  }
  std::ranges::sort(names);
  return names;
}

async::Task<Result<StateSet>> AppService::keep_override(AppId id, StateRecord record,
                                                        std::string request_id) {
  const region::Override value{
      .kind = std::string(state_override_kind), .key = id.str(), .value = encode_state(record)};
  CO_TRY_VOID(co_await async::offload(state_->parts.disk,
                                      [this, value] { return state_->parts.facts.set_override(value); }));
  log::info(log::For{request_id}, "app state overridden here",
            {{"app", id.str()}, {"state", to_string(record.state)}, {"version", record.version}});
  StateSet set{.record = record};
  for (auto waited = std::chrono::milliseconds(0);; waited += confirmation_step) {
    set.confirmed_by = confirmed_by_override(id, value, record);
    const bool heard_all =
        std::ranges::all_of(state_->parts.peers.all(), [&](const region::PeerStatus& peer) {
          return !peer.connected || std::ranges::find(set.confirmed_by, peer.name) != set.confirmed_by.end();
        });
    if (heard_all || waited >= confirmation_limit) break;
    co_await async::sleep_for(confirmation_step);
  }
  co_return set;
}

std::vector<RegionName> AppService::confirmed_by_override(const AppId& id, const region::Override& value,
                                                          const StateRecord& record) const {
  auto names = state_->parts.facts.confirmed_by(value);
  add_name(names, state_->self());
  // Once the log says it, the primary has written it: the override itself is dropped then.
  const auto stored = state_->store.find(id);
  const auto primary = state_->parts.writer.state().view().primary;
  if (stored && *stored && !wins(record, (*stored)->state) && primary) add_name(names, primary->name);
  std::ranges::sort(names);
  return names;
}

Result<> AppService::add_promoted_states(storage::Transaction& transaction, std::uint32_t reign,
                                         bool activate, const identity::Actor& actor) const {
  constexpr std::size_t page = 256;
  AppId after;
  while (true) {
    TRY(const auto apps, state_->store.list(after, page));
    for (const auto& app : apps) {
      TRY(const auto stored, state_->get(app.id));
      const auto old = state_->effective(*stored);
      const auto next = state_after_promotion(old, reign, activate, actor.id, state_->parts.clock.now());
      if (next) state_->put_state(transaction, *stored, old, *next, actor);
    }
    if (apps.size() < page) return {};
    after = apps.back().id;
  }
}

Result<StateView> AppService::view(const AppId& id) const {
  TRY(const auto record, effective(id));
  const auto& parts = state_->parts;
  const auto here = parts.writer.state().view();
  StateView view{.app = id,
                 .state = record.state,
                 .version = record.version,
                 .writes_enabled = record.state == AppState::active};
  std::vector<RoutedRegion> routed;
  for (const auto& member : parts.members.all()) {
    if (member.state != region::MemberState::active) continue;
    const bool is_self = member.name == here.self;
    const bool is_primary = here.primary && here.primary->name == member.name;
    const auto role = is_self ? region::to_string(here.role) : is_primary ? "primary" : "secondary";
    view.regions.push_back({.name = member.name.str(),
                            .role = std::string(role),
                            .public_url = member.public_url,
                            .objects_url = member.objects_url});
    routed.push_back({.name = member.name.str(),
                      .is_primary = is_primary,
                      .live = is_self || parts.peers.live(member.name),
                      .answering = is_self});
  }
  view.region = region_for(record.state, routed);
  return view;
}

}  // namespace holdfast::apps
