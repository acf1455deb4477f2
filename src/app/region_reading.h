#pragma once

#include <functional>

#include "foundation.h"
#include "holdfast/api/metrics_endpoint.h"
#include "holdfast/app/config.h"
#include "holdfast/replication/replication.h"

namespace holdfast::app {

/// Gives what a scrape of /metrics shows of this region. All arguments outlive it.
std::function<api::RegionReading()> region_reader(const Config& config, Foundation& base,
                                                  replication::Replication& replication,
                                                  const api::OwnMetricsToken& metrics_token);

}  // namespace holdfast::app
