#include "holdfast/base/codec.h"

#include <array>

#include "holdfast/base/damaged.h"

namespace holdfast {
namespace {

template <class Number>
void append_big_endian(Bytes& out, Number value) {
  std::array<char, sizeof value> octets{};
  for (std::size_t at = 0; at < octets.size(); ++at)
    octets[at] = static_cast<char>(value >> (octets.size() - 1 - at) * 8 & 0xffU);
  out.append(octets.data(), octets.size());
}

// Small numbers are the rule: minimal big-endian bytes, none for zero.
Bytes minimal(std::uint64_t value) {
  Bytes bytes;
  for (; value != 0; value >>= 8U) bytes.insert(bytes.begin(), static_cast<char>(value & 0xffU));
  return bytes;
}

// Keeps small negative numbers small: 0, -1, 1, -2, … become 0, 1, 2, 3, …
std::uint64_t to_zigzag(std::int64_t value) {
  return static_cast<std::uint64_t>(value) << 1U ^ (value < 0 ? ~std::uint64_t{0} : 0U);
}
std::int64_t from_zigzag(std::uint64_t bits) {
  return static_cast<std::int64_t>(bits >> 1U ^ (~(bits & 1U) + 1U));
}

}  // namespace

ByteWriter& ByteWriter::u8(std::uint8_t value) { return append_big_endian(out_, value), *this; }
ByteWriter& ByteWriter::u16(std::uint16_t value) { return append_big_endian(out_, value), *this; }
ByteWriter& ByteWriter::u32(std::uint32_t value) { return append_big_endian(out_, value), *this; }
ByteWriter& ByteWriter::u64(std::uint64_t value) { return append_big_endian(out_, value), *this; }

ByteWriter& ByteWriter::varint(std::uint64_t value) {
  for (; value >= 0x80U; value >>= 7U) out_.push_back(static_cast<char>(value | 0x80U));
  out_.push_back(static_cast<char>(value));
  return *this;
}

ByteWriter& ByteWriter::raw(BytesView bytes) { return out_.append(bytes), *this; }
ByteWriter& ByteWriter::bytes(BytesView bytes) { return varint(bytes.size()).raw(bytes); }

std::uint64_t ByteReader::big_endian(std::size_t size) {
  std::uint64_t value = 0;
  for (const char c : raw(size)) value = value << 8U | static_cast<unsigned char>(c);
  return value;
}

std::uint8_t ByteReader::u8() { return static_cast<std::uint8_t>(big_endian(1)); }
std::uint16_t ByteReader::u16() { return static_cast<std::uint16_t>(big_endian(2)); }
std::uint32_t ByteReader::u32() { return static_cast<std::uint32_t>(big_endian(4)); }
std::uint64_t ByteReader::u64() { return big_endian(8); }

std::uint64_t ByteReader::varint() {
  if (!rest_.empty() && static_cast<unsigned char>(rest_.front()) < 0x80U) {  // nearly always
    const auto small = static_cast<unsigned char>(rest_.front());
    rest_.remove_prefix(1);
    return small;
  }
  std::uint64_t value = 0;
  for (unsigned shift = 0; shift < 64 && ok_; shift += 7) {
    const std::uint64_t byte = u8();
    value |= (byte & 0x7fU) << shift;
    if (byte < 0x80U) {
      const bool overlong = byte == 0 && shift != 0;
      const bool overflow = shift == 63 && byte > 1;
      if (!overlong && !overflow) return value;
      break;
    }
  }
  ok_ = false;
  rest_ = {};
  return 0;
}

BytesView ByteReader::raw(std::size_t size) {
  if (!ok_ || size > rest_.size()) {
    ok_ = false;
    rest_ = {};
    return {};
  }
  const BytesView taken = rest_.substr(0, size);
  rest_.remove_prefix(size);
  return taken;
}

BytesView ByteReader::bytes() {
  const std::uint64_t size = varint();
  return raw(size);
}

Result<> ByteReader::finish(std::string_view what) const {
  if (ok_ && rest_.empty()) return {};
  return damaged(std::string(what) + (ok_ ? ": bytes left over" : ": truncated or malformed"));
}

FieldWriter& FieldWriter::text(std::uint32_t number, BytesView value) {
  writer_.varint(number).bytes(value);
  return *this;
}

FieldWriter& FieldWriter::number(std::uint32_t number, std::uint64_t value) {
  return text(number, minimal(value));
}

FieldWriter& FieldWriter::signed_number(std::uint32_t number, std::int64_t value) {
  return this->number(number, to_zigzag(value));
}

Result<FieldReader> FieldReader::parse(BytesView record) {
  ByteReader reader(record);
  while (reader.ok() && !reader.at_end()) {
    reader.varint();
    reader.bytes();
  }
  TRY_VOID(reader.finish("record fields"));
  return FieldReader(record);
}

std::optional<BytesView> FieldReader::find(std::uint32_t number) const {
  std::optional<BytesView> found;
  all(number, [&](BytesView value) {
    if (!found) found = value;
  });
  return found;
}

std::string FieldReader::text(std::uint32_t number) const {
  return std::string(find(number).value_or(BytesView{}));
}

std::uint64_t FieldReader::number(std::uint32_t number, std::uint64_t otherwise) const {
  const auto found = find(number);
  if (!found || found->size() > 8) return otherwise;
  std::uint64_t value = 0;
  for (const char c : *found) value = value << 8U | static_cast<unsigned char>(c);
  return value;
}

std::int64_t FieldReader::signed_number(std::uint32_t number, std::int64_t otherwise) const {
  return from_zigzag(this->number(number, to_zigzag(otherwise)));
}

bool FieldReader::flag(std::uint32_t number, bool otherwise) const {
  return this->number(number, otherwise ? 1 : 0) != 0;
}

}  // namespace holdfast
