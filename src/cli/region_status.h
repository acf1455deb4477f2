#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

namespace holdfast::cli {

/// The answer of `GET /admin/v1/region` for somebody who was woken by an alert: what this region is, may it
/// write and if not why, since when, who else there is and how far behind, and in the last line what to do.
/// Pure. Members that an older daemon does not send are left out.
std::string render_region_status(const nlohmann::json& region);

/// "0.02 s", "45 s", "12 min", "3 h 5 min", "2 d 4 h".
std::string in_words(double seconds);

}  // namespace holdfast::cli
