#include "granted_token.h"

#include <algorithm>

#include "holdfast/async/offload.h"
#include "holdfast/async/timer.h"
#include "holdfast/base/files.h"
#include "holdfast/base/log.h"
#include "holdfast/identity/operator_rules.h"

namespace holdfast::app {
namespace {

constexpr std::chrono::milliseconds role_look_interval{200};

Result<identity::Operator> first_enabled(const identity::OperatorService& operators) {
  TRY(auto people, operators.list());
  std::erase_if(people, [](const identity::Operator& person) { return !person.enabled; });
  const auto first = std::ranges::min_element(people, {}, &identity::Operator::created_at);
  if (first == people.end())
    return fail(ErrorKind::not_found, "not_found", "no operator is enabled in this cluster");
  return *first;
}

async::Task<Result<>> make_granted_token(Foundation* base, identity::OperatorService* operators,
                                         std::filesystem::path file) {
  CO_TRY(const auto person,
         co_await async::offload(base->disk, [operators] { return first_enabled(*operators); }));
  CO_TRY(const auto made,
         co_await operators->create_token({.name = "serve",
                                           .operator_id = person.id,
                                           .scopes = {std::string(identity::admin_scope::admin)},
                                           .lifetime = identity::default_admin_token_lifetime,
                                           .region = base->stores.node.region},
                                          identity::Actor::system()));
  CO_TRY_VOID(co_await async::offload(base->disk, [&file, secret = &made.value.secret] {
    return write_private_file(file, std::string(secret->expose()) + "\n");
  }));
  log::warn("an admin token was made, as this start was told",
            {{"file", file.string()}, {"tokenId", made.value.token.id}, {"operator", person.id}});
  co_return Result<>{};
}

}  // namespace

async::Task<> grant_admin_token(Foundation* base, identity::OperatorService* operators,
                                std::filesystem::path file) {
  while (!base->state.may_write()) co_await async::sleep_for(role_look_interval);
  const auto made = co_await make_granted_token(base, operators, std::move(file));
  if (!made) log::error("no admin token was made", made.error());
}

}  // namespace holdfast::app
