#include "holdfast/objects/conditional_rules.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>

#include "holdfast/base/text.h"

namespace holdfast::objects {
namespace {

using namespace std::chrono;

constexpr std::array<std::string_view, 7> short_days{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
constexpr std::array<std::string_view, 7> long_days{"Sunday",   "Monday", "Tuesday", "Wednesday",
                                                    "Thursday", "Friday", "Saturday"};
constexpr std::array<std::string_view, 12> months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                  "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

// Reads a date from left to right; after the first mismatch everything is refused.
class DateScanner {
 public:
  explicit DateScanner(std::string_view text) : rest_(text) {}

  DateScanner& literal(std::string_view expected) {
    if (rest_.starts_with(expected)) {
      rest_.remove_prefix(expected.size());
    } else {
      ok_ = false;
    }
    return *this;
  }

  template <std::size_t Size>
  int word(const std::array<std::string_view, Size>& words) {
    for (std::size_t i = 0; i < Size; ++i) {
      if (rest_.starts_with(words[i])) {
        rest_.remove_prefix(words[i].size());
        return static_cast<int>(i);
      }
    }
    ok_ = false;
    return 0;
  }

  int number(std::size_t digits) {
    const auto text = rest_.substr(0, digits);
    int value = 0;
    const bool numeric =
        text.size() == digits && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
    if (!numeric) {
      ok_ = false;
      return 0;
    }
    std::from_chars(text.data(), text.data() + text.size(), value);
    rest_.remove_prefix(digits);
    return value;
  }

  // asctime pads the day with a space.
  int padded_day() {
    if (rest_.starts_with(' ')) {
      rest_.remove_prefix(1);
      return number(1);
    }
    return number(2);
  }

  [[nodiscard]] bool complete() const { return ok_ && rest_.empty(); }

 private:
  std::string_view rest_;
  bool ok_ = true;
};

struct DateParts {
  int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0;
};

void read_time_of_day(DateScanner& scanner, DateParts& parts) {
  parts.hour = scanner.number(2);
  parts.minute = scanner.literal(":").number(2);
  parts.second = scanner.literal(":").number(2);
}

std::optional<WallTime> to_time(const DateParts& parts) {
  const year_month_day date{year(parts.year), month(static_cast<unsigned>(parts.month) + 1),
                            day(static_cast<unsigned>(parts.day))};
  // A leap second (60) is accepted and falls on the next minute.
  if (!date.ok() || parts.hour > 23 || parts.minute > 59 || parts.second > 60) return std::nullopt;
  return WallTime(sys_days(date)) + hours(parts.hour) + minutes(parts.minute) + seconds(parts.second);
}

std::optional<WallTime> from_imf_fixdate(std::string_view text) {
  DateScanner scanner(text);
  DateParts parts;
  scanner.word(short_days);
  parts.day = scanner.literal(", ").number(2);
  parts.month = scanner.literal(" ").word(months);
  parts.year = scanner.literal(" ").number(4);
  scanner.literal(" ");
  read_time_of_day(scanner, parts);
  scanner.literal(" GMT");
  return scanner.complete() ? to_time(parts) : std::nullopt;
}

std::optional<WallTime> from_rfc850(std::string_view text, WallTime now) {
  DateScanner scanner(text);
  DateParts parts;
  scanner.word(long_days);
  parts.day = scanner.literal(", ").number(2);
  parts.month = scanner.literal("-").word(months);
  const int two_digits = scanner.literal("-").number(2);
  scanner.literal(" ");
  read_time_of_day(scanner, parts);
  scanner.literal(" GMT");
  if (!scanner.complete()) return std::nullopt;
  // RFC 9110 §5.6.7: more than 50 years in the future means the most recent past year with those digits.
  const int this_year = static_cast<int>(year_month_day(floor<days>(now)).year());
  parts.year = this_year / 100 * 100 + two_digits;
  if (parts.year > this_year + 50) parts.year -= 100;
  return to_time(parts);
}

std::optional<WallTime> from_asctime(std::string_view text) {
  DateScanner scanner(text);
  DateParts parts;
  scanner.word(short_days);
  parts.month = scanner.literal(" ").word(months);
  scanner.literal(" ");
  parts.day = scanner.padded_day();
  scanner.literal(" ");
  read_time_of_day(scanner, parts);
  parts.year = scanner.literal(" ").number(4);
  return scanner.complete() ? to_time(parts) : std::nullopt;
}

// One entity tag of a list: weak flag and the opaque part without quotes.
struct EntityTag {
  bool weak = false;
  std::string_view opaque;
};

// RFC 9110 §8.8.3. Some S3 clients send the tag without quotes: it is taken up to the comma.
EntityTag next_tag(std::string_view& list) {
  EntityTag tag;
  if (list.starts_with("W/")) {
    tag.weak = true;
    list.remove_prefix(2);
  }
  if (list.starts_with('"')) {
    const auto end = list.find('"', 1);
    tag.opaque = list.substr(1, end == std::string_view::npos ? end : end - 1);
    list.remove_prefix(end == std::string_view::npos ? list.size() : end + 1);
  } else {
    tag.opaque = trim(list.substr(0, list.find(',')));
  }
  const auto comma = list.find(',');
  list = comma == std::string_view::npos ? std::string_view{} : list.substr(comma + 1);
  return tag;
}

enum class Comparison : std::uint8_t { strong, weak };

bool matches(std::string_view list, std::string_view etag, Comparison comparison) {
  list = trim(list);
  if (list == "*") return true;
  const auto opaque = etag.substr(1, etag.size() - 2);
  while (!list.empty()) {
    const auto tag = next_tag(list);
    list = trim(list);
    if (tag.opaque == opaque && (comparison == Comparison::weak || !tag.weak)) return true;
  }
  return false;
}

WallTime whole_seconds(WallTime time) { return floor<seconds>(time); }

bool changed_since(const std::string& header, const Validators& current, WallTime now) {
  const auto date = from_http_date(header, now);
  return date && whole_seconds(current.modified_at) > *date;
}

// A date that cannot be read, or lies in the future, makes the field void (RFC 9110 §13.1.3).
bool unchanged_since(const std::string& header, const Validators& current, WallTime now) {
  const auto date = from_http_date(header, now);
  return date && *date <= now && whole_seconds(current.modified_at) <= *date;
}

Result<> write_refused() {
  return fail(ErrorKind::conflict, "precondition_failed", "a condition of the request does not hold");
}

std::optional<std::uint64_t> to_offset(std::string_view digits) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error == std::errc::invalid_argument || end != digits.data() + digits.size()) return std::nullopt;
  // More than 64 bits is beyond every object; RFC 9110 §14.1.1 lets the last position exceed the length.
  return error == std::errc::result_out_of_range ? ~std::uint64_t{0} : value;
}

bool if_range_holds(const Conditions& conditions, const Validators& current) {
  if (!conditions.if_range) return true;
  const auto value = trim(*conditions.if_range);
  if (value.starts_with('"') || value.starts_with("W/"))
    return matches(value, current.etag, Comparison::strong);
  const auto date = from_http_date(value, current.modified_at);
  return date && *date == whole_seconds(current.modified_at);
}

}  // namespace

std::string to_http_date(WallTime time) {
  const auto midnight = floor<days>(time);
  const year_month_day date(midnight);
  const hh_mm_ss clock(floor<seconds>(time - midnight));
  const std::string day(short_days[weekday(midnight).c_encoding()]);
  const std::string month(months[static_cast<unsigned>(date.month()) - 1]);
  std::array<char, 64> text{};
  const auto size =
      std::snprintf(text.data(), text.size(), "%s, %02u %s %04d %02d:%02d:%02d GMT", day.c_str(),
                    static_cast<unsigned>(date.day()), month.c_str(), static_cast<int>(date.year()),
                    static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
                    static_cast<int>(clock.seconds().count()));
  return {text.data(), static_cast<std::size_t>(size)};
}

std::optional<WallTime> from_http_date(std::string_view text, WallTime now) {
  if (const auto time = from_imf_fixdate(text)) return time;
  if (const auto time = from_rfc850(text, now)) return time;
  return from_asctime(text);
}

ReadVerdict judge_read(const Conditions& conditions, const Validators& current, WallTime now) {
  if (conditions.if_match) {
    if (!matches(*conditions.if_match, current.etag, Comparison::strong))
      return ReadVerdict::precondition_failed;
  } else if (conditions.if_unmodified_since && changed_since(*conditions.if_unmodified_since, current, now)) {
    return ReadVerdict::precondition_failed;
  }
  if (conditions.if_none_match) {
    if (matches(*conditions.if_none_match, current.etag, Comparison::weak)) return ReadVerdict::not_modified;
  } else if (conditions.if_modified_since && unchanged_since(*conditions.if_modified_since, current, now)) {
    return ReadVerdict::not_modified;
  }
  return ReadVerdict::send;
}

Result<> judge_write(const Conditions& conditions, const std::optional<Validators>& current, WallTime now) {
  if (conditions.if_match) {
    if (!current || !matches(*conditions.if_match, current->etag, Comparison::strong)) return write_refused();
  } else if (conditions.if_unmodified_since && current &&
             changed_since(*conditions.if_unmodified_since, *current, now)) {
    return write_refused();
  }
  if (conditions.if_none_match && current &&
      matches(*conditions.if_none_match, current->etag, Comparison::weak)) {
    return write_refused();
  }
  return {};
}

Result<std::optional<ByteRange>> choose_range(const Conditions& conditions, const Validators& current,
                                              std::uint64_t size) {
  if (!conditions.range || !if_range_holds(conditions, current)) return std::nullopt;
  const auto header = trim(*conditions.range);
  const auto equals = header.find('=');
  if (equals == std::string_view::npos || !equals_ignoring_ascii_case(header.substr(0, equals), "bytes"))
    return std::nullopt;
  const auto spec = trim(header.substr(equals + 1));
  const auto dash = spec.find('-');
  if (dash == std::string_view::npos || spec.contains(',')) return std::nullopt;
  const auto first = to_offset(spec.substr(0, dash));
  const auto last = to_offset(spec.substr(dash + 1));
  const bool has_first = dash != 0;
  const bool has_last = dash + 1 != spec.size();
  if ((has_first && !first) || (has_last && !last) || (!has_first && !has_last)) return std::nullopt;
  if (has_first && has_last && *last < *first) return std::nullopt;

  const bool suffix = !has_first;
  if (size == 0 || (suffix ? *last == 0 : *first >= size)) {
    return fail(ErrorKind::invalid, "invalid_range", "the requested range cannot be satisfied");
  }
  if (suffix) return ByteRange{.first = *last >= size ? 0 : size - *last, .last = size - 1};
  return ByteRange{.first = *first, .last = has_last ? std::min(*last, size - 1) : size - 1};
}

}  // namespace holdfast::objects
