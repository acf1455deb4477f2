#pragma once

#include <filesystem>
#include <optional>

#include "holdfast/api/metrics_token.h"
#include "holdfast/storage/local_db.h"

namespace holdfast::app {

inline constexpr std::string_view metrics_token_file_name = "metrics-token";

/// Draws this region's token for /metrics: its hash goes into local.db, the token into `file` (0600), for the
/// scraper. It lives for 366 days; later ones are made with `holdfast admin-token create --scope metrics`.
Result<> make_metrics_token(storage::LocalDb& local, const std::filesystem::path& file, WallTime now);

/// Absent in a region that was made before there was one.
Result<std::optional<api::MetricsToken>> load_metrics_token(const storage::LocalDb& local);
Result<> erase_metrics_token(storage::LocalDb& local);

}  // namespace holdfast::app
