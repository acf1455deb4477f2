#include "routes.h"

#include <nlohmann/json.hpp>

#include "holdfast/api/admin_auth.h"
#include "holdfast/api/app_authenticator.h"
#include "holdfast/api/apps_endpoints.h"
#include "holdfast/api/cognito_endpoint.h"
#include "holdfast/api/health.h"
#include "holdfast/api/identity_endpoints.h"
#include "holdfast/api/metrics_endpoint.h"
#include "holdfast/api/min_position.h"
#include "holdfast/api/objects_endpoints.h"
#include "holdfast/api/oidc_endpoints.h"
#include "holdfast/api/openapi.h"
#include "holdfast/api/problem.h"
#include "holdfast/api/region_endpoints.h"
#include "holdfast/base/json.h"
#include "region_reading.h"

namespace holdfast::app {
namespace {

/// Memory only: health is answered on the I/O thread.
api::HealthChecks health_checks(Foundation& base, const Readiness& readiness) {
  return {.ready = [&readiness] { return readiness.answer(); },
          .takes_traffic = [&base] { return base.state.should_get_traffic(); },
          .takes_primary_traffic =
              [&base] { return base.state.should_get_primary_traffic() && base.committer.open(); },
          .role = [&base] { return std::string(region::to_string(base.state.role())); },
          .region = base.stores.node.region.str()};
}

api::PrimaryUrl primary_url(Foundation& base) {
  return [&base]() -> std::optional<std::string> {
    const auto view = base.state.view();
    if (!view.primary || view.primary->public_url.empty()) return std::nullopt;
    return view.primary->public_url;
  };
}

api::ObjectEndpointParts object_parts(Foundation& base, Services& services) {
  return {.objects = services.objects,
          .buckets = services.buckets,
          .apps = services.apps,
          .clock = base.clock,
          .judge_again =
              api::app_authenticator_at_the_end(services.apps, services.buckets, services.identity->tokens)};
}

/// Last of all: the documents list every row.
void add_documents(const Config& config, http::Router& public_router, const http::Router& objects_router,
                   http::Router& admin_router) {
  const auto for_clients = api::add_openapi_row(public_router);
  const auto for_operators = api::add_openapi_row(admin_router);
  *for_clients = to_json_text(api::openapi_document(
      HOLDFAST_VERSION,
      {{.tag = "public", .url = config.public_listener.advertise, .router = &public_router},
       {.tag = "objects", .url = config.objects_listener.advertise, .router = &objects_router}}));
  *for_operators = to_json_text(
      api::openapi_document(HOLDFAST_VERSION, {{.tag = "admin", .url = "/", .router = &admin_router}}));
}

}  // namespace

FrontListeners make_routes(const Config& config, Foundation& base, Services& services,
                           replication::JoinDesk& desk, replication::Replication& replication,
                           api::OwnMetricsToken& metrics_token, const Readiness& readiness) {
  auto public_router = std::make_shared<http::Router>();
  auto objects_router = std::make_shared<http::Router>();
  auto admin_router = std::make_shared<http::Router>();

  for (const auto& router : {public_router, objects_router, admin_router}) {
    api::add_health_rows(*router, health_checks(base, readiness));
  }
  api::add_region_endpoints(*admin_router,
                            {.core = *base.stores.core,
                             .authority = *base.authority,
                             .state = base.state,
                             .members = *base.members,
                             .peers = base.peers,
                             .desk = desk,
                             .replication = replication,
                             .disk = base.disk,
                             .clock = base.clock,
                             .acknowledge = *base.acknowledge,
                             .writer = base.writer,
                             .operators = services.identity->operators,
                             .role_watch = std::make_shared<api::RoleWatch>(base.state, base.clock),
                             .commit_open = [&base] { return base.committer.open(); }});

  api::add_oidc_rows(*public_router, {.identity = *services.identity,
                                      .oidc = services.oidc,
                                      .origins = services.origins,
                                      .issuer_base = services.issuer_base});
  api::add_cognito_rows(*public_router, {.identity = *services.identity, .origins = services.origins});
  api::add_app_rows(
      *public_router,
      {.apps = services.apps, .comments = services.comments, .repeats = services.identity->repeats});
  api::add_object_rows(*objects_router, object_parts(base, services));
  api::add_identity_endpoints(*admin_router, {.identity = *services.identity,
                                              .core = *base.stores.core,
                                              .disk = base.disk,
                                              .region = base.stores.node.region,
                                              .own_metrics_token = &metrics_token});
  api::add_app_admin_rows(*admin_router, {.apps = services.apps,
                                          .buckets = services.buckets,
                                          .repeats = services.identity->repeats,
                                          .disk = base.disk});
  api::add_metrics_row(*admin_router, base.disk, region_reader(config, base, replication, metrics_token));

  add_documents(config, *public_router, *objects_router, *admin_router);

  const auto errors = api::problem_renderer(primary_url(base));
  const auto users = api::app_authenticator(services.apps, services.buckets, services.identity->tokens);
  const auto min_position = api::min_position(*base.positions);
  return {.public_listener = {.router = public_router,
                              .authenticate = users,
                              .prepare = min_position,
                              .errors = errors,
                              .decorate = api::count_requests("public", public_router)},
          .objects = {.router = objects_router,
                      .authenticate = users,
                      .prepare = min_position,
                      .errors = api::s3_error_response,
                      .decorate = api::count_requests("objects", objects_router, api::protect_object_answer)},
          .admin = {.router = admin_router,
                    .authenticate = api::with_metrics_token(
                        metrics_token, base.clock, api::admin_authenticator(services.identity->operators)),
                    .prepare = api::min_position(*base.positions),  // operators wait in places of their own
                    .errors = errors,
                    .decorate = api::count_requests("admin", admin_router)}};
}

}  // namespace holdfast::app
