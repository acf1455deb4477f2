#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "holdfast/base/bytes.h"
#include "holdfast/base/result.h"

namespace holdfast {

/// Appends fixed-width big-endian numbers and length-prefixed bytes. Every on-disk and on-wire format of
/// Holdfast is written with this one writer and read with ByteReader.
class ByteWriter {
 public:
  ByteWriter& u8(std::uint8_t value);
  ByteWriter& u16(std::uint16_t value);
  ByteWriter& u32(std::uint32_t value);
  ByteWriter& u64(std::uint64_t value);
  ByteWriter& i64(std::int64_t value) { return u64(static_cast<std::uint64_t>(value)); }
  /// LEB128, at most ten bytes.
  ByteWriter& varint(std::uint64_t value);
  /// The bytes as they are, no length.
  ByteWriter& raw(BytesView bytes);
  /// varint length, then the bytes.
  ByteWriter& bytes(BytesView bytes);

  [[nodiscard]] const Bytes& view() const { return out_; }
  [[nodiscard]] Bytes take() { return std::move(out_); }

 private:
  Bytes out_;
};

/// Reads what ByteWriter wrote, from bytes that may be hostile. After the first impossible read every further
/// read gives zeros and `finish` reports `corrupt`, so decoders read straight through and check once. Views
/// point into the input.
class ByteReader {
 public:
  explicit ByteReader(BytesView input) : rest_(input) {}

  std::uint8_t u8();
  std::uint16_t u16();
  std::uint32_t u32();
  std::uint64_t u64();
  std::int64_t i64() { return static_cast<std::int64_t>(u64()); }
  /// Refuses encodings longer than needed, so that one value has one encoding.
  std::uint64_t varint();
  BytesView raw(std::size_t size);
  BytesView bytes();

  [[nodiscard]] bool ok() const { return ok_; }
  [[nodiscard]] bool at_end() const { return rest_.empty(); }
  [[nodiscard]] BytesView rest() const { return rest_; }
  /// `corrupt` if any read ran past the end or bytes are left over; `what` names the format in the detail.
  [[nodiscard]] Result<> finish(std::string_view what) const;

 private:
  std::uint64_t big_endian(std::size_t size);

  BytesView rest_;
  bool ok_ = true;
};

/// A record's fields as (number, bytes) pairs, in ascending order of number. Readers skip numbers that they
/// do not know, so a newer writer's record stays readable; a number is never reused for another meaning.
/// Absent and empty differ. Format: repeated { varint number ‖ varint length ‖ bytes }.
class FieldWriter {
 public:
  FieldWriter& text(std::uint32_t number, BytesView value);
  FieldWriter& number(std::uint32_t number, std::uint64_t value);
  FieldWriter& signed_number(std::uint32_t number, std::int64_t value);
  FieldWriter& flag(std::uint32_t number, bool value) { return this->number(number, value ? 1 : 0); }
  [[nodiscard]] Bytes take() { return writer_.take(); }

 private:
  ByteWriter writer_;
};

/// Reads FieldWriter's format. Repeated numbers are allowed: `all` visits each, the single getters take the
/// first.
class FieldReader {
 public:
  /// Checks the framing of the whole record: a damaged one is `corrupt`.
  static Result<FieldReader> parse(BytesView record);

  [[nodiscard]] std::optional<BytesView> find(std::uint32_t number) const;
  /// Empty when absent.
  [[nodiscard]] std::string text(std::uint32_t number) const;
  /// `otherwise` when absent or not a number.
  [[nodiscard]] std::uint64_t number(std::uint32_t number, std::uint64_t otherwise = 0) const;
  [[nodiscard]] std::int64_t signed_number(std::uint32_t number, std::int64_t otherwise = 0) const;
  [[nodiscard]] bool flag(std::uint32_t number, bool otherwise = false) const;

  template <class Visitor>
  void all(std::uint32_t wanted, Visitor visitor) const {
    ByteReader reader(record_);
    while (reader.ok() && !reader.at_end()) {
      const auto number = reader.varint();
      const auto value = reader.bytes();
      if (reader.ok() && number == wanted) visitor(value);
    }
  }

 private:
  explicit FieldReader(BytesView record) : record_(record) {}
  BytesView record_;
};

}  // namespace holdfast
