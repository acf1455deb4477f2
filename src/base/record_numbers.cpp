#include "holdfast/base/record_numbers.h"

namespace holdfast {

Result<std::uint64_t> checked_number(const FieldReader& fields, std::string_view record, std::uint32_t field,
                                     std::uint64_t most, std::uint64_t otherwise) {
  const auto stored = fields.find(field);
  if (!stored) return otherwise;
  const auto named = [&] { return std::string(record) + ": field " + std::to_string(field); };
  if (stored->size() > sizeof(std::uint64_t)) return damaged(named() + " is no number");
  const std::uint64_t value = fields.number(field, otherwise);
  if (value > most)
    return damaged(named() + " is " + std::to_string(value) + ", at most " + std::to_string(most));
  return value;
}

}  // namespace holdfast
