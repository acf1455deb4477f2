#pragma once

#include <concepts>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

#include "holdfast/base/codec.h"
#include "holdfast/base/damaged.h"
#include "holdfast/base/result.h"

namespace holdfast {

// Numbers of a record as this build can hold them. What does not fit is refused: a cast would make another
// number of it (258 becomes 2, reign 2^32 + 1 reign 1), and what a state of a newer build means cannot be
// guessed. `record` names the record in the error's detail.

/// `otherwise` when absent; `corrupt` above `most` and for what is no number.
Result<std::uint64_t> checked_number(const FieldReader& fields, std::string_view record, std::uint32_t field,
                                     std::uint64_t most, std::uint64_t otherwise);

/// The same for any unsigned type; 0 when absent unless `otherwise` says more.
template <std::unsigned_integral Number>
Result<Number> number_up_to(const FieldReader& fields, std::string_view record, std::uint32_t field,
                            Number most, Number otherwise = 0) {
  TRY(const auto value, checked_number(fields, record, field, most, otherwise));
  return static_cast<Number>(value);
}

/// Whatever the type can hold.
template <std::unsigned_integral Number>
Result<Number> number_of(const FieldReader& fields, std::string_view record, std::uint32_t field,
                         Number otherwise = 0) {
  return number_up_to<Number>(fields, record, field, std::numeric_limits<Number>::max(), otherwise);
}

/// One of an enumeration whose numbers are 1 to `last`; `otherwise` when absent.
template <class Enumeration>
Result<Enumeration> enumerator_of(const FieldReader& fields, std::string_view record, std::uint32_t field,
                                  Enumeration last, Enumeration otherwise) {
  TRY(const auto value, checked_number(fields, record, field, static_cast<std::uint64_t>(last),
                                       static_cast<std::uint64_t>(otherwise)));
  if (value == 0) return damaged(std::string(record) + ": field " + std::to_string(field) + " is 0");
  return static_cast<Enumeration>(value);
}

}  // namespace holdfast
