#pragma once

#include <functional>
#include <memory>

#include "holdfast/api/role_watch.h"
#include "holdfast/async/offload.h"
#include "holdfast/base/clock.h"
#include "holdfast/http/router.h"
#include "holdfast/identity/operator_service.h"
#include "holdfast/region/acknowledge.h"
#include "holdfast/region/authority.h"
#include "holdfast/region/members.h"
#include "holdfast/region/peer_table.h"
#include "holdfast/region/region_state.h"
#include "holdfast/region/writer.h"
#include "holdfast/replication/joining.h"
#include "holdfast/replication/replication.h"
#include "holdfast/storage/core_db.h"

namespace holdfast::api {

/// What the region endpoints of the admin listener work on; all of it outlives the router.
struct RegionParts {
  storage::CoreDb& core;
  region::Authority& authority;
  region::RegionState& state;
  region::Members& members;
  region::PeerTable& peers;
  replication::JoinDesk& desk;
  replication::Replication& replication;
  async::DiskPool& disk;
  const Clock& clock;
  const region::AcknowledgeSettings& acknowledge;
  region::Writer& writer;
  identity::OperatorService& operators;
  /// Absent: `since` and `mayWrite` are left out.
  std::shared_ptr<const RoleWatch> role_watch;
  std::function<bool()> commit_open;
};

/// `GET /admin/v1/region`, `DELETE /admin/v1/region/members/{name}`, `POST /admin/v1/join-tokens`, `POST
/// /admin/v1/region/{verify,fence,unfence}` (docs/api/region.md).
void add_region_endpoints(http::Router& router, const RegionParts& parts);

}  // namespace holdfast::api
