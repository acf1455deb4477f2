#pragma once

#include <chrono>
#include <cstdint>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "holdfast/base/bytes.h"
#include "holdfast/base/codec.h"
#include "holdfast/base/result.h"

namespace holdfast::identity {

// Numbers of a record as this build can hold them. What does not fit is refused: a cast would make another
// number of it (258 becomes 2), and what a state or an algorithm of a newer build means cannot be guessed.

inline std::unexpected<Error> damaged_record(std::string detail) {
  return fail(ErrorKind::corrupt, "corrupt", "stored or received data is damaged", std::move(detail));
}

/// `otherwise` when absent; `corrupt` above `most`.
inline Result<std::uint64_t> number_up_to(const FieldReader& fields, std::uint32_t number, std::uint64_t most,
                                          std::uint64_t otherwise) {
  const auto stored = fields.find(number);
  if (stored && stored->size() > sizeof(std::uint64_t)) {
    return damaged_record("field " + std::to_string(number) + " is no number");
  }
  const std::uint64_t value = fields.number(number, otherwise);
  if (value <= most) return value;
  return damaged_record("field " + std::to_string(number) + " is " + std::to_string(value));
}

/// An unsigned number of the given type.
template <class Number>
Result<Number> number_of(const FieldReader& fields, std::uint32_t number, Number otherwise = 0) {
  TRY(const auto value, number_up_to(fields, number, std::numeric_limits<Number>::max(), otherwise));
  return static_cast<Number>(value);
}

/// One of an enumeration whose numbers are 1 to `last`.
template <class Enumeration>
Result<Enumeration> enumerator_of(const FieldReader& fields, std::uint32_t number, Enumeration last,
                                  Enumeration otherwise) {
  TRY(const auto value,
      number_up_to(fields, number, static_cast<std::uint64_t>(last), static_cast<std::uint64_t>(otherwise)));
  if (value == 0) return damaged_record("field " + std::to_string(number) + " is 0");
  return static_cast<Enumeration>(value);
}

/// A duration of at most 2^32−1 seconds: added to a time it overflows nothing.
inline Result<std::chrono::seconds> seconds_of(const FieldReader& fields, std::uint32_t number,
                                               std::chrono::seconds otherwise) {
  TRY(const auto value,
      number_of<std::uint32_t>(fields, number, static_cast<std::uint32_t>(otherwise.count())));
  return std::chrono::seconds(value);
}

/// A list of texts: one field for each, in order.
inline void put_texts(FieldWriter& fields, std::uint32_t number, const std::vector<std::string>& texts) {
  for (const std::string& text : texts) fields.text(number, text);
}
inline std::vector<std::string> all_texts(const FieldReader& fields, std::uint32_t number) {
  std::vector<std::string> texts;
  fields.all(number, [&](BytesView text) { texts.emplace_back(text); });
  return texts;
}

}  // namespace holdfast::identity
