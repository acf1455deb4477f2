#pragma once

#include <functional>

#include "holdfast/api/metrics_token.h"
#include "holdfast/api/region_metrics.h"
#include "holdfast/async/offload.h"
#include "holdfast/base/clock.h"
#include "holdfast/http/router.h"
#include "holdfast/http/server.h"

namespace holdfast::api {

/// `GET /metrics` with AuthLevel::metrics: answered also under overload. `read` runs on a disk thread.
void add_metrics_row(http::Router& router, async::DiskPool& disk, std::function<RegionReading()> read);

/// Takes `own`, which outlives this, for rows of AuthLevel::metrics; everything else is asked of `others`.
http::Authenticator with_metrics_token(const OwnMetricsToken& own, const Clock& clock,
                                       http::Authenticator others);

/// Counts what the rows of `router` answer, by listener, method, route template and status class, and how
/// long it took until the answer was ready to be sent; then runs `next` first, if there is one. Make it when
/// all rows are there. No lock but for the first answer of each kind.
http::Decorator count_requests(std::string_view listener, std::shared_ptr<const http::Router> router,
                               http::Decorator next = {});

}  // namespace holdfast::api
