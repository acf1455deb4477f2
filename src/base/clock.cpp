#include "holdfast/base/clock.h"

#include <array>
#include <cstdio>

namespace holdfast {
namespace {

class SystemClock final : public Clock {
 public:
  WallTime now() const override {
    return std::chrono::floor<std::chrono::microseconds>(std::chrono::system_clock::now());
  }
  SteadyTime steady_now() const override { return std::chrono::steady_clock::now(); }
};

// Reads exactly `digits` decimal digits at `at` and steps over them; -1 when they are not there.
int read_digits(std::string_view text, std::size_t& at, std::size_t digits) {
  if (text.size() < at + digits) return -1;
  int value = 0;
  for (const char c : text.substr(at, digits)) {
    if (c < '0' || c > '9') return -1;
    value = value * 10 + (c - '0');
  }
  at += digits;
  return value;
}

bool skip(std::string_view text, std::size_t& at, char expected) {
  if (at >= text.size() || text[at] != expected) return false;
  ++at;
  return true;
}

std::unexpected<Error> not_a_time() {
  return fail(ErrorKind::invalid, "invalid_time", "not a time in UTC like 2026-11-21T09:30:00Z (RFC 3339)");
}

// The optional ".ffffff", in microseconds; -1 when malformed.
int read_fraction(std::string_view text, std::size_t& at) {
  if (!skip(text, at, '.')) return 0;
  int micros = 0;
  int digits = 0;
  for (; at < text.size() && text[at] >= '0' && text[at] <= '9' && digits < 6; ++at, ++digits) {
    micros = micros * 10 + (text[at] - '0');
  }
  if (digits == 0) return -1;
  for (; digits < 6; ++digits) micros *= 10;
  return micros;
}

}  // namespace

const Clock& system_clock() {
  static const SystemClock clock;
  return clock;
}

std::string to_rfc3339(WallTime time) {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const auto in_day = std::chrono::floor<std::chrono::milliseconds>(time - day).count();
  std::array<char, 64> text{};
  const int size = std::snprintf(
      text.data(), text.size(), "%04d-%02u-%02uT%02lld:%02lld:%02lld.%03lldZ", static_cast<int>(date.year()),
      static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
      static_cast<long long>(in_day / 3'600'000), static_cast<long long>(in_day / 60'000 % 60),
      static_cast<long long>(in_day / 1000 % 60), static_cast<long long>(in_day % 1000));
  return {text.data(), static_cast<std::size_t>(size)};
}

Result<WallTime> from_rfc3339(std::string_view text) {
  std::size_t at = 0;
  const int year = read_digits(text, at, 4);
  const bool dash1 = skip(text, at, '-');
  const int month = read_digits(text, at, 2);
  const bool dash2 = skip(text, at, '-');
  const int day = read_digits(text, at, 2);
  const bool tee = skip(text, at, 'T');
  const int hour = read_digits(text, at, 2);
  const bool colon1 = skip(text, at, ':');
  const int minute = read_digits(text, at, 2);
  const bool colon2 = skip(text, at, ':');
  const int second = read_digits(text, at, 2);
  const int micros = read_fraction(text, at);
  const bool zulu = skip(text, at, 'Z');
  if (!(dash1 && dash2 && tee && colon1 && colon2 && zulu) || at != text.size()) return not_a_time();
  if (year < 0 || month < 1 || day < 1 || hour < 0 || hour > 23 || minute < 0 || minute > 59)
    return not_a_time();
  if (second < 0 || second > 59 || micros < 0) return not_a_time();
  const std::chrono::year_month_day date(std::chrono::year(year),
                                         std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day)));
  if (!date.ok()) return not_a_time();
  return std::chrono::sys_days(date) + std::chrono::hours(hour) + std::chrono::minutes(minute) +
         std::chrono::seconds(second) + std::chrono::microseconds(micros);
}

}  // namespace holdfast
