#pragma once

#include <functional>
#include <optional>

#include "holdfast/api/region_metrics.h"
#include "holdfast/async/offload.h"
#include "holdfast/base/clock.h"
#include "holdfast/http/router.h"
#include "holdfast/http/server.h"

namespace holdfast::api {

/// The token that `init` or `join` made for this region's /metrics: opens that and nothing else, also before
/// the first sync, when the store holds no admin token yet.
struct MetricsToken {
  Bytes hash;  ///< SHA-256 of the token
  WallTime expires;
};

/// `hfm_` and 256 random bits: recognisable where it leaks.
Secret new_metrics_token();
Bytes metrics_token_hash(BytesView token);

/// `GET /metrics` with AuthLevel::metrics: answered also under overload. `read` runs on a disk thread.
void add_metrics_row(http::Router& router, async::DiskPool& disk, std::function<RegionReading()> read);

/// Takes `own` for rows of AuthLevel::metrics; everything else is asked of `others`.
http::Authenticator with_metrics_token(std::optional<MetricsToken> own, const Clock& clock,
                                       http::Authenticator others);

/// Counts what the rows of `router` answer, by listener, method, route template and status class, and how
/// long it took until the answer was ready to be sent; then runs `next` first, if there is one. Make it when
/// all rows are there. No lock but for the first answer of each kind.
http::Decorator count_requests(std::string_view listener, std::shared_ptr<const http::Router> router,
                               http::Decorator next = {});

}  // namespace holdfast::api
