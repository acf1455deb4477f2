#include "holdfast/objects/conditional_rules.h"

#include <cstdint>
#include <cstdlib>

// Header values as a stranger sends them, separated by NUL: no crash, and a range that is chosen lies in the
// object.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace holdfast::objects;
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  const auto next = [&]() -> std::optional<std::string> {
    if (rest.empty()) return std::nullopt;
    const auto end = rest.find('\0');
    std::string value(rest.substr(0, end));
    rest = end == std::string_view::npos ? std::string_view{} : rest.substr(end + 1);
    return value;
  };
  Conditions conditions{.if_match = next(),
                        .if_none_match = next(),
                        .if_modified_since = next(),
                        .if_unmodified_since = next(),
                        .if_range = next(),
                        .range = next()};
  const auto now = holdfast::from_micros(1'700'000'000'000'000);
  const Validators current{.etag = "\"0123456789abcdef0123456789abcdef\"", .modified_at = now};
  (void)judge_read(conditions, current, now);
  (void)judge_write(conditions, current, now).has_value();
  for (const std::uint64_t length : {0ULL, 1ULL, 1000ULL, ~0ULL}) {
    const auto range = choose_range(conditions, current, length);
    if (range && *range && ((*range)->first > (*range)->last || (*range)->last >= length)) std::abort();
  }
  return 0;
}
