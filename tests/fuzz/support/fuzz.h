#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "holdfast/base/bytes.h"
#include "holdfast/base/codec.h"

/// What the targets share. A target whose format no one writes by hand also gives its seeds: valid inputs
/// from which the fuzzer gets beyond magic numbers and lengths. `fuzz_ROOM_NAME seeds DIR` writes them;
/// tests/fuzz/ROOM/corpus/NAME keeps them.
namespace holdfast::fuzz {

/// Defined by the target where it has any.
[[gnu::weak]] std::vector<Bytes> seeds();

inline void require(bool holds) {
  if (!holds) std::abort();
}

/// A field of a record, and where its length and value stand.
struct Field {
  std::size_t begin;
  std::size_t end;
  std::uint64_t number;
  bool is_number;  ///< short enough to be one, and no record within the record
};

inline bool is_record(BytesView bytes) { return !bytes.empty() && FieldReader::parse(bytes).has_value(); }

/// None when these are not the fields of a record.
inline std::vector<Field> fields_of(BytesView record) {
  std::vector<Field> fields;
  ByteReader reader(record);
  while (reader.ok() && !reader.at_end()) {
    reader.varint();
    const auto begin = record.size() - reader.rest().size();
    const auto value = reader.bytes();
    Field field{.begin = begin,
                .end = record.size() - reader.rest().size(),
                .number = 0,
                .is_number = value.size() <= 8 && !is_record(value)};
    for (const char byte : value.substr(0, 8))
      field.number = field.number << 8U | static_cast<unsigned char>(byte);
    fields.push_back(field);
  }
  return reader.ok() ? fields : std::vector<Field>();
}

/// The record with another number in that field.
inline Bytes with_number(BytesView record, const Field& field, std::uint64_t number) {
  const Bytes written = FieldWriter().number(1, number).take();
  return Bytes(record.substr(0, field.begin)) + written.substr(1) + Bytes(record.substr(field.end));
}

inline BytesView input_of(const unsigned char* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

/// A number that is cut to size makes two different records one: with 2^bits added to it, a field is read as
/// it was, and with one more it is not. (A flag, or an enumeration that takes every number it does not know
/// for one value, is read the same both times; a text differs both times.)
template <class Decode, class Encode>
void require_no_cut_numbers(const Bytes& written, Decode decode, Encode encode) {
  const auto reads_as_written = [&](BytesView changed) {
    const auto value = decode(changed);
    return value && encode(*value) == written;
  };
  // One width a record: three would take most of the time, and a record of another length tries another.
  const auto beyond = std::array{1ULL << 8U, 1ULL << 16U, 1ULL << 32U}.at(written.size() % 3);
  auto fields = fields_of(written);
  // Each costs a reading of the whole record.
  fields.resize(std::min<std::size_t>(fields.size(), 16));
  for (const Field& field : fields) {
    const auto larger = field.number + beyond;
    if (field.is_number && larger > field.number && reads_as_written(with_number(written, field, larger)))
      require(reads_as_written(with_number(written, field, larger + 1)));
  }
}

/// What decodes must encode to something that decodes to the same, and no number of its own (not of records
/// within it) may have been cut.
template <class Decode, class Encode>
void require_stable(BytesView input, Decode decode, Encode encode) {
  const auto value = decode(input);
  if (!value) return;
  const Bytes written = encode(*value);
  const auto again = decode(BytesView(written));
  require(again.has_value() && encode(*again) == written);
  require_no_cut_numbers(written, decode, encode);
}

/// Cuts the input at its first newline.
struct TwoParts {
  BytesView first;
  BytesView second;
};
inline TwoParts two_parts(BytesView input) {
  const auto cut = input.find('\n');
  if (cut == BytesView::npos) return {.first = input, .second = {}};
  return {.first = input.substr(0, cut), .second = input.substr(cut + 1)};
}

}  // namespace holdfast::fuzz
