// Groups and who is in them (docs/api/admin.md, "Groups").
#include <limits>

#include "admin_support.h"
#include "holdfast/api/admin_auth.h"
#include "holdfast/api/json_body.h"
#include "holdfast/api/written.h"

namespace holdfast::api {
namespace {

using http::AuthLevel;
using http::Method;
using http::Request;
using http::Response;
using identity::Group;

constexpr std::int64_t highest_precedence = std::numeric_limits<std::uint32_t>::max();

nlohmann::json describe_group(const Group& group) {
  return {{"name", group.name},
          {"description", group.description},
          {"precedence", group.precedence ? nlohmann::json(*group.precedence) : nlohmann::json()},
          {"createdAt", to_rfc3339(group.created_at)},
          {"modifiedAt", to_rfc3339(group.modified_at)}};
}

// By precedence, then by name: the order of `cognito:groups`.
std::string group_sort_key(const Group& group) {
  const std::uint64_t precedence =
      group.precedence ? *group.precedence : std::uint64_t{highest_precedence} + 1;
  return number_key(precedence) + group.name;
}

void read_group_settings(JsonFields& fields, Group& group) {
  group.description = fields.find_text("description").value_or("");
  if (const auto precedence = fields.find_number("precedence", 0, highest_precedence))
    group.precedence = static_cast<std::uint32_t>(*precedence);
}

async::Task<Result<Response>> create_group(IdentityParts parts, Request* request) {
  CO_TRY(const auto pool, pool_of(parts, *request));
  CO_TRY(auto draft, read_json(request->body, [](JsonFields& fields) {
           Group group;
           group.name = fields.text("name");
           read_group_settings(fields, group);
           return group;
         }));
  draft.pool = pool->id;
  CO_TRY(const auto written,
         co_await parts.identity.groups.create(std::move(draft), operator_actor(*request)));
  co_return written_response(201, describe_group(written.value), written.receipt);
}

async::Task<Result<Response>> list_groups(IdentityParts parts, Request* request) {
  CO_TRY(const auto query, page_query(*request));
  CO_TRY(const auto pool, pool_of(parts, *request));
  auto list = [&] { return parts.identity.groups.list(pool->id); };
  CO_TRY(auto groups, co_await async::offload(parts.disk, std::move(list)));
  CO_TRY(const auto page, page_by_key(std::move(groups), query, group_sort_key));
  co_return json_response(200, describe_page("groups", page, describe_group));
}

async::Task<Result<Group>> group_of(IdentityParts parts, const Request* request) {
  CO_TRY(const auto pool, pool_of(parts, *request));
  const std::string name = path_text(*request, "group");
  auto find = [&] { return parts.identity.groups.get(pool->id, name); };
  co_return co_await async::offload(parts.disk, std::move(find));
}

async::Task<Result<Response>> show_group(IdentityParts parts, Request* request) {
  CO_TRY(const auto group, co_await group_of(parts, request));
  co_return json_response(200, describe_group(group));
}

async::Task<Result<Response>> replace_group(IdentityParts parts, Request* request) {
  CO_TRY(auto changed, read_json(request->body, [](JsonFields& fields) {
           for (const auto* name : {"name", "createdAt", "modifiedAt"}) fields.ignore(name);
           Group group;
           read_group_settings(fields, group);
           return group;
         }));
  CO_TRY(auto group, co_await group_of(parts, request));
  group.description = std::move(changed.description);
  group.precedence = changed.precedence;
  CO_TRY(const auto written,
         co_await parts.identity.groups.update(std::move(group), operator_actor(*request)));
  co_return written_response(200, describe_group(written.value), written.receipt);
}

async::Task<Result<Response>> delete_group(IdentityParts parts, Request* request) {
  CO_TRY(const auto group, co_await group_of(parts, request));
  CO_TRY(const auto receipt,
         co_await parts.identity.groups.remove(group.pool, group.name, operator_actor(*request)));
  co_return written_response(receipt);
}

async::Task<Result<Response>> add_group_member(IdentityParts parts, Request* request) {
  CO_TRY_VOID(check_no_fields(request->body));
  CO_TRY(const auto group, co_await group_of(parts, request));
  CO_TRY(const auto user, co_await user_of(parts, request));
  CO_TRY(const auto receipt, co_await parts.identity.groups.add_member(group.pool, group.name, user.id,
                                                                       operator_actor(*request)));
  co_return written_response(receipt);
}

async::Task<Result<Response>> remove_group_member(IdentityParts parts, Request* request) {
  CO_TRY(const auto group, co_await group_of(parts, request));
  CO_TRY(const auto user, co_await user_of(parts, request));
  CO_TRY(const auto receipt, co_await parts.identity.groups.remove_member(group.pool, group.name, user.id,
                                                                          operator_actor(*request)));
  co_return written_response(receipt);
}

Result<identity::Page<identity::User>> load_members(identity::Identity& identity, const Group& group,
                                                    const identity::PageQuery& query) {
  TRY(const auto ids, identity.groups.members(group.pool, group.name, query));
  identity::Page<identity::User> page{.items = {}, .next = ids.next};
  for (const UserId& id : ids.items) {
    auto user = identity.users.get(group.pool, id);
    if (user) {
      page.items.push_back(*std::move(user));
    } else if (user.error().kind != ErrorKind::not_found) {  // a user that has just been deleted is left out
      return fail(std::move(user).error());
    }
  }
  return page;
}

async::Task<Result<Response>> list_group_members(IdentityParts parts, Request* request) {
  CO_TRY(const auto query, page_query(*request));
  CO_TRY(const auto group, co_await group_of(parts, request));
  auto load = [&] { return load_members(parts.identity, group, query); };
  CO_TRY(const auto page, co_await async::offload(parts.disk, std::move(load)));
  co_return json_response(200, describe_page("users", page, describe_user));
}

async::Task<Result<Response>> list_user_groups(IdentityParts parts, Request* request) {
  CO_TRY(const auto query, page_query(*request));
  CO_TRY(const auto user, co_await user_of(parts, request));
  auto list = [&] { return parts.identity.groups.groups_of(user.pool, user.id); };
  CO_TRY(auto groups, co_await async::offload(parts.disk, std::move(list)));
  CO_TRY(const auto page, page_by_key(std::move(groups), query, group_sort_key));
  co_return json_response(200, describe_page("groups", page, describe_group));
}

}  // namespace

void add_group_endpoints(http::Router& router, const IdentityParts& parts) {
  constexpr std::string_view all = "/admin/v1/pools/{pool}/groups";
  constexpr std::string_view one = "/admin/v1/pools/{pool}/groups/{group}";
  constexpr std::string_view member = "/admin/v1/pools/{pool}/groups/{group}/users/{username}";
  const auto read = AuthLevel::operator_read;
  const auto write = AuthLevel::operator_write;
  add_admin_rows(router, parts,
                 {{Method::post,
                   all,
                   write,
                   create_group,
                   {.summary = "Makes a group.", .takes = json_type, .success = 201},
                   describe_created<Group>(describe_group)},
                  {Method::get,
                   all,
                   read,
                   list_groups,
                   {.summary = "Lists a pool's groups.", .query = {"limit", "next"}}},
                  {Method::get, one, read, show_group, {.summary = "Shows a group."}},
                  {Method::put,
                   one,
                   write,
                   replace_group,
                   {.summary = "Replaces a group's description and precedence.", .takes = json_type}},
                  {Method::del,
                   one,
                   write,
                   delete_group,
                   {.summary = "Removes a group; nobody is in it any more.", .success = 204}},
                  {Method::get,
                   "/admin/v1/pools/{pool}/groups/{group}/users",
                   read,
                   list_group_members,
                   {.summary = "Lists a group's users.", .query = {"limit", "next"}}},
                  {Method::put,
                   member,
                   write,
                   add_group_member,
                   {.summary = "Puts a user into a group.", .success = 204}},
                  {Method::del,
                   member,
                   write,
                   remove_group_member,
                   {.summary = "Takes a user out of a group.", .success = 204}},
                  {Method::get,
                   "/admin/v1/pools/{pool}/users/{username}/groups",
                   read,
                   list_user_groups,
                   {.summary = "Lists a user's groups.", .query = {"limit", "next"}}}});
}

}  // namespace holdfast::api
