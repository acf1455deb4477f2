#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "holdfast/base/clock.h"
#include "holdfast/base/result.h"

namespace holdfast::objects {

/// IMF-fixdate, as `Last-Modified` wants it (RFC 9110 §5.6.7): `Sun, 06 Nov 1994 08:49:37 GMT`.
std::string to_http_date(WallTime time);
/// All three forms that RFC 9110 §5.6.7 tells recipients to accept; absent for anything else. `now` resolves
/// the two-digit year of the RFC 850 form.
std::optional<WallTime> from_http_date(std::string_view text, WallTime now);

/// The conditional header fields of a request, as sent. Absent and empty differ.
struct Conditions {
  std::optional<std::string> if_match{};
  std::optional<std::string> if_none_match{};
  std::optional<std::string> if_modified_since{};
  std::optional<std::string> if_unmodified_since{};
  std::optional<std::string> if_range{};
  std::optional<std::string> range{};
};

/// What the conditions are judged against: the current version.
struct Validators {
  std::string etag{};  ///< quoted
  WallTime modified_at{};
};

enum class ReadVerdict : std::uint8_t { send, not_modified, precondition_failed };

/// RFC 9110 §13.2.2 for GET and HEAD of an existing object.
ReadVerdict judge_read(const Conditions& conditions, const Validators& current, WallTime now);

/// RFC 9110 §13.2.2 for PUT and DELETE; `current` is absent when there is no object. `precondition_failed`
/// (412 at S3).
Result<> judge_write(const Conditions& conditions, const std::optional<Validators>& current, WallTime now);

/// A satisfiable range of a representation: `first` to `last`, both included.
struct ByteRange {
  std::uint64_t first = 0;
  std::uint64_t last = 0;

  [[nodiscard]] std::uint64_t size() const { return last - first + 1; }
  bool operator==(const ByteRange&) const = default;
};

/// RFC 9110 §14.2: absent = send the whole (no Range, one that we may ignore: other units, malformed, more
/// than one range, or an If-Range that does not match); `invalid_range` = 416.
Result<std::optional<ByteRange>> choose_range(const Conditions& conditions, const Validators& current,
                                              std::uint64_t size);

}  // namespace holdfast::objects
