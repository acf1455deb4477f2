#include "repeatable.h"

#include <algorithm>
#include <memory>
#include <optional>

#include "holdfast/base/json.h"
#include "holdfast/crypto/hash.h"
#include "holdfast/identity/operator_model.h"
#include "holdfast/identity/verified_user.h"
#include "holdfast/storage/position.h"

namespace holdfast::api {
namespace {

using http::Request;
using http::Response;

constexpr std::string_view key_header = "Idempotency-Key";
constexpr std::size_t max_idempotency_key_bytes = 255;
constexpr std::uint16_t created_status = 201;

struct Repeatable {
  identity::IdempotencyService* service;
  DescribeCreated describe;
  http::Handler inner;
};

Result<std::string> read_idempotency_key(const Request& request, std::string_view text) {
  const bool fine = !text.empty() && text.size() <= max_idempotency_key_bytes &&
                    request.headers.count(key_header) == 1 &&
                    std::ranges::all_of(text, [](char c) { return c > ' ' && c <= '~'; });
  if (fine) return std::string(text);
  return fail(ErrorKind::invalid, "invalid_idempotency_key",
              "Idempotency-Key must be there once: 1 to 255 visible ASCII characters");
}

/// Whom the listener's authenticator found; never two callers as one.
std::string caller_of(const Request& request) {
  if (const auto* person = request.principal.as<identity::OperatorPrincipal>())
    return "operator " + person->operator_id;
  if (const auto* user = request.principal.as<identity::VerifiedUser>())
    return "user " + user->pool.str() + " " + user->user.str() + " " + user->client.str();
  return {};
}

Response repeated_answer(const identity::KeptAnswer& kept, const storage::Position& position) {
  auto response = http::respond(kept.status, "application/json", kept.body);
  response.headers.add("Cache-Control", "no-store");
  response.headers.add("Holdfast-Position", storage::to_string(position));
  response.headers.add("Idempotency-Replayed", "true");
  return response;
}

async::Task<Result<Response>> handle_once(std::shared_ptr<const Repeatable> row, Request* request) {
  const auto text = request->headers.find(key_header);
  if (!text) co_return co_await row->inner(request);
  CO_TRY(auto key, read_idempotency_key(*request, *text));
  const identity::IdempotentRequest once{
      .caller = caller_of(*request),
      .route = std::string(http::to_string(request->method)) + " " + request->target.raw_path,
      .key = std::move(key),
      .body_hash = crypto::sha256(request->body)};
  CO_TRY(auto kept, row->service->find(once));
  if (kept) co_return repeated_answer(*kept, row->service->position());

  request->extra = identity::Rider([row, once](storage::Transaction& transaction, const std::any& created) {
    return row->service->keep(transaction, once, created_status, to_json_text(row->describe(created)));
  });
  auto answer = co_await row->inner(request);
  if (answer || answer.error().kind != ErrorKind::conflict) co_return answer;
  // Perhaps the same request, sent twice at once, was first.
  CO_TRY(kept, row->service->find(once));
  if (kept) co_return repeated_answer(*kept, row->service->position());
  co_return answer;
}

}  // namespace

http::Handler repeatable(identity::IdempotencyService& service, DescribeCreated describe,
                         http::Handler inner) {
  const auto row = std::make_shared<const Repeatable>(
      Repeatable{.service = &service, .describe = std::move(describe), .inner = std::move(inner)});
  return [row](Request* request) { return handle_once(row, request); };
}

identity::Rider rider_of(const Request& request) {
  const auto* rider = std::any_cast<identity::Rider>(&request.extra);
  return rider == nullptr ? identity::Rider() : *rider;
}

}  // namespace holdfast::api
