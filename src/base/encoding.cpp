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
  const char* digits = alphabet.data();
  const auto* octets = reinterpret_cast<const unsigned char*>(bytes.data());
  const auto octet = [&](std::size_t at) { return std::uint32_t{octets[at]}; };
  std::string text((bytes.size() + 2) / 3 * 4, '=');
  char* out = text.data();
  std::size_t at = 0;
  for (; at + 3 <= bytes.size(); at += 3) {
    const std::uint32_t group = octet(at) << 16U | octet(at + 1) << 8U | octet(at + 2);
    *out++ = digits[group >> 18U];
    *out++ = digits[group >> 12U & 63U];
    *out++ = digits[group >> 6U & 63U];
    *out++ = digits[group & 63U];
  }
  if (const auto left = bytes.size() - at; left > 0) {
    const std::uint32_t group = octet(at) << 16U | (left == 2 ? octet(at + 1) << 8U : 0U);
    *out++ = digits[group >> 18U];
    *out++ = digits[group >> 12U & 63U];
    if (left == 2) *out++ = digits[group >> 6U & 63U];
  }
  if (!pad) text.resize(static_cast<std::size_t>(out - text.data()));
  return text;
}

constexpr std::uint8_t no_digit = 0xff;

constexpr std::array<std::uint8_t, 256> reverse_of(std::string_view alphabet) {
  std::array<std::uint8_t, 256> table{};
  table.fill(no_digit);
  for (std::size_t i = 0; i < alphabet.size(); ++i) {
    table[static_cast<unsigned char>(alphabet[i])] = static_cast<std::uint8_t>(i);
  }
  return table;
}

constexpr auto base64_reverse = reverse_of(base64_alphabet);
constexpr auto base64url_reverse = reverse_of(base64url_alphabet);

Result<Bytes> decode_64(std::string_view text, const std::array<std::uint8_t, 256>& reverse) {
  if (text.size() % 4 == 1) return fail(ErrorKind::invalid, "invalid_base64", "not valid base64");
  Bytes bytes(text.size() * 3 / 4, '\0');
  char* out = bytes.data();
  std::uint32_t seen = 0;  // above 63 as soon as one character was none of the alphabet
  const auto* at = reinterpret_cast<const unsigned char*>(text.data());
  const auto* const end = at + text.size();
  for (; end - at >= 4; at += 4) {
    const std::uint32_t a = reverse[at[0]], b = reverse[at[1]], c = reverse[at[2]], d = reverse[at[3]];
    seen |= a | b | c | d;
    const std::uint32_t group = a << 18U | b << 12U | c << 6U | d;
    *out++ = static_cast<char>(group >> 16U & 0xffU);
    *out++ = static_cast<char>(group >> 8U & 0xffU);
    *out++ = static_cast<char>(group & 0xffU);
  }
  std::uint32_t group = 0;
  unsigned bits = 0;
  for (; at != end; ++at) {
    const std::uint32_t value = reverse[*at];
    seen |= value;
    group = group << 6U | (value & 63U);
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      *out++ = static_cast<char>(group >> bits & 0xffU);
    }
  }
  if (seen > 63) return fail(ErrorKind::invalid, "invalid_base64", "not valid base64");
  // One text for one value: the bits that do not make a byte must be zero.
  if ((group & ((1U << bits) - 1U)) != 0)
    return fail(ErrorKind::invalid, "invalid_base64", "not valid base64");
  return bytes;
}

}  // namespace

std::string to_hex(BytesView bytes) {
  std::string text(bytes.size() * 2, '0');
  char* out = text.data();
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    *out++ = hex_digits[byte >> 4U];
    *out++ = hex_digits[byte & 15U];
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
