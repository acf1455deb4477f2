#include "response_plan.h"

#include <array>
#include <chrono>
#include <cstdio>

#include "holdfast/base/text.h"

namespace holdfast::http {
std::string to_http_date(WallTime time) {
  static constexpr std::array<const char*, 7> days = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static constexpr std::array<const char*, 12> months = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(std::chrono::floor<std::chrono::seconds>(time - day));
  std::array<char, 40> text{};
  const auto written =
      std::snprintf(text.data(), text.size(), "%s, %02u %s %04d %02d:%02d:%02d GMT",
                    days.at(std::chrono::weekday(day).c_encoding()), static_cast<unsigned>(date.day()),
                    months.at(static_cast<unsigned>(date.month()) - 1), static_cast<int>(date.year()),
                    static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
                    static_cast<int>(clock.seconds().count()));
  return {text.data(), static_cast<std::size_t>(written)};
}

ResponsePlan plan_response(const Response& response, bool is_head, bool http_1_0, bool keep_alive) {
  ResponsePlan plan;
  plan.keep_alive = keep_alive && !response.close;
  const bool bodiless = response.status == 204 || response.status == 304 || response.status < 200;
  plan.with_body = !is_head && !bodiless;
  if (bodiless) return plan;
  plan.length = response.stream ? response.stream->size() : response.body.size();
  if (is_head && response.head_size) plan.length = response.head_size;
  if (plan.length) return plan;
  plan.chunked = !http_1_0;
  if (http_1_0) plan.keep_alive = false;
  return plan;
}

bool is_owned_by_plan(std::string_view name) {
  for (const std::string_view owned : {"Content-Length", "Transfer-Encoding", "Connection", "Date"}) {
    if (equals_ignoring_ascii_case(name, owned)) return true;
  }
  return false;
}

// The Date header changes once a second; making it costs more than the rest of the head.
const std::string& http_date_now(WallTime now) {
  thread_local std::int64_t second = -1;
  thread_local std::string text;
  if (to_seconds(now) != second) {
    second = to_seconds(now);
    text = to_http_date(now);
  }
  return text;
}

}  // namespace holdfast::http
