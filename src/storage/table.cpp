#include "holdfast/storage/table.h"

#include <array>

#include "holdfast/base/codec.h"
#include "holdfast/base/damaged.h"
#include "holdfast/crypto/hash.h"

namespace holdfast::storage {
namespace {

template <class Number>
void append_key_number(Bytes& out, Number value) {
  std::array<char, sizeof value> octets{};
  for (std::size_t at = 0; at < octets.size(); ++at)
    octets[at] = static_cast<char>(value >> (octets.size() - 1 - at) * 8 & 0xffU);
  out.append(octets.data(), octets.size());
}

}  // namespace

Bytes family_map_hash() {
  ByteWriter writer;
  writer.bytes("holdfast-families-v1");
  for (std::size_t number = 0; number < family_count; ++number) {
    writer.u8(static_cast<std::uint8_t>(number)).bytes(family_names[number]);
  }
  return crypto::sha256(writer.view());
}

Bytes full_key(const Table& table, BytesView key) {
  Bytes out;
  out.reserve(2 + key.size());
  append_key_number(out, table.id);
  return out.append(key);
}

KeyWriter& KeyWriter::u8(std::uint8_t value) { return append_key_number(out_, value), *this; }
KeyWriter& KeyWriter::u16(std::uint16_t value) { return append_key_number(out_, value), *this; }
KeyWriter& KeyWriter::u32(std::uint32_t value) { return append_key_number(out_, value), *this; }
KeyWriter& KeyWriter::u64(std::uint64_t value) { return append_key_number(out_, value), *this; }
KeyWriter& KeyWriter::fixed(BytesView value) { return out_.append(value), *this; }

KeyWriter& KeyWriter::text(BytesView value) {
  while (true) {
    const auto end = value.find('\x00');
    out_.append(value.substr(0, end));
    if (end == BytesView::npos) break;
    out_.append("\x00\xff", 2);
    value.remove_prefix(end + 1);
  }
  out_.append("\x00\x01", 2);
  return *this;
}

std::uint64_t KeyReader::big_endian(std::size_t size) {
  std::uint64_t value = 0;
  for (const char c : fixed(size)) value = value << 8U | static_cast<unsigned char>(c);
  return value;
}

std::uint8_t KeyReader::u8() { return static_cast<std::uint8_t>(big_endian(1)); }
std::uint16_t KeyReader::u16() { return static_cast<std::uint16_t>(big_endian(2)); }
std::uint32_t KeyReader::u32() { return static_cast<std::uint32_t>(big_endian(4)); }
std::uint64_t KeyReader::u64() { return big_endian(8); }

Bytes KeyReader::text() {
  Bytes out;
  for (std::size_t at = 0; ok_ && at < rest_.size(); ++at) {
    if (rest_[at] != '\x00') {
      out.push_back(rest_[at]);
      continue;
    }
    const char escape = at + 1 < rest_.size() ? rest_[at + 1] : '\x00';
    if (escape == '\x01') {
      rest_.remove_prefix(at + 2);
      return out;
    }
    if (escape != '\xff') break;
    out.push_back('\x00');
    ++at;
  }
  ok_ = false;
  rest_ = {};
  return {};
}

BytesView KeyReader::fixed(std::size_t size) {
  if (!ok_ || size > rest_.size()) {
    ok_ = false;
    rest_ = {};
    return {};
  }
  const BytesView taken = rest_.substr(0, size);
  rest_.remove_prefix(size);
  return taken;
}

BytesView KeyReader::rest() { return fixed(rest_.size()); }

Result<> KeyReader::finish(std::string_view what) const {
  if (ok_ && rest_.empty()) return {};
  return damaged(std::string(what) + ": bad key");
}

}  // namespace holdfast::storage
