#include "holdfast/base/encoding.h"

#include <array>
#include <cstdint>

namespace holdfast {
namespace {

constexpr std::string_view hex_digits = "0123456789abcdef";
constexpr std::string_view base64_alphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view base64url_alphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::string encode_64(BytesView bytes, std::string_view alphabet, bool pad) {
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t at = 0; at < bytes.size(); at += 3) {
    const std::size_t left = std::min<std::size_t>(3, bytes.size() - at);
    std::uint32_t group = 0;
    for (std::size_t i = 0; i < 3; ++i) {
      group = group << 8 | (i < left ? static_cast<unsigned char>(bytes[at + i]) : 0U);
    }
    for (std::size_t i = 0; i < left + 1; ++i) text.push_back(alphabet[group >> (18 - 6 * i) & 63U]);
    if (pad) text.append(3 - left, '=');
  }
  return text;
}

constexpr std::array<std::int8_t, 256> reverse_of(std::string_view alphabet) {
  std::array<std::int8_t, 256> table{};
  table.fill(-1);
  for (std::size_t i = 0; i < alphabet.size(); ++i) {
    table[static_cast<unsigned char>(alphabet[i])] = static_cast<std::int8_t>(i);
  }
  return table;
}

constexpr auto base64_reverse = reverse_of(base64_alphabet);
constexpr auto base64url_reverse = reverse_of(base64url_alphabet);

Result<Bytes> decode_64(std::string_view text, const std::array<std::int8_t, 256>& reverse) {
  if (text.size() % 4 == 1) return fail(ErrorKind::invalid, "invalid_base64", "not valid base64");
  Bytes bytes;
  bytes.reserve(text.size() / 4 * 3 + 2);
  std::uint32_t group = 0;
  int bits = 0;
  for (const char c : text) {
    const auto value = reverse[static_cast<unsigned char>(c)];
    if (value < 0) return fail(ErrorKind::invalid, "invalid_base64", "not valid base64");
    group = group << 6 | static_cast<std::uint32_t>(value);
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      bytes.push_back(static_cast<char>(group >> bits & 0xffU));
    }
  }
  // One text for one value: the bits that do not make a byte must be zero.
  if ((group & ((1U << bits) - 1U)) != 0)
    return fail(ErrorKind::invalid, "invalid_base64", "not valid base64");
  return bytes;
}

}  // namespace

std::string to_hex(BytesView bytes) {
  std::string text;
  text.reserve(bytes.size() * 2);
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    text.push_back(hex_digits[byte >> 4U]);
    text.push_back(hex_digits[byte & 15U]);
  }
  return text;
}

Result<Bytes> from_hex(std::string_view text) {
  if (text.size() % 2 != 0) return fail(ErrorKind::invalid, "invalid_hex", "not valid hexadecimal");
  Bytes bytes;
  bytes.reserve(text.size() / 2);
  for (std::size_t at = 0; at < text.size(); at += 2) {
    const int high = hex_value(text[at]);
    const int low = hex_value(text[at + 1]);
    if (high < 0 || low < 0) return fail(ErrorKind::invalid, "invalid_hex", "not valid hexadecimal");
    bytes.push_back(static_cast<char>(high << 4 | low));
  }
  return bytes;
}

std::string to_base64(BytesView bytes) { return encode_64(bytes, base64_alphabet, true); }

Result<Bytes> from_base64(std::string_view text) {
  if (text.size() % 4 != 0) return fail(ErrorKind::invalid, "invalid_base64", "not valid base64");
  std::size_t padding = 0;
  while (padding < 2 && padding < text.size() && text[text.size() - 1 - padding] == '=') ++padding;
  return decode_64(text.substr(0, text.size() - padding), base64_reverse);
}

std::string to_base64url(BytesView bytes) { return encode_64(bytes, base64url_alphabet, false); }

Result<Bytes> from_base64url(std::string_view text) { return decode_64(text, base64url_reverse); }

}  // namespace holdfast
