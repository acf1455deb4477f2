// The audit trail (docs/api/admin.md, "Audit").
#include "admin_support.h"
#include "holdfast/api/json_body.h"
#include "holdfast/identity/page_token.h"
#include "holdfast/storage/audit_event.h"
#include "holdfast/storage/reader.h"

namespace holdfast::api {
namespace {

using http::AuthLevel;
using http::Method;
using http::Request;
using http::Response;
using storage::AuditEvent;

struct AuditQuery {
  WallTime from;
  WallTime until = WallTime::max();
  identity::PageQuery page;
};

nlohmann::json describe_audit_event(const AuditEvent& event) {
  return {{"time", to_rfc3339(event.time)},
          {"kind", event.kind},
          {"actor", {{"kind", event.actor_kind}, {"id", event.actor}}},
          {"target", {{"kind", event.target_kind}, {"id", event.target}}},
          {"region", event.region},
          {"requestId", text_or_null(event.request_id)},
          {"details", event.details}};
}

Result<WallTime> read_audit_time(const Request& request, std::string_view name, WallTime otherwise) {
  const auto text = request.query(name);
  if (!text) return otherwise;
  const auto time = from_rfc3339(*text);
  if (!time) {
    return fail(ErrorKind::invalid, "invalid_field",
                std::string(name) + " must be a time like 2025-01-31T12:00:00Z");
  }
  return std::max(*time, WallTime{});  // keys count from the epoch
}

Result<AuditQuery> read_audit_query(const Request& request) {
  AuditQuery query;
  TRY(query.page, page_query(request));
  TRY(query.from, read_audit_time(request, "from", query.from));
  TRY(query.until, read_audit_time(request, "until", query.until));
  return query;
}

Result<identity::Page<AuditEvent>> read_events(const storage::CoreDb& core, const AuditQuery& query) {
  constexpr std::string_view list = "audit";
  TRY(const auto after, identity::page_key(list, query.page.next));
  identity::Page<AuditEvent> page;
  Bytes last;
  TRY_VOID(storage::scan_audit(core.reader(), query.from, query.until, after, query.page.limit + 1,
                               [&](BytesView key, AuditEvent event) {
                                 if (page.items.size() == query.page.limit) {
                                   page.next = identity::page_token(list, last);
                                   return;
                                 }
                                 last = Bytes(key);
                                 page.items.push_back(std::move(event));
                               }));
  return page;
}

async::Task<Result<Response>> list_audit_events(IdentityParts parts, Request* request) {
  CO_TRY(const auto query, read_audit_query(*request));
  auto read = [&] { return read_events(parts.core, query); };
  CO_TRY(const auto page, co_await async::offload(parts.disk, std::move(read)));
  co_return json_response(200, describe_page("events", page, describe_audit_event));
}

}  // namespace

void add_audit_endpoints(http::Router& router, const IdentityParts& parts) {
  add_admin_rows(router, parts,
                 {{Method::get,
                   "/admin/v1/audit",
                   AuthLevel::operator_read,
                   list_audit_events,
                   {.summary = "Lists audit events.", .query = {"from", "until", "limit", "next"}}}});
}

}  // namespace holdfast::api
