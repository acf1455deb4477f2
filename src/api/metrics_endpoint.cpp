#include "holdfast/api/metrics_endpoint.h"

#include <array>
#include <atomic>
#include <unordered_map>
#include <utility>

#include "bearer.h"

namespace holdfast::api {
namespace {

using http::AuthLevel;
using http::Request;
using http::Response;

metrics::HistogramFamily request_durations{
    "holdfast_http_request_duration_seconds",
    "Time from a request's head to its answer, by route template and class of status.",
    {"listener", "method", "route", "status"}};

async::Task<Result<Response>> show_metrics(async::DiskPool* disk,
                                           std::shared_ptr<const std::function<RegionReading()>> read) {
  CO_TRY(auto text,
         co_await async::offload(*disk, [read] { return ops::metrics_text(region_families((*read)())); }));
  auto response = http::respond(200, ops::metrics_content_type, std::move(text));
  response.headers.set("Cache-Control", "no-store");
  co_return response;
}

async::Task<Result<http::Principal>> admit_scraper() { co_return http::Principal(); }

/// The histograms of one row, made as they are needed: of most rows most classes never come.
class RowDurations {
 public:
  RowDurations(std::string_view listener, std::string_view method, std::string_view route)
      : listener_(listener), method_(method), route_(route) {}

  metrics::Histogram& of(int status) {
    constexpr int classes = 5;
    const int index = std::clamp(status / 100, 1, classes) - 1;
    auto& kept = by_class_[static_cast<std::size_t>(index)];
    if (auto* known = kept.load(std::memory_order_acquire)) return *known;
    auto& made = request_durations.with({listener_, method_, route_, std::to_string(index + 1) + "xx"});
    kept.store(&made, std::memory_order_release);
    return made;
  }

 private:
  std::string listener_;
  std::string method_;
  std::string route_;
  std::array<std::atomic<metrics::Histogram*>, 5> by_class_{};
};

/// All rows of one listener; what matched no row counts as route "none".
class ListenerDurations {
 public:
  ListenerDurations(std::string_view listener, std::shared_ptr<const http::Router> router)
      : router_(std::move(router)), none_(listener, "none", "none") {
    for (const auto& row : router_->rows())
      rows_.try_emplace(row->path.data(), listener, to_string(row->method), row->path);
  }

  void observe(const Request& request, int status) {
    // Request::route points into its row, which no other row shares.
    const auto known = rows_.find(request.route.data());
    auto& row = request.route.empty() || known == rows_.end() ? none_ : known->second;
    row.of(status).observe(system_clock().steady_now() - request.received_at);
  }

 private:
  std::shared_ptr<const http::Router> router_;
  std::unordered_map<const char*, RowDurations> rows_;
  RowDurations none_;
};

}  // namespace

void add_metrics_row(http::Router& router, async::DiskPool& disk, std::function<RegionReading()> read) {
  const auto shared = std::make_shared<const std::function<RegionReading()>>(std::move(read));
  router.add({.path = "/metrics",
              .auth = AuthLevel::metrics,
              .handler = [disk = &disk, shared](Request*) { return show_metrics(disk, shared); },
              .always = true,
              .about = {.summary = "Metrics of this region, as Prometheus text."}});
}

http::Authenticator with_metrics_token(const OwnMetricsToken& own, const Clock& clock,
                                       http::Authenticator others) {
  return [own = &own, clock = &clock, others = std::move(others)](const Request* request, AuthLevel level) {
    if (level != AuthLevel::metrics) return others(request, level);
    return own->admits(bearer_token(*request), clock->now()) ? admit_scraper() : others(request, level);
  };
}

http::Decorator count_requests(std::string_view listener, std::shared_ptr<const http::Router> router,
                               http::Decorator next) {
  auto durations = std::make_shared<ListenerDurations>(listener, std::move(router));
  return
      [durations = std::move(durations), next = std::move(next)](const Request& request, Response& response) {
        if (next) next(request, response);
        durations->observe(request, response.status);
      };
}

}  // namespace holdfast::api
