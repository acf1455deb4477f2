#include <utility>

#include "holdfast/base/log.h"
#include "holdfast/crypto/hash.h"
#include "holdfast/crypto/random.h"
#include "holdfast/region/tables.h"
#include "holdfast/replication/joining.h"
#include "holdfast/storage/root_wrap.h"

// The primary's side of joining.
namespace holdfast::replication {
namespace {

Error token_gone() {
  return {ErrorKind::forbidden, "bad_join_token", "the join token is unknown, used or expired", {}};
}

storage::AuditEvent node_event(std::string kind, const RegionName& node, const region::Members& members,
                               WallTime now) {
  return {.time = now,
          .kind = std::move(kind),
          .actor_kind = "node",
          .actor = members.self_name().str(),
          .target_kind = "node",
          .target = node.str(),
          .region = members.self_name().str()};
}

/// JOINED names every row, and has bounds.
Result<> check_room(const region::Members& members, const RegionName& newcomer) {
  if (members.find(newcomer) || members.all().size() < max_members_in_joined) return {};
  return fail(ErrorKind::conflict, "too_many_members",
              "a cluster has at most " + std::to_string(max_members_in_joined) +
                  " names of regions, those removed included");
}

}  // namespace

async::Task<Result<JoinDesk::NewToken>> JoinDesk::create_token(TokenRequest request) {
  if (request.age <= std::chrono::minutes(0) || request.age > max_join_token_age) {
    co_return fail(ErrorKind::invalid, "invalid_join_token_age", "a join token lives at most 60 minutes");
  }
  CO_TRY(auto node, region::parse_region_name(request.node.str()));
  CO_TRY_VOID(check_room(parts_.members, node));
  if (parts_.members.find(node)) {
    auto probe = parts_.core.transaction();
    CO_TRY_VOID(region::Members::require_free(probe, parts_.core.reader(), node));
  }
  const auto self = parts_.members.self();
  if (!self) co_return fail(ErrorKind::internal, "internal", "internal error", "no row of this region");
  const auto now = parts_.clock.now();
  JoinToken token{.cluster = parts_.core.keys()->cluster(),
                  .address = self->replication_address,
                  .primary_spki_hash = self->spki_hash(),
                  .node = node,
                  .may_promote = request.may_promote,
                  .expires = now + request.age,
                  .secret = crypto::random_secret(join_secret_bytes)};
  const JoinTokenRow row{.node = token.node,
                         .may_promote = token.may_promote,
                         .created = now,
                         .expires = token.expires,
                         .created_by = request.created_by};
  auto transaction = parts_.core.transaction();
  transaction.put(region::join_token_table, crypto::sha256(token.secret.expose()), storage::Scope::system(),
                  JoinTokenRow::version, row.encode());
  auto event = node_event("JOIN_TOKEN_CREATED", node, parts_.members, now);
  event.actor_kind = "operator";
  event.actor = request.created_by;
  event.request_id = request.request_id;
  transaction.audit(event);
  CO_TRY(const auto receipt,
         co_await parts_.writer.commit(std::move(transaction), region::AckClass::membership));
  co_return NewToken{.token = std::move(token), .receipt = receipt};
}

async::Task<Joined> JoinDesk::admit(Join join, Bytes exporter, Bytes node_spki) {
  const auto name = join.node.name;
  auto joined = co_await try_admit(std::move(join), std::move(exporter), std::move(node_spki));
  if (joined) {
    log::info("a region joined", {{"region", name.str()}});
    co_return *std::move(joined);
  }
  log::warn("a region was not admitted", {{"region", name.str()}, {"why", joined.error().describe()}});
  Joined refused;
  refused.code =
      joined.error().kind == ErrorKind::read_only ? RejectCode::not_primary : RejectCode::bad_token;
  refused.message = joined.error().message;
  co_return refused;
}

async::Task<Result<Joined>> JoinDesk::try_admit(Join join, Bytes exporter, Bytes node_spki) {
  if (!parts_.writer.may_write()) co_return fail(parts_.writer.state().refusal());
  const Secret secret(std::exchange(join.secret, {}));
  const auto token_key = crypto::sha256(secret.expose());
  const auto reader = parts_.core.reader();
  CO_TRY(const auto stored, reader.find(region::join_token_table, token_key));
  if (!stored) co_return fail(token_gone());
  CO_TRY(const auto row, JoinTokenRow::decode(stored->plain));
  const auto now = parts_.clock.now();
  const auto expected = join_mac(secret, exporter, node_spki, join.node.wrapping_spki);
  const bool genuine = crypto::equal_constant_time(join.mac, expected) && join.node.name == row.node &&
                       join.node.node_spki == node_spki && now < row.expires;
  if (!genuine) co_return fail(token_gone());

  auto member = join.node;
  member.may_promote = row.may_promote;
  member.state = region::MemberState::active;
  member.joined = now;
  const ClusterId cluster_id = parts_.core.keys()->cluster();
  CO_TRY(const auto wrap,
         storage::wrap_root(cluster_id, parts_.root,
                            {.name = member.name.str(), .wrapping_key_der = member.wrapping_spki}, parts_.key,
                            now));
  auto transaction = parts_.core.transaction();
  // The token is used up by the very batch that holds the row.
  transaction.require_unchanged(region::join_token_table, token_key, stored->tag, token_gone());
  transaction.erase(region::join_token_table, token_key);
  CO_TRY_VOID(check_room(parts_.members, member.name));
  CO_TRY_VOID(region::Members::require_free(transaction, parts_.core.reader(), member.name));
  CO_TRY_VOID(region::Members::put(transaction, member));
  storage::put_wrap(transaction, wrap);
  const bool has_token = join.admin_token_hash.size() == crypto::sha256_size && !row.created_by.empty() &&
                         parts_.put_admin_token != nullptr;
  if (has_token) {
    parts_.put_admin_token(
        transaction, {.region = member.name, .hash = join.admin_token_hash, .operator_id = row.created_by});
  }
  transaction.audit(node_event("NODE_JOINED", member.name, parts_.members, now));
  CO_TRY_VOID(co_await parts_.writer.commit(std::move(transaction), region::AckClass::membership));

  Joined joined{.accepted = true};
  CO_TRY(joined.cluster, region::get_cluster_record(reader));
  joined.members = parts_.members.all();
  joined.root_wrap = wrap.encode();
  joined.admin_token_kept = has_token;
  co_return joined;
}

}  // namespace holdfast::replication
