#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "holdfast/base/bytes.h"
#include "holdfast/base/codec.h"
#include "holdfast/base/record_numbers.h"
#include "holdfast/base/result.h"

namespace holdfast::identity {

/// A duration of at most 2^32−1 seconds: added to a time it overflows nothing.
inline Result<std::chrono::seconds> seconds_of(const FieldReader& fields, std::string_view record,
                                               std::uint32_t number, std::chrono::seconds otherwise) {
  TRY(const auto value,
      number_of<std::uint32_t>(fields, record, number, static_cast<std::uint32_t>(otherwise.count())));
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
