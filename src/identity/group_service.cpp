#include "holdfast/identity/group_service.h"

#include <algorithm>
#include <utility>

#include "holdfast/base/log.h"
#include "holdfast/identity/group_rules.h"
#include "holdfast/identity/user_rules.h"
#include "record_cache.h"
#include "records.h"
#include "store_support.h"
#include "tables.h"
#include "user_store.h"

namespace holdfast::identity {
namespace {

constexpr std::size_t cached_group_lists = 1000;
constexpr std::size_t max_groups_of_a_pool = 10'000;
// Rows of a deleted group that one transaction removes; far below its size bound.
constexpr std::size_t removal_chunk = 500;

Bytes group_key(const PoolId& pool, std::string_view name) { return pool_prefix(pool).text(name).take(); }

Bytes membership_key(const PoolId& pool, BytesView sub, BytesView group) {
  return pool_prefix(pool).fixed(sub).fixed(group).take();
}

Bytes group_member_key(const PoolId& pool, BytesView group, BytesView sub) {
  return pool_prefix(pool).fixed(group).fixed(sub).take();
}

Result<Loaded<Group>> load_group(const storage::Reader& reader, const PoolId& pool, std::string_view name) {
  TRY(const auto found, reader.find(groups_table, group_key(pool, name)));
  if (!found) return fail(not_found("no such group"));
  TRY(auto group, decode_group(pool, std::string(name), found->plain));
  return Loaded<Group>{.value = std::move(group), .tag = found->tag};
}

}  // namespace

struct GroupService::State {
  explicit State(storage::CoreDb& core)
      : cache(core, groups_table, cached_group_lists,
              [](BytesView key) { return pool_key(PoolId(storage::KeyReader(key).text())); }) {}
  RecordCache<std::vector<Group>> cache;
};

GroupService::GroupService(Foundation base)
    : base_(std::move(base)), state_(std::make_unique<State>(base_.core)) {}
GroupService::~GroupService() = default;

Result<std::shared_ptr<const std::vector<Group>>> GroupService::all(const PoolId& pool) {
  return state_->cache.get(pool_key(pool), [&]() -> Result<std::shared_ptr<const std::vector<Group>>> {
    std::vector<Group> groups;
    Result<> decoded;
    TRY_VOID(base_.core.reader().scan(groups_table, pool_key(pool), {}, max_groups_of_a_pool,
                                      [&](BytesView key, const storage::Stored& stored) {
                                        storage::KeyReader parts(key);
                                        parts.text();
                                        auto group = decode_group(pool, parts.text(), stored.plain);
                                        if (!group) return void(decoded = fail(group.error()));
                                        groups.push_back(*std::move(group));
                                      }));
    TRY_VOID(std::move(decoded));
    sort_groups(groups);
    return std::make_shared<const std::vector<Group>>(std::move(groups));
  });
}

async::Task<Result<Written<Group>>> GroupService::create(Group draft, Actor actor) {
  CO_TRY_VOID(check_group(draft));
  Group group = std::move(draft);
  group.id = crypto::random_uuid(base_.entropy);
  group.created_at = group.modified_at = base_.clock.now();
  CO_TRY(const auto pool, base_.core.reader().find(pools_table, pool_key(group.pool)));
  if (!pool) co_return fail(not_found("no such pool"));
  CO_TRY(const auto existing, all(group.pool));
  if (existing->size() >= max_groups_of_a_pool) {
    co_return fail(ErrorKind::invalid, "too_many_groups", "a pool has at most 10000 groups");
  }
  const Bytes key = group_key(group.pool, group.name);
  storage::Transaction transaction = base_.core.transaction();
  transaction.require_present(pools_table, pool_key(group.pool), not_found("no such pool"))
      .require_absent(groups_table, key, already_exists("there is a group of that name"))
      .put(groups_table, key, storage::Scope::pool(group.pool), record_version, encode(group))
      .audit(audit_event(base_, actor, "GROUP_CREATED", "group", group.name, {{"pool", group.pool.str()}}));
  CO_TRY_VOID(board(actor.rider, transaction, group));
  CO_TRY(auto receipt, co_await base_.writer.commit(std::move(transaction)));
  co_return Written<Group>{.value = std::move(group), .receipt = receipt};
}

async::Task<Result<Written<Group>>> GroupService::update(Group changed, Actor actor) {
  CO_TRY_VOID(check_group(changed));
  CO_TRY(auto before, load_group(base_.core.reader(), changed.pool, changed.name));
  Group group = std::move(before.value);
  group.description = changed.description;
  group.precedence = changed.precedence;
  group.modified_at = base_.clock.now();
  const Bytes key = group_key(group.pool, group.name);
  storage::Transaction transaction = base_.core.transaction();
  transaction.require_unchanged(groups_table, key, before.tag, changed_meanwhile())
      .put(groups_table, key, storage::Scope::pool(group.pool), record_version, encode(group))
      .audit(audit_event(base_, actor, "GROUP_UPDATED", "group", group.name, {{"pool", group.pool.str()}}));
  CO_TRY(auto receipt, co_await base_.writer.commit(std::move(transaction)));
  co_return Written<Group>{.value = std::move(group), .receipt = receipt};
}

async::Task<Result<region::CommitReceipt>> GroupService::remove(PoolId pool, std::string name, Actor actor) {
  CO_TRY(const auto before, load_group(base_.core.reader(), pool, name));
  CO_TRY(const Bytes group, uuid_bytes(before.value.id));
  storage::Transaction transaction = base_.core.transaction();
  transaction.require_unchanged(groups_table, group_key(pool, name), before.tag, changed_meanwhile())
      .erase(groups_table, group_key(pool, name))
      .audit(audit_event(base_, actor, "GROUP_DELETED", "group", name, {{"pool", pool.str()}}));
  CO_TRY(const auto receipt,
         co_await base_.writer.commit(std::move(transaction), region::AckClass::security));

  // Nobody is in the group any more, for memberships name its id; what follows only tidies up.
  if (const auto tidied = co_await erase_memberships(pool, group, actor.request_id); !tidied) {
    log::warn(log::For{actor.request_id}, "memberships of a deleted group stay behind",
              {{"pool", pool.str()}, {"reason", tidied.error().describe()}});
  }
  co_return receipt;
}

async::Task<Result<>> GroupService::erase_memberships(PoolId pool, Bytes group, std::string request_id) {
  const Bytes prefix = pool_prefix(pool).fixed(group).take();
  for (;;) {
    storage::Transaction removal = base_.core.transaction();
    removal.for_request(request_id);
    CO_TRY_VOID(base_.core.reader().scan(group_members_table, prefix, {}, removal_chunk,
                                         [&](BytesView key, const storage::Stored&) {
                                           const BytesView sub = key.substr(key.size() - uuid_size);
                                           removal.erase(group_members_table, key);
                                           removal.erase(memberships_table, membership_key(pool, sub, group));
                                         }));
    if (removal.empty()) co_return Result<>();
    CO_TRY_VOID(co_await base_.writer.commit(std::move(removal)));
  }
}

Result<Group> GroupService::get(const PoolId& pool, std::string_view name) {
  TRY(const auto groups, all(pool));
  const auto found = std::ranges::find(*groups, name, &Group::name);
  if (found == groups->end()) return fail(not_found("no such group"));
  return *found;
}

Result<std::vector<Group>> GroupService::list(const PoolId& pool) {
  TRY(const auto groups, all(pool));
  return *groups;
}

async::Task<Result<region::CommitReceipt>> GroupService::add_member(PoolId pool, std::string group_name,
                                                                    UserId user, Actor actor) {
  CO_TRY(const auto group, load_group(base_.core.reader(), pool, group_name));
  CO_TRY(const Bytes sub, uuid_bytes(user.str()));
  CO_TRY(const Bytes id, uuid_bytes(group.value.id));
  CO_TRY(const auto present, groups_of(pool, user));
  if (present.size() >= max_groups_of_a_user) {
    co_return fail(ErrorKind::invalid, "too_many_groups", "a user is in at most 100 groups");
  }
  const Bytes user_row = user_key(pool, sub);
  const Bytes row = membership_key(pool, sub, id);
  const Error unchanged{.kind = ErrorKind::conflict,
                        .code = "state_unchanged",
                        .message = "the user is in that group",
                        .detail = {}};
  const storage::Scope scope = storage::Scope::pool(pool);
  storage::Transaction transaction = base_.core.transaction();
  transaction.require_present(users_table, user_row, no_such_user())
      .require_unchanged(groups_table, group_key(pool, group_name), group.tag, changed_meanwhile())
      .require_absent(memberships_table, row, unchanged)
      .put(memberships_table, row, scope, record_version, empty_record)
      .put(group_members_table, group_member_key(pool, id, sub), scope, record_version, empty_record)
      .audit(audit_event(base_, actor, "GROUP_MEMBER_ADDED", "user", user.str(),
                         {{"pool", pool.str()}, {"group", group_name}}));
  co_return co_await base_.writer.commit(std::move(transaction));
}

async::Task<Result<region::CommitReceipt>> GroupService::remove_member(PoolId pool, std::string group_name,
                                                                       UserId user, Actor actor) {
  CO_TRY(const auto group, load_group(base_.core.reader(), pool, group_name));
  CO_TRY(const Bytes sub, uuid_bytes(user.str()));
  CO_TRY(const Bytes id, uuid_bytes(group.value.id));
  const Bytes row = membership_key(pool, sub, id);
  const Error unchanged{.kind = ErrorKind::conflict,
                        .code = "state_unchanged",
                        .message = "the user is not in that group",
                        .detail = {}};
  storage::Transaction transaction = base_.core.transaction();
  transaction.require_present(memberships_table, row, unchanged)
      .erase(memberships_table, row)
      .erase(group_members_table, group_member_key(pool, id, sub))
      .audit(audit_event(base_, actor, "GROUP_MEMBER_REMOVED", "user", user.str(),
                         {{"pool", pool.str()}, {"group", group_name}}));
  co_return co_await base_.writer.commit(std::move(transaction), region::AckClass::security);
}

Result<std::vector<Group>> GroupService::groups_of(const PoolId& pool, const UserId& user) {
  TRY(const Bytes sub, uuid_bytes(user.str()));
  std::vector<std::string> ids;
  TRY_VOID(base_.core.reader().scan(memberships_table, user_key(pool, sub), {}, max_groups_of_a_pool,
                                    [&](BytesView key, const storage::Stored&) {
                                      ids.push_back(uuid_text(key.substr(key.size() - uuid_size)));
                                    }));
  std::vector<Group> groups;
  if (ids.empty()) return groups;
  TRY(const auto known, all(pool));
  std::ranges::copy_if(*known, std::back_inserter(groups),
                       [&](const Group& group) { return std::ranges::find(ids, group.id) != ids.end(); });
  return groups;
}

Result<Page<UserId>> GroupService::members(const PoolId& pool, std::string_view group_name,
                                           const PageQuery& query) {
  TRY(const Group group, get(pool, group_name));
  TRY(const Bytes id, uuid_bytes(group.id));
  return read_page<UserId>(base_.core.reader(), group_members_table, pool_prefix(pool).fixed(id).take(),
                           query, query.limit,
                           [](BytesView key, const storage::Stored&) -> Result<std::optional<UserId>> {
                             return std::optional(UserId(uuid_text(key.substr(key.size() - uuid_size))));
                           });
}

}  // namespace holdfast::identity
