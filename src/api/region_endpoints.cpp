#include "holdfast/api/region_endpoints.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "admin_support.h"
#include "holdfast/api/admin_auth.h"
#include "holdfast/api/json_body.h"
#include "holdfast/api/region_metrics.h"
#include "holdfast/api/written.h"
#include "holdfast/base/json.h"
#include "holdfast/region/member_removal.h"

namespace holdfast::api {
namespace {

using http::AuthLevel;
using http::Method;
using http::Request;
using http::Response;

constexpr std::chrono::seconds default_verify_limit{120};

std::string_view state_of(const region::PeerStatus& peer) {
  if (peer.slot == region::SlotState::lost) return "lost";
  return peer.connected ? "streaming" : "disconnected";
}

nlohmann::json seconds_json(std::chrono::nanoseconds time) {
  return std::chrono::duration<double>(time).count();
}

nlohmann::json describe_peer(const region::PeerStatus& peer, const storage::Head& durable, SteadyTime now) {
  const auto lag = lag_of(peer, durable, now);
  return {{"name", peer.name.str()},
          {"state", state_of(peer)},
          {"durablePosition",
           peer.durable ? nlohmann::json(storage::to_string(*peer.durable)) : nlohmann::json()},
          {"lagSeconds", lag.seconds.value_or(std::chrono::duration<double>(peer.lag).count())},
          {"lagBytes", lag.bytes.value_or(peer.lag_bytes)},
          {"blobsMissing", peer.blobs_missing},
          {"heardSecondsAgo", peer.heard_at ? seconds_json(now - *peer.heard_at) : nlohmann::json()},
          {"atRisk", peer.slot == region::SlotState::at_risk},
          {"diverged", peer.diverged}};
}

nlohmann::json describe_snapshot(const replication::SnapshotProgress& progress) {
  return {{"from", progress.from.str()},
          {"reason", progress.reason},
          {"receivedBytes", progress.received_bytes},
          {"totalBytes", progress.total_bytes},
          {"remainingSeconds",
           progress.remaining ? nlohmann::json(progress.remaining->count()) : nlohmann::json()}};
}

nlohmann::json describe_acknowledge(const region::AcknowledgeSettings& settings) {
  nlohmann::json rules = nlohmann::json::array();
  for (const auto& [ack_class, rule] : settings.all()) {
    rules.push_back({{"class", region::to_string(ack_class)},
                     {"needed", rule.needed},
                     {"of", rule.of},
                     {"inForce", rule.in_force}});
  }
  return rules;
}

/// What says why this region may not write, and since when.
void describe_standing(nlohmann::json& json, const RegionParts& parts, const region::RegionView& view) {
  if (parts.role_watch) {
    const auto since = parts.role_watch->since();
    json["since"] = to_rfc3339(since);
    json["sinceSeconds"] = std::max(std::int64_t{0}, to_seconds(parts.clock.now()) - to_seconds(since));
  }
  if (parts.commit_open) json["mayWrite"] = view.role == region::Role::primary && parts.commit_open();
  if (view.role != region::Role::fenced) return;
  json["reason"] = region::to_string(view.fence_reason);
  json["reasonCode"] = fence_reason_code(view.fence_reason);
  const auto decision = parts.authority.last_decision();
  auto& names = json["waitingFor"] = nlohmann::json::array();
  for (const auto& name : decision.waiting_for) names.push_back(name.str());
  if (decision.higher_reign_claimed) json["higherReignClaimed"] = true;
  if (!decision.pull_from) return;
  const auto here = parts.core.applied().index;
  json["pullsFrom"] = decision.pull_from->str();
  json["batchesMissing"] = decision.pull_up_to - std::min(decision.pull_up_to, here);
}

nlohmann::json describe_region(const RegionParts& parts) {
  const auto view = parts.state.view();
  nlohmann::json secondaries = nlohmann::json::array();
  if (view.role == region::Role::primary) {
    for (const auto& peer : parts.peers.all())
      secondaries.push_back(describe_peer(peer, parts.core.durable(), parts.clock.steady_now()));
  }
  nlohmann::json json{
      {"name", view.self.str()},
      {"role", region::to_string(view.role)},
      {"term", {{"reign", view.term.reign}, {"incarnation", view.term.incarnation}}},
      {"position", storage::to_string(storage::position_of(parts.core.durable()))},
      {"primary", view.primary ? nlohmann::json(view.primary->name.str()) : nlohmann::json()},
      {"secondaries", std::move(secondaries)},
      {"takesTraffic", parts.state.should_get_traffic()},
      {"acknowledge", describe_acknowledge(parts.acknowledge)},
  };
  describe_standing(json, parts, view);
  if (view.cut_off_since) {
    const auto silence = parts.clock.steady_now() - *view.cut_off_since;
    json["cutOffSeconds"] = std::chrono::duration<double>(silence).count();
  }
  if (const auto progress = parts.replication.snapshot_progress())
    json["snapshot"] = describe_snapshot(*progress);
  return json;
}

async::Task<Result<Response>> show_region(RegionParts parts) {
  co_return json_response(200, describe_region(parts));
}

replication::JoinDesk::TokenRequest read_token_request(JsonFields& fields) {
  replication::JoinDesk::TokenRequest wanted{.node = RegionName(fields.text("name"))};
  wanted.may_promote = fields.find_flag("mayPromote").value_or(true);
  if (const auto minutes = fields.find_number("minutes", 1, replication::max_join_token_age.count()))
    wanted.age = std::chrono::minutes(*minutes);
  return wanted;
}

async::Task<Result<Response>> create_join_token(RegionParts parts, const Request* request) {
  CO_TRY(auto wanted, read_json(request->body, read_token_request));
  wanted.created_by = operator_actor(*request).id;
  wanted.request_id = request->request_id;
  CO_TRY(const auto made, co_await parts.desk.create_token(std::move(wanted)));
  const auto encoded = made.token.encode();
  co_return written_response(201,
                             {{"name", made.token.node.str()},
                              {"token", encoded.expose()},
                              {"expiresAt", to_rfc3339(made.token.expires)}},
                             made.receipt);
}

nlohmann::json describe_report(const replication::VerifyReport& report) {
  nlohmann::json different = nlohmann::json::array();
  for (const auto& range : report.there) {
    different.push_back({{"family", range.family}, {"rowsThere", range.rows}});
  }
  return {{"region", report.member.str()},
          {"position", storage::to_string(report.at)},
          {"rows", report.rows},
          {"ranges", report.ranges},
          {"identical", report.identical()},
          {"different", std::move(different)}};
}

/// A member that was just heard may be dialling again and is waited for; one that is gone is not.
Result<> check_live(const RegionParts& parts, const RegionName& name) {
  if (!parts.state.may_write()) return fail(parts.state.refusal());
  if (parts.peers.live(name)) return {};
  return fail(ErrorKind::unavailable, "member_away", "region " + name.str() + " is not connected");
}

async::Task<Result<replication::VerifyReport>> verify_member(const RegionParts* parts, RegionName name,
                                                             std::string request_id) {
  CO_TRY_VOID(check_live(*parts, name));
  co_return co_await parts->replication.verify(std::move(name), default_verify_limit, std::move(request_id));
}

/// A member that could not be compared is neither identical nor different.
nlohmann::json describe_failure(const RegionName& name, const Error& error) {
  return {{"region", name.str()},
          {"identical", false},
          {"error", {{"code", error.code}, {"detail", error.message}}}};
}

async::Task<Result<Response>> verify_members(RegionParts parts, const Request* request) {
  const BytesView body = request->body.empty() ? BytesView("{}") : BytesView(request->body);
  CO_TRY(const auto only, read_json(body, [](JsonFields& fields) { return fields.find_text("region"); }));
  nlohmann::json reports = nlohmann::json::array();
  bool all_identical = true;
  for (const auto& member : parts.members.others()) {
    if (only && *only != member.name.str()) continue;
    const auto report = co_await verify_member(&parts, member.name, request->request_id);
    // Asked for one, its refusal is the answer; asked for all, the others' reports are worth having.
    const bool ends_all = !report && (only || report.error().kind == ErrorKind::read_only);
    if (ends_all) co_return fail(report.error());
    all_identical = all_identical && report && report->identical();
    reports.push_back(report ? describe_report(*report) : describe_failure(member.name, report.error()));
  }
  if (reports.empty())
    co_return fail(ErrorKind::not_found, "not_found", "no such other region to compare with");
  co_return json_response(200, {{"identical", all_identical}, {"reports", std::move(reports)}});
}

async::Task<Result<Response>> change_fence(RegionParts parts, bool fence, const Request* request) {
  CO_TRY_VOID(check_no_fields(request->body));
  const auto view = parts.state.view();
  const bool is_fenced = view.role == region::Role::fenced;
  if (fence && view.role == region::Role::secondary) {
    co_return fail(ErrorKind::conflict, "not_primary",
                   "a secondary refuses writes as it is: fence the primary");
  }
  // A working region that is unfenced again would ask everybody for leave to write, and wait for them.
  if (fence ? is_fenced && view.fence_reason == region::FenceReason::by_operator : !is_fenced) {
    co_return fail(ErrorKind::conflict, "state_unchanged",
                   fence ? "this region is fenced by an operator already" : "this region is not fenced");
  }
  auto change = [authority = &parts.authority, fence, request]() -> Result<> {
    return fence ? authority->fence(region::FenceReason::by_operator, request->request_id)
                 : authority->unfence();
  };
  CO_TRY_VOID(co_await async::offload(parts.disk, std::move(change)));  // it syncs local.db
  co_return json_response(200, describe_region(parts));
}

async::Task<Result<Response>> remove_region(RegionParts parts, const Request* request) {
  CO_TRY_VOID(check_no_fields(request->body));
  const auto force = request->query("force");
  if (force && *force != "true" && *force != "false")
    co_return fail(ErrorKind::invalid, "invalid_field", "force must be true or false");
  RegionName name(std::string(request->param("name")));
  CO_TRY(const auto receipt,
         co_await region::remove_member(
             {.core = parts.core,
              .peers = parts.peers,
              .acknowledge = parts.acknowledge,
              .writer = parts.writer,
              .clock = parts.clock},
             {.name = name,
              .even_if_live = force == "true",
              .operator_id = operator_actor(*request).id,
              .request_id = request->request_id,
              .also = [operators = &parts.operators, name](storage::Transaction& transaction) {
                return operators->erase_tokens_of(transaction, name);
              }}));
  auto response = json_response(200, describe_region(parts));
  add_receipt(response, receipt);
  co_return response;
}

}  // namespace

void add_region_endpoints(http::Router& router, const RegionParts& parts) {
  const auto add = [&](Method method, std::string path, AuthLevel auth, http::Handler handler,
                       http::RowAbout about) {
    add_admin_row(router, {.method = method,
                           .path = std::move(path),
                           .auth = auth,
                           .handler = std::move(handler),
                           .about = std::move(about)});
  };
  add(Method::get, "/admin/v1/region", AuthLevel::operator_read,
      [parts](Request*) { return show_region(parts); },
      {.summary = "What this region is, and how far behind its secondaries are."});
  add(Method::post, "/admin/v1/join-tokens", AuthLevel::operator_write,
      [parts](Request* request) { return create_join_token(parts, request); },
      {.summary = "Draws a token that lets one region join, once.", .takes = json_type, .success = 201});
  add(Method::del, "/admin/v1/region/members/{name}", AuthLevel::operator_write,
      [parts](Request* request) { return remove_region(parts, request); },
      {.summary = "Shuts a member out for good.", .query = {"force"}});
  // It changes nothing, so a token that may look may ask for it.
  add(Method::post, "/admin/v1/region/verify", AuthLevel::operator_read,
      [parts](Request* request) { return verify_members(parts, request); },
      {.summary = "Compares secondaries with this region at one position.", .takes = json_type});
  add(Method::post, "/admin/v1/region/fence", AuthLevel::operator_write,
      [parts](Request* request) { return change_fence(parts, true, request); },
      {.summary = "Fences this region: it writes nothing until it is unfenced."});
  add(Method::post, "/admin/v1/region/unfence", AuthLevel::operator_write,
      [parts](Request* request) { return change_fence(parts, false, request); },
      {.summary = "Takes an operator's fence away."});
}

}  // namespace holdfast::api
