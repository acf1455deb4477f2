#pragma once

#include <memory>

#include "foundation.h"
#include "holdfast/app/config.h"
#include "holdfast/apps/app_service.h"
#include "holdfast/apps/comment_service.h"
#include "holdfast/apps/web_origins.h"
#include "holdfast/identity/identity.h"
#include "holdfast/objects/blob_upkeep.h"
#include "holdfast/objects/bucket_service.h"
#include "holdfast/objects/object_service.h"
#include "holdfast/oidc/oidc.h"
#include "maintenance.h"

namespace holdfast::app {

/// The domain rooms' services of one region, built in order on its foundation.
class Services {
 public:
  static Result<std::unique_ptr<Services>> open(const Config& config, Foundation& base);

  /// What the services do by the clock.
  void add_duties(const Config& config, Maintenance& maintenance);

  std::unique_ptr<identity::Identity> identity;
  oidc::Oidc oidc;
  apps::AppService apps;
  apps::WebOrigins origins;
  apps::CommentService comments;
  objects::BucketService buckets;
  objects::ObjectService objects;
  objects::BlobUpkeep blob_upkeep;
  std::string issuer_base;

 private:
  Services(const Config& config, Foundation& base, std::unique_ptr<identity::Identity> opened,
           std::string issuer);

  Foundation& base_;
};

}  // namespace holdfast::app
