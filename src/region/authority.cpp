#include "holdfast/region/authority.h"

#include <utility>

#include "holdfast/base/log.h"
#include "holdfast/base/metrics.h"
#include "holdfast/region/silence.h"
#include "holdfast/region/terms.h"

namespace holdfast::region {
namespace {

constexpr std::size_t kept_terms = 512;

metrics::Metric opened_terms{metrics::Kind::counter, "holdfast_terms_opened_total",
                             "Incarnations that this process opened as primary."};
metrics::Metric fences{metrics::Kind::counter, "holdfast_fences_total", "Times this process was fenced."};

}  // namespace

Result<std::unique_ptr<Authority>> Authority::open(Parts parts, Options options) {
  std::unique_ptr<Authority> authority(new Authority(std::move(parts), options));
  TRY_VOID(authority->reload_chain());
  TRY(const auto standing, authority->parts_.local.standing());
  authority->highest_reign_ = std::max(standing.highest_seen, standing.promised);
  authority->fenced_by_operator_ = standing.role == to_string(Role::fenced) && standing.fenced;
  authority->publish();
  return authority;
}

Result<> Authority::reload_chain() {
  TRY(auto chain, read_terms(parts_.core.reader(), kept_terms));
  chain_ = std::move(chain);
  if (const auto* newest = chain_.newest()) TRY_VOID(note_reign(newest->term.reign));
  return {};
}

Result<> Authority::note_reign(std::uint32_t reign) {
  if (reign <= highest_reign_) return {};
  TRY(auto standing, parts_.local.standing());
  standing.highest_seen = std::max(standing.highest_seen, reign);
  TRY_VOID(parts_.local.set_standing(standing));
  highest_reign_ = reign;
  return {};
}

BootFacts Authority::facts() const {
  BootFacts facts{.self = parts_.members.self_name(), .own = parts_.core.applied()};
  if (const auto* newest = chain_.newest()) facts.newest = *newest;
  if (const auto self = parts_.members.self()) facts.may_promote = self->may_promote;
  facts.highest_reign = highest_reign_;
  facts.fenced_by_operator = fenced_by_operator_;
  if (options_.recovered_short_of) facts.short_of = options_.recovered_short_of->index;
  const auto now = parts_.clock.steady_now();
  for (const auto& member : parts_.members.others()) {
    facts.others.push_back(member.name);
    const auto heard = answers_.find(member.name);
    if (heard == answers_.end()) continue;
    auto& answer = facts.answers[member.name] = heard->second.answer;
    answer.stale = answer.stale || now - heard->second.at > silence_limit;
  }
  facts.policy = options_.policy;
  return facts;
}

PrimaryInfo Authority::info_of(const RegionName& name) const {
  PrimaryInfo info{.name = name};
  if (const auto member = parts_.members.find(name)) {
    info.public_url = member->public_url;
    info.objects_url = member->objects_url;
  }
  return info;
}

Result<> Authority::start() {
  const std::scoped_lock lock(mutex_);
  const auto head = parts_.core.applied();
  parts_.state.set_term(head.term);
  parts_.state.set_synced(head.index > 0);
  if (const auto* newest = chain_.newest()) parts_.state.set_primary(info_of(newest->node));
  return decide();
}

FenceReason Authority::reason_to_stop(const PeerAnswer& answer) const {
  const auto* own = chain_.newest();
  if (own == nullptr || !answer.newest) return FenceReason::none;
  const bool is_primary = parts_.state.role() == Role::primary;
  const auto& theirs = *answer.newest;
  if (outranks(theirs, *own)) {
    if (own->term.reign == theirs.term.reign) {
      log::error("two regions opened the same reign; the one with the lower nonce is fenced",
                 {{"other", theirs.node.str()}, {"reign", own->term.reign}});
    }
    return is_primary ? FenceReason::higher_reign : FenceReason::none;
  }
  if (!is_primary || was_forced_ || !is_later_of_one_reign(theirs, *own)) return FenceReason::none;
  log::error("a term of this region's own reign was opened by another copy of it; this one is fenced",
             {{"peer", answer.name.str()}, {"term", storage::to_string(theirs.term)}});
  return FenceReason::peer_is_further;
}

Result<> Authority::answered(PeerAnswer answer) {
  const std::scoped_lock lock(mutex_);
  const auto stop_for = reason_to_stop(answer);
  // Before anything is written down: a local.db that failed must not leave a deposed primary writing.
  if (stop_for != FenceReason::none) stop_writing(stop_for);
  const auto reign_before = highest_reign();
  const auto noted = answer.newest ? note_reign(answer.newest->term.reign) : Result<>{};
  const auto name = answer.name;
  answers_[name] = {.answer = std::move(answer), .at = parts_.clock.steady_now()};
  if (stop_for != FenceReason::none) {
    const auto kept = keep_fenced(stop_for, {});
    return noted ? kept : noted;
  }
  TRY_VOID(noted);
  if (parts_.state.role() == Role::primary) return {};
  if (!settled_) return decide();
  if (highest_reign() > reign_before) publish();
  return {};
}

Result<> Authority::caught_up() {
  const std::scoped_lock lock(mutex_);
  const bool same_term = chain_.newest() && chain_.newest()->term == parts_.core.applied().term;
  return look_at_store(!same_term);
}

Result<> Authority::store_replaced() {
  const std::scoped_lock lock(mutex_);
  return look_at_store(true);
}

Result<> Authority::look_at_store(bool read_terms_again) {
  const auto head = parts_.core.applied();
  if (read_terms_again) {
    TRY_VOID(reload_chain());
    if (const auto* newest = chain_.newest()) parts_.state.set_primary(info_of(newest->node));
  }
  parts_.state.set_term(head.term);
  parts_.state.set_synced(head.index > 0);
  if (!settled_) return decide();
  publish();
  return {};
}

Result<> Authority::decide() {
  decision_ = decide_boot(facts());
  Result<> done;
  switch (decision_.step) {
    case BootStep::open_term:
      done = open_incarnation();
      break;
    case BootStep::follow:
      done = become(Role::secondary, FenceReason::none);
      break;
    case BootStep::wait:
    case BootStep::pull_tail:
    case BootStep::stay:
      done = become(Role::fenced, decision_.reason);
      break;
  }
  publish();
  return done;
}

Result<> Authority::become(Role role, FenceReason reason) {
  TRY_VOID(persist(role, role == Role::fenced && reason == FenceReason::by_operator));
  settled_ = role == Role::secondary;
  const auto before = parts_.state.view();
  const bool changed = before.role != role || before.fence_reason != reason;
  if (role == Role::secondary) {
    parts_.state.become_secondary();
    if (changed) log::info("this region is a secondary");
    return {};
  }
  parts_.state.become_fenced(reason);
  if (changed || decision_.waiting_for != announced_) log_fenced(reason);
  announced_ = decision_.waiting_for;
  return {};
}

void Authority::log_fenced(FenceReason reason) const {
  std::string names;
  for (const auto& name : decision_.waiting_for) names += (names.empty() ? "" : ", ") + name.str();
  log::warn("this region is fenced", {{"reason", to_string(reason)}, {"waitingFor", names}});
}

Result<> Authority::persist(Role role, bool fenced) {
  TRY(auto standing, parts_.local.standing());
  const auto before = standing;
  standing.role = to_string(role);
  standing.fenced = fenced;
  return standing == before ? Result<>{} : parts_.local.set_standing(standing);
}

void Authority::warn_of_whom_was_not_asked() const {
  if (options_.policy.force_primary) {
    log::warn(
        "--force-primary: opening a term without having heard every member. If another region was promoted "
        "meanwhile, there are two writable regions; whoever gave this option bears that risk.");
  } else if (!options_.policy.require_peers) {
    log::warn(
        "boot.require_peers is none: opening a term without having heard every member. If another region was "
        "promoted meanwhile, there are two writable regions; whoever configured this bears that risk.");
  }
}

Result<> Authority::write_term(const TermRecord& record) {
  // Before the term, for nothing else follows it: asked again with every beat, a local.db that takes nothing
  // would cost an incarnation each time.
  TRY_VOID(persist(Role::primary, false));
  TRY_VOID(parts_.committer.begin(record.term));
  auto transaction = parts_.core.transaction();
  TRY_VOID(put_term(transaction, record));
  transaction.take_from_reserve();  // a primary with a full disk still has secondaries and signs users in
  TRY_VOID(parts_.committer.commit_and_wait(std::move(transaction)));
  chain_.append(record);
  return {};
}

Result<> Authority::open_incarnation() {
  warn_of_whom_was_not_asked();
  const std::scoped_lock one_writer(intake_mutex_);
  // Whatever was open: no batch lands between the end that the record names and the record.
  const auto end = parts_.committer.fence();
  const auto record = next_incarnation(*chain_.newest(), end, parts_.cluster, parts_.key, parts_.clock.now());
  if (auto written = write_term(record); !written) {
    parts_.committer.fence();
    parts_.state.become_fenced(FenceReason::store_failed);
    return written;
  }
  settled_ = true;
  // Both were about this start: a fence that comes later is not to be broken by it.
  options_.recovered_short_of.reset();
  was_forced_ = std::exchange(options_.policy.force_primary, false) || was_forced_;
  opened_terms.add();
  parts_.state.become_primary(record.term, info_of(parts_.members.self_name()));
  log::info("this region is the primary", {{"term", storage::to_string(record.term)}});
  return {};
}

Result<std::unique_lock<std::mutex>> Authority::lock_for_intake() {
  std::unique_lock lock(intake_mutex_);
  if (parts_.state.role() != Role::primary) return lock;
  return fail(ErrorKind::conflict, "store_is_written_here", "this region is the primary");
}

Result<> Authority::fence(FenceReason reason, std::string request_id) {
  const std::scoped_lock lock(mutex_);
  stop_writing(reason);
  return keep_fenced(reason, request_id);
}

void Authority::stop_writing(FenceReason reason) {
  // Refuse first, so that nobody queues behind a gate that is about to close.
  parts_.state.become_fenced(reason);
  parts_.committer.fence();
}

Result<> Authority::keep_fenced(FenceReason reason, const std::string& request_id) {
  fences.add();
  settled_ = false;
  fenced_by_operator_ = reason == FenceReason::by_operator;
  auto kept = persist(Role::fenced, fenced_by_operator_);
  decision_ = decide_boot(facts());
  decision_.reason = reason;
  log::warn(log::For{request_id}, "this region was fenced", {{"reason", to_string(reason)}});
  publish();
  return kept;
}

Result<> Authority::unfence() {
  const std::scoped_lock lock(mutex_);
  // Looked at here: of two at once, the second one would ask a working primary's peers for leave to write.
  if (parts_.state.role() != Role::fenced)
    return fail(ErrorKind::conflict, "state_unchanged", "this region is not fenced");
  fenced_by_operator_ = false;
  answers_.clear();
  settled_ = false;
  return decide();
}

void Authority::publish() {
  {
    const std::scoped_lock lock(published_mutex_);
    published_chain_ = chain_;
    published_decision_ = decision_;
  }
  changed_.notify();
}

std::uint32_t Authority::highest_reign() const { return highest_reign_; }

TermChain Authority::chain() const {
  const std::scoped_lock lock(published_mutex_);
  return published_chain_;
}

bool Authority::is_of_a_removed_member(const TermRecord& record) const {
  const auto member = parts_.members.find(record.node);
  return member && member->state == MemberState::removed;
}

Result<TermChain> Authority::verify(std::vector<TermRecord> records) const {
  Bytes operator_key;
  if (const auto cluster = find_cluster_record(parts_.core.reader()); cluster && *cluster) {
    operator_key = (*cluster)->operator_key_spki;
  }
  const auto key_of = [&](const TermRecord& record) -> std::optional<Bytes> {
    if (record.signer == TermRecord::Signer::operator_key) {
      return operator_key.empty() ? std::nullopt : std::optional(operator_key);
    }
    const auto member = parts_.members.find(record.node);
    if (!member || !member->may_promote) return std::nullopt;
    return member->node_spki;
  };
  TRY(auto verified, TermChain::verify(std::move(records), parts_.cluster, key_of));
  // A removed member's row stays for what it signed while it was one. What comes after a record vouches for
  // it; a newest record that is ahead of ours was signed by somebody who is nobody now.
  const auto* newest = verified.newest();
  if (newest == nullptr || !is_of_a_removed_member(*newest)) return verified;
  const auto own = chain();
  const auto* known = own.find(newest->term);
  const bool is_ours = known != nullptr && *known == *newest;
  if (!is_ours && (own.empty() || newest->term >= own.newest()->term)) {
    return fail(ErrorKind::corrupt, "unverified_term", "a term record does not verify",
                "node " + newest->node.str() + " was removed");
  }
  return verified;
}

bool Authority::wants_stream_from(const RegionName& name) const {
  if (parts_.state.role() == Role::primary) return false;
  const std::scoped_lock lock(published_mutex_);
  if (published_decision_.step == BootStep::pull_tail) return published_decision_.pull_from == name;
  return published_decision_.step == BootStep::follow;
}

BootDecision Authority::last_decision() const {
  const std::scoped_lock lock(published_mutex_);
  return published_decision_;
}

}  // namespace holdfast::region
