// Users as administrators handle them (docs/api/admin.md, "Users").
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
using identity::User;
using identity::UserFilter;

/// Attribute values are text, as in Cognito; `null` stands for the empty text, which removes one.
identity::Attributes read_user_attributes(JsonFields& fields, const nlohmann::json* object) {
  identity::Attributes attributes;
  if (object == nullptr) return attributes;
  for (const auto& [name, value] : object->items()) {
    if (value.is_string() || value.is_null()) {
      attributes[name] = value.is_null() ? std::string() : value.get<std::string>();
    } else {
      fields.refuse("attributes", "an object whose values are strings");
    }
  }
  return attributes;
}

identity::NewUser read_new_user(JsonFields& fields) {
  identity::NewUser user;
  user.username = fields.text("username");
  user.attributes = read_user_attributes(fields, fields.find_object("attributes"));
  auto temporary = fields.find_text("temporaryPassword");
  auto permanent = fields.find_text("password");
  if (temporary && permanent) fields.refuse("password", "absent beside temporaryPassword");
  user.permanent = permanent.has_value();
  user.password = permanent ? std::move(permanent) : std::move(temporary);
  return user;
}

/// As it is given again: a password that was drawn is nowhere but in the first answer (ADR 0065).
nlohmann::json describe_new_user(const identity::CreatedUser& created) {
  auto json = describe_user(created.user);
  if (!created.temporary_password.empty()) json["temporaryPassword"] = nullptr;
  return json;
}

async::Task<Result<Response>> create_user(IdentityParts parts, Request* request) {
  CO_TRY(const auto pool, pool_of(parts, *request));
  CO_TRY(auto draft, read_json(request->body, read_new_user));
  draft.pool = pool->id;
  CO_TRY(const auto written,
         co_await parts.identity.users.create(std::move(draft), operator_actor(*request)));
  auto json = describe_user(written.value.user);
  if (!written.value.temporary_password.empty()) json["temporaryPassword"] = written.value.temporary_password;
  co_return written_response(201, json, written.receipt);
}

struct UserQuery {
  identity::PageQuery page;
  std::string filter;  ///< the parameter's name; empty: none
  std::string value;
};

Result<UserQuery> read_user_query(const Request& request) {
  UserQuery query;
  TRY(query.page, page_query(request));
  for (const std::string_view name : {"username", "email", "phone", "sub", "prefix", "emailPrefix"}) {
    const auto value = request.query(name);
    if (!value) continue;
    if (!query.filter.empty()) {
      return fail(ErrorKind::invalid, "invalid_field",
                  std::string(name) + " must be absent beside " + query.filter);
    }
    query.filter = name;
    query.value = *value;
  }
  return query;
}

Result<identity::Page<User>> exactly_one(Result<User> user) {
  identity::Page<User> page;
  if (user) {
    page.items.push_back(*std::move(user));
  } else if (user.error().kind != ErrorKind::not_found) {
    return fail(std::move(user).error());
  }
  return page;
}

Result<identity::Page<User>> page_of_users(Result<std::vector<User>> users,
                                           const identity::PageQuery& query) {
  if (!users) return fail(std::move(users).error());
  return page_by_key(*std::move(users), query,
                     [](const User& user) { return time_key(user.created_at) + user.id.str(); });
}

Result<identity::Page<User>> find_users(const identity::UserService& users, const PoolId& pool,
                                        const UserQuery& query) {
  if (query.filter == "username") return exactly_one(users.get_by_username(pool, query.value));
  if (query.filter == "sub") return exactly_one(users.get(pool, UserId(query.value)));
  if (query.filter == "email") return page_of_users(users.find_by_email(pool, query.value), query.page);
  if (query.filter == "phone") return page_of_users(users.find_by_phone(pool, query.value), query.page);
  UserFilter filter;
  if (query.filter == "prefix") filter = {.field = UserFilter::Field::username, .prefix = query.value};
  if (query.filter == "emailPrefix") filter = {.field = UserFilter::Field::email, .prefix = query.value};
  return users.list(pool, filter, query.page);
}

async::Task<Result<Response>> list_users(IdentityParts parts, Request* request) {
  CO_TRY(const auto query, read_user_query(*request));
  CO_TRY(const auto pool, pool_of(parts, *request));
  auto find = [&] { return find_users(parts.identity.users, pool->id, query); };
  CO_TRY(const auto page, co_await async::offload(parts.disk, std::move(find)));
  co_return json_response(200, describe_page("users", page, describe_user));
}

async::Task<Result<Response>> show_user(IdentityParts parts, Request* request) {
  CO_TRY(const auto user, co_await user_of(parts, request));
  co_return json_response(200, describe_user(user));
}

async::Task<Result<Response>> set_user_password(IdentityParts parts, Request* request) {
  struct NewPassword {
    std::string password;
    bool permanent;
  };
  CO_TRY(auto input, read_json(request->body, [](JsonFields& fields) {
           return NewPassword{.password = fields.text("password"),
                              .permanent = fields.find_flag("permanent").value_or(false)};
         }));
  CO_TRY(const auto user, co_await user_of(parts, request));
  CO_TRY(const auto written,
         co_await parts.identity.users.set_password(user.pool, user.id, std::move(input.password),
                                                    input.permanent, operator_actor(*request)));
  co_return written_response(200, describe_user(written.value), written.receipt);
}

async::Task<Result<Response>> change_user_attributes(IdentityParts parts, Request* request) {
  CO_TRY(auto change, read_json(request->body, [](JsonFields& fields) {
           return read_user_attributes(fields, fields.object("attributes"));
         }));
  CO_TRY(const auto user, co_await user_of(parts, request));
  CO_TRY(const auto written, co_await parts.identity.users.update_attributes(
                                 user.pool, user.id, std::move(change), operator_actor(*request)));
  co_return written_response(200, describe_user(written.value), written.receipt);
}

async::Task<Result<Response>> set_user_enabled(IdentityParts parts, Request* request, bool enabled) {
  CO_TRY_VOID(check_no_fields(request->body));
  CO_TRY(const auto user, co_await user_of(parts, request));
  CO_TRY(const auto written,
         co_await parts.identity.users.set_enabled(user.pool, user.id, enabled, operator_actor(*request)));
  co_return written_response(200, describe_user(written.value), written.receipt);
}

async::Task<Result<Response>> enable_user(IdentityParts parts, Request* request) {
  return set_user_enabled(parts, request, true);
}

async::Task<Result<Response>> disable_user(IdentityParts parts, Request* request) {
  return set_user_enabled(parts, request, false);
}

async::Task<Result<Response>> sign_user_out(IdentityParts parts, Request* request) {
  CO_TRY_VOID(check_no_fields(request->body));
  CO_TRY(const auto user, co_await user_of(parts, request));
  CO_TRY(const auto receipt,
         co_await parts.identity.sessions.sign_out(user.pool, user.id, operator_actor(*request)));
  // At a region that may not write it holds here at once, and there is no position yet.
  co_return receipt ? written_response(*receipt) : http::respond_empty(204);
}

async::Task<Result<Response>> unlock_user(IdentityParts parts, Request* request) {
  CO_TRY_VOID(check_no_fields(request->body));
  CO_TRY(const auto user, co_await user_of(parts, request));
  CO_TRY(const auto receipt,
         co_await parts.identity.users.unlock(user.pool, user.id, operator_actor(*request)));
  co_return written_response(receipt);
}

async::Task<Result<Response>> delete_user(IdentityParts parts, Request* request) {
  CO_TRY(const auto user, co_await user_of(parts, request));
  CO_TRY(const auto receipt,
         co_await parts.identity.users.remove(user.pool, user.id, operator_actor(*request)));
  co_return written_response(receipt);
}

}  // namespace

void add_user_endpoints(http::Router& router, const IdentityParts& parts) {
  constexpr std::string_view all = "/admin/v1/pools/{pool}/users";
  constexpr std::string_view one = "/admin/v1/pools/{pool}/users/{username}";
  const auto write = AuthLevel::operator_write;
  add_admin_rows(
      router, parts,
      {{Method::post,
        all,
        write,
        create_user,
        {.summary = "Makes a user.", .takes = json_type, .success = 201},
        describe_created<identity::CreatedUser>(describe_new_user)},
       {Method::get,
        all,
        AuthLevel::operator_read,
        list_users,
        {.summary = "Lists a pool's users, or those that a filter finds.",
         .query = {"username", "email", "phone", "sub", "prefix", "emailPrefix", "limit", "next"}}},
       {Method::get, one, AuthLevel::operator_read, show_user, {.summary = "Shows a user."}},
       {Method::del, one, write, delete_user, {.summary = "Removes a user.", .success = 204}},
       {Method::put,
        "/admin/v1/pools/{pool}/users/{username}/password",
        write,
        set_user_password,
        {.summary = "Sets a user's password; ends the sessions that began before.", .takes = json_type}},
       {Method::put,
        "/admin/v1/pools/{pool}/users/{username}/attributes",
        write,
        change_user_attributes,
        {.summary = "Changes the named attributes of a user.", .takes = json_type}},
       {Method::post,
        "/admin/v1/pools/{pool}/users/{username}/enable",
        write,
        enable_user,
        {.summary = "Lets a user sign in again."}},
       {Method::post,
        "/admin/v1/pools/{pool}/users/{username}/disable",
        write,
        disable_user,
        {.summary = "Shuts a user out; the user's tokens open nothing."}},
       {Method::post,
        "/admin/v1/pools/{pool}/users/{username}/sign-out",
        write,
        sign_user_out,
        {.summary = "Ends every session of a user.", .success = 204}},
       {Method::post,
        "/admin/v1/pools/{pool}/users/{username}/unlock",
        write,
        unlock_user,
        {.summary = "Voids a user's failed password attempts in every region.", .success = 204}}});
}

}  // namespace holdfast::api
