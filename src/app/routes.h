#pragma once

#include "foundation.h"
#include "front.h"
#include "holdfast/api/metrics_endpoint.h"
#include "holdfast/replication/joining.h"
#include "holdfast/replication/replication.h"
#include "readiness.h"
#include "services.h"

namespace holdfast::app {

/// The route tables of all listeners: every endpoint of the daemon, in one place.
FrontListeners make_routes(const Config& config, Foundation& base, Services& services,
                           replication::JoinDesk& desk, replication::Replication& replication,
                           api::OwnMetricsToken& metrics_token, const Readiness& readiness);

}  // namespace holdfast::app
