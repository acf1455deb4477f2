#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

#include "holdfast/base/codec.h"
#include "holdfast/base/result.h"

namespace holdfast::storage {

/// A number of a record that this version keeps in 32 bits; 0 when absent. One that does not fit is `corrupt`
/// rather than another number: a reign of 2^32 + 1 must not be read as reign 1.
inline Result<std::uint32_t> stored_u32(const FieldReader& fields, std::uint32_t field,
                                        std::string_view record) {
  constexpr auto beyond = std::numeric_limits<std::uint64_t>::max();
  const auto value = fields.find(field) ? fields.number(field, beyond) : 0;
  if (value <= std::numeric_limits<std::uint32_t>::max()) return static_cast<std::uint32_t>(value);
  return fail(ErrorKind::corrupt, "corrupt", "stored or received data is damaged",
              std::string(record) + ": field " + std::to_string(field) + " is out of range");
}

}  // namespace holdfast::storage
