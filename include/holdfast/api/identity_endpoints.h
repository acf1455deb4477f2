#pragma once

#include "holdfast/api/metrics_token.h"
#include "holdfast/async/offload.h"
#include "holdfast/base/ids.h"
#include "holdfast/http/router.h"
#include "holdfast/identity/identity.h"
#include "holdfast/storage/core_db.h"

namespace holdfast::api {

/// What the identity endpoints of the admin listener work on; all of it outlives the router.
struct IdentityParts {
  identity::Identity& identity;
  storage::CoreDb& core;
  async::DiskPool& disk;  ///< for reads of users and lists, which may touch the disk
  RegionName region;      ///< this one: admin tokens are for it unless they name another
  OwnMetricsToken* own_metrics_token = nullptr;  ///< listed and revoked beside the admin tokens
};

/// Every row below, as docs/api/admin.md has them. The listener authenticates with admin_authenticator.
void add_identity_endpoints(http::Router& router, const IdentityParts& parts);

/// `/admin/v1/pools`
void add_pool_endpoints(http::Router& router, const IdentityParts& parts);
/// `/admin/v1/pools/{pool}/clients`
void add_client_endpoints(http::Router& router, const IdentityParts& parts);
/// `/admin/v1/pools/{pool}/users`
void add_user_endpoints(http::Router& router, const IdentityParts& parts);
/// `/admin/v1/pools/{pool}/groups` and who is in them
void add_group_endpoints(http::Router& router, const IdentityParts& parts);
/// `/admin/v1/pools/{pool}/keys`, `POST /admin/v1/keys/rotate`
void add_key_endpoints(http::Router& router, const IdentityParts& parts);
/// `/admin/v1/operators`, `/admin/v1/admin-tokens`
void add_operator_endpoints(http::Router& router, const IdentityParts& parts);
/// `GET /admin/v1/audit`
void add_audit_endpoints(http::Router& router, const IdentityParts& parts);

}  // namespace holdfast::api
