#include "holdfast/identity/operator_service.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "holdfast/identity/operator_rules.h"
#include "record_cache.h"
#include "records.h"
#include "store_support.h"
#include "tables.h"

namespace holdfast::identity {
namespace {

constexpr std::size_t kept_in_memory = 10'000;
/// A scan that ends earlier would leave tokens that nobody can list or revoke: creation is what is bounded.
constexpr std::size_t all_rows = std::numeric_limits<std::size_t>::max();
constexpr std::size_t swept_at_once = 1000;

Bytes operator_key(std::string_view id) { return storage::KeyWriter().text(id).take(); }

Result<Loaded<Operator>> load_operator(const storage::Reader& reader, const std::string& id) {
  TRY(const auto found, reader.find(operators_table, operator_key(id)));
  if (!found) return fail(not_found("no such operator"));
  TRY(auto person, decode_operator(id, found->plain));
  return Loaded<Operator>{.value = std::move(person), .tag = found->tag};
}

std::unexpected<Error> not_a_token(std::string detail) {
  return fail(ErrorKind::unauthenticated, "unauthenticated", "the admin token is not valid here",
              std::move(detail));
}

}  // namespace

struct OperatorService::State {
  explicit State(storage::CoreDb& core)
      : operators(core, operators_table, kept_in_memory), tokens(core, admin_tokens_table, kept_in_memory) {}
  RecordCache<Operator> operators;
  RecordCache<AdminToken> tokens;
};

OperatorService::OperatorService(Foundation base)
    : base_(std::move(base)), state_(std::make_unique<State>(base_.core)) {}
OperatorService::~OperatorService() = default;

void OperatorService::put_operator(storage::Transaction& transaction, const Operator& person) {
  transaction.put(operators_table, operator_key(person.id), storage::Scope::system(), record_version,
                  encode(person));
}

void OperatorService::put_token(storage::Transaction& transaction, BytesView hash, const AdminToken& token) {
  transaction.put(admin_tokens_table, hash, storage::Scope::system(), record_version, encode(token));
}

async::Task<Result<Written<Operator>>> OperatorService::create(Operator draft, Actor actor) {
  CO_TRY_VOID(check_operator(draft));
  Operator person = std::move(draft);
  person.id = crypto::random_uuid(base_.entropy);
  person.enabled = true;
  person.created_at = base_.clock.now();
  storage::Transaction transaction = base_.core.transaction();
  put_operator(transaction, person);
  transaction.audit(audit_event(base_, actor, "OPERATOR_CREATED", "operator", person.id));
  CO_TRY_VOID(board(actor.rider, transaction, person));
  CO_TRY(auto receipt, co_await base_.writer.commit(std::move(transaction), region::AckClass::security));
  co_return Written<Operator>{.value = std::move(person), .receipt = receipt};
}

async::Task<Result<Written<Operator>>> OperatorService::set_enabled(std::string id, bool enabled,
                                                                    Actor actor) {
  CO_TRY(auto before, load_operator(base_.core.reader(), id));
  Operator person = std::move(before.value);
  if (person.enabled == enabled) {
    co_return fail(ErrorKind::conflict, "state_unchanged",
                   enabled ? "the operator is enabled" : "the operator is disabled");
  }
  person.enabled = enabled;
  storage::Transaction transaction = base_.core.transaction();
  transaction.require_unchanged(operators_table, operator_key(id), before.tag, changed_meanwhile());
  put_operator(transaction, person);
  transaction.audit(
      audit_event(base_, actor, enabled ? "OPERATOR_ENABLED" : "OPERATOR_DISABLED", "operator", id));
  CO_TRY(auto receipt, co_await base_.writer.commit(std::move(transaction), region::AckClass::security));
  co_return Written<Operator>{.value = std::move(person), .receipt = receipt};
}

Result<Operator> OperatorService::get(const std::string& id) const {
  TRY(auto loaded, load_operator(base_.core.reader(), id));
  return std::move(loaded.value);
}

Result<std::vector<Operator>> OperatorService::list() const {
  std::vector<Operator> people;
  Result<> decoded;
  TRY_VOID(base_.core.reader().scan(
      operators_table, {}, {}, all_rows, [&](BytesView key, const storage::Stored& stored) {
        auto person = decode_operator(storage::KeyReader(key).text(), stored.plain);
        if (!person) return void(decoded = fail(person.error()));
        people.push_back(*std::move(person));
      }));
  TRY_VOID(std::move(decoded));
  std::ranges::sort(people, {}, &Operator::name);
  return people;
}

Result<> OperatorService::make_room(storage::Transaction& transaction) const {
  const WallTime now = base_.clock.now();
  std::size_t kept = 0;
  std::size_t swept = 0;
  TRY_VOID(base_.core.reader().scan(admin_tokens_table, {}, {}, all_rows,
                                    [&](BytesView key, const storage::Stored& stored) {
                                      const auto token = decode_admin_token(stored.plain);
                                      const bool expired = token && now >= token->expires_at;
                                      if (!expired) return void(++kept);
                                      if (swept == swept_at_once) return;
                                      transaction.erase(admin_tokens_table, key);
                                      ++swept;
                                    }));
  if (kept < max_admin_tokens) return {};
  return fail(ErrorKind::conflict, "too_many_admin_tokens",
              "there are " + std::to_string(kept) + " admin tokens: revoke some that are not needed");
}

async::Task<Result<Written<CreatedAdminToken>>> OperatorService::create_token(NewAdminToken wanted,
                                                                              Actor actor,
                                                                              region::AckClass ack_class) {
  const WallTime now = base_.clock.now();
  AdminToken token{.id = crypto::random_uuid(base_.entropy),
                   .name = std::move(wanted.name),
                   .operator_id = std::move(wanted.operator_id),
                   .scopes = std::move(wanted.scopes),
                   .region = std::move(wanted.region),
                   .created_at = now,
                   .expires_at = now + wanted.lifetime};
  CO_TRY_VOID(check_admin_token(token));
  Secret secret = new_admin_token(base_.entropy);
  storage::Transaction transaction = base_.core.transaction();
  CO_TRY_VOID(co_await async::offload(base_.disk, [&] { return make_room(transaction); }));
  transaction.require_present(operators_table, operator_key(token.operator_id),
                              not_found("no such operator"));
  put_token(transaction, admin_token_hash(secret.expose()), token);
  transaction.audit(audit_event(base_, actor, "ADMIN_TOKEN_CREATED", "admin_token", token.id,
                                {{"operator", token.operator_id}, {"boundTo", token.region.str()}}));
  CO_TRY_VOID(board(actor.rider, transaction, token));
  CO_TRY(auto receipt, co_await base_.writer.commit(std::move(transaction), ack_class));
  co_return Written<CreatedAdminToken>{.value = {.token = std::move(token), .secret = std::move(secret)},
                                       .receipt = receipt};
}

async::Task<Result<region::CommitReceipt>> OperatorService::revoke_token(std::string token_id, Actor actor) {
  storage::Transaction transaction = base_.core.transaction();
  CO_TRY_VOID(co_await async::offload(base_.disk, [&] {
    return base_.core.reader().scan(
        admin_tokens_table, {}, {}, all_rows, [&](BytesView key, const storage::Stored& stored) {
          const auto token = decode_admin_token(stored.plain);
          if (!token || token->id != token_id) return;
          transaction.require_present(admin_tokens_table, key, not_found("no such token"));
          transaction.erase(admin_tokens_table, key);
        });
  }));
  if (transaction.empty()) co_return fail(not_found("no such token"));
  transaction.audit(audit_event(base_, actor, "ADMIN_TOKEN_REVOKED", "admin_token", token_id));
  co_return co_await base_.writer.commit(std::move(transaction), region::AckClass::security);
}

async::Task<Result<region::CommitReceipt>> OperatorService::record_metrics_token_revoked(std::string token_id,
                                                                                         Actor actor) {
  storage::Transaction transaction = base_.core.transaction();
  transaction.audit(audit_event(base_, actor, "METRICS_TOKEN_REVOKED", "metrics_token", token_id));
  co_return co_await base_.writer.commit(std::move(transaction));
}

Result<> OperatorService::erase_tokens_of(storage::Transaction& transaction, const RegionName& region) const {
  return base_.core.reader().scan(admin_tokens_table, {}, {}, all_rows,
                                  [&](BytesView key, const storage::Stored& stored) {
                                    const auto token = decode_admin_token(stored.plain);
                                    if (token && token->region == region)
                                      transaction.erase(admin_tokens_table, key);
                                  });
}

Result<std::vector<AdminToken>> OperatorService::tokens() const {
  std::vector<AdminToken> tokens;
  Result<> decoded;
  TRY_VOID(base_.core.reader().scan(admin_tokens_table, {}, {}, all_rows,
                                    [&](BytesView, const storage::Stored& stored) {
                                      auto token = decode_admin_token(stored.plain);
                                      if (!token) return void(decoded = fail(token.error()));
                                      tokens.push_back(*std::move(token));
                                    }));
  TRY_VOID(std::move(decoded));
  std::ranges::sort(tokens, {}, &AdminToken::created_at);
  return tokens;
}

Result<OperatorPrincipal> OperatorService::authenticate(std::string_view text) {
  if (text.size() < 20 || text.size() > 128) return not_a_token("admin token: no token of ours");
  const Bytes hash = admin_token_hash(text);
  const auto token = state_->tokens.get(hash, [&]() -> Result<std::shared_ptr<const AdminToken>> {
    TRY(const auto found, base_.core.reader().find(admin_tokens_table, hash));
    if (!found) return not_a_token("admin token: unknown");
    TRY(auto decoded, decode_admin_token(found->plain));
    return std::make_shared<const AdminToken>(std::move(decoded));
  });
  if (!token) return fail(token.error());
  const AdminToken& known = **token;
  if (base_.clock.now() >= known.expires_at) return not_a_token("admin token: expired");
  if (!known.region.empty() && known.region != base_.region)
    return not_a_token("admin token: another region's");
  const auto person = state_->operators.get(
      operator_key(known.operator_id), [&]() -> Result<std::shared_ptr<const Operator>> {
        TRY(auto loaded, load_operator(base_.core.reader(), known.operator_id));
        return std::make_shared<const Operator>(std::move(loaded.value));
      });
  if (!person && person.error().kind != ErrorKind::not_found) return fail(person.error());
  if (!person || !(*person)->enabled) return not_a_token("admin token: its operator is gone or disabled");
  return OperatorPrincipal{.operator_id = known.operator_id,
                           .operator_name = (*person)->name,
                           .token_id = known.id,
                           .token_name = known.name,
                           .scopes = known.scopes};
}

}  // namespace holdfast::identity
