#pragma once

#include "holdfast/apps/comment_service.h"
#include "holdfast/async/offload.h"
#include "holdfast/http/router.h"
#include "holdfast/identity/idempotency_service.h"
#include "holdfast/objects/bucket_service.h"

namespace holdfast::api {

/// What the endpoints of apps call; everything outlives the router.
struct AppEndpointParts {
  apps::AppService& apps;
  apps::CommentService& comments;
  identity::IdempotencyService& repeats;
};

/// Public listener: `GET /state/{app}` and the comments of docs/api/apps.md, with CORS for each app's own
/// origins. Comments need app_authenticator.
void add_app_rows(http::Router& router, AppEndpointParts parts);

/// What the admin rows of apps call; everything outlives the router.
struct AppAdminParts {
  apps::AppService& apps;
  objects::BucketService& buckets;
  identity::IdempotencyService& repeats;
  async::DiskPool& disk;  ///< for lists, which may touch the disk
};

/// Admin listener: apps, their states and buckets. The authenticator puts an identity::OperatorPrincipal into
/// the request.
void add_app_admin_rows(http::Router& router, const AppAdminParts& parts);

}  // namespace holdfast::api
