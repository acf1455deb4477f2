#include "holdfast/region/member_removal.h"

#include "holdfast/region/tables.h"

namespace holdfast::region {
namespace {

std::unexpected<Error> refuse_removal(std::string_view code, std::string message) {
  return fail(ErrorKind::conflict, code, std::move(message));
}

/// Removed all the same, every write that the rule covers would be refused from then on.
Result<> check_rules_without_it(const RemovalParts& parts) {
  const auto others = parts.peers.all().size();
  const auto unmet = parts.acknowledge.unmet_with(others == 0 ? 0 : others - 1);
  if (!unmet) return {};
  const auto key = "replication.acknowledge." + std::string(to_string(*unmet));
  return refuse_removal("acknowledge_needs_member",
                        key + " asks for more regions than would be left: let another one join, or lower " +
                            key + " in this region's configuration and restart it, then remove the member");
}

storage::AuditEvent removal_event(const RemovalParts& parts, const RemovalRequest& request) {
  return {.time = parts.clock.now(),
          .kind = "NODE_REMOVED",
          .actor_kind = "operator",
          .actor = request.operator_id,
          .target_kind = "node",
          .target = request.name.str(),
          .region = parts.writer.state().view().self.str(),
          .request_id = request.request_id,
          .details = {}};
}

}  // namespace

async::Task<Result<CommitReceipt>> remove_member(RemovalParts parts, RemovalRequest request) {
  if (!parts.writer.may_write()) co_return fail(parts.writer.state().refusal());
  const Bytes key = storage::KeyWriter().text(request.name.str()).take();
  CO_TRY(const auto stored, parts.core.reader().find(node_table, key));
  if (!stored) co_return fail(ErrorKind::not_found, "not_found", "no region of this name is a member");
  CO_TRY(auto member, Member::decode(stored->plain));
  if (member.state == MemberState::removed)
    co_return refuse_removal("state_unchanged", "this member was removed already");
  if (request.name == parts.writer.state().view().self)
    co_return refuse_removal("own_region", "a region does not remove itself");
  if (parts.peers.live(request.name) && !request.even_if_live) {
    co_return refuse_removal("member_live",
                             "this member is heard now: stop it first, or say that it shall go all the same");
  }
  CO_TRY_VOID(check_rules_without_it(parts));
  member.state = MemberState::removed;
  auto transaction = parts.core.transaction();
  transaction.require_unchanged(node_table, key, stored->tag,
                                {ErrorKind::conflict,
                                 "changed_meanwhile",
                                 "the member's row was changed at the same time: try again",
                                 {}});
  CO_TRY_VOID(Members::put(transaction, member));
  if (request.also) CO_TRY_VOID(request.also(transaction));
  transaction.audit(removal_event(parts, request));
  co_return co_await parts.writer.commit(std::move(transaction), AckClass::membership);
}

}  // namespace holdfast::region
