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
constexpr std::chrono::seconds retry_pause{1};

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
                                          // Who removes the regions that are gone needs a token first.
                                          identity::Actor::system(), region::AckClass::membership));
  const auto written = co_await async::offload(base->disk, [&file, secret = &made.value.secret] {
    return write_private_file(file, std::string(secret->expose()) + "\n");
  });
  if (!written) {
    // Nobody has its secret.
    const auto revoked = co_await operators->revoke_token(made.value.token.id, identity::Actor::system());
    if (!revoked) log::error("an admin token that nobody has stays until it expires", revoked.error());
    co_return fail(written.error());
  }
  log::warn("an admin token was made, as this start was told",
            {{"file", file.string()}, {"tokenId", made.value.token.id}, {"operator", person.id}});
  co_return Result<>{};
}

bool may_pass(ErrorKind kind) {
  return kind == ErrorKind::overloaded || kind == ErrorKind::unavailable || kind == ErrorKind::read_only;
}

}  // namespace

async::Task<> grant_admin_token(Foundation* base, identity::OperatorService* operators,
                                std::filesystem::path file) {
  std::string_view told;
  for (;;) {
    while (!base->state.may_write()) co_await async::sleep_for(role_look_interval);
    const auto made = co_await make_granted_token(base, operators, file);
    if (made) co_return;
    if (!may_pass(made.error().kind)) {
      log::error("no admin token was made", made.error());
      co_return;
    }
    if (told != made.error().code)
      log::warn("no admin token was made yet; it is tried again", {{"reason", made.error().describe()}});
    told = made.error().code;
    co_await async::sleep_for(retry_pause);
  }
}

}  // namespace holdfast::app
