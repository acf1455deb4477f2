#include <array>
#include <cstring>

#include "crc32c_paths.h"
#include "holdfast/crypto/hash.h"

#if defined(__x86_64__)
#include <nmmintrin.h>
#endif

namespace holdfast::crypto {
namespace {

// The Castagnoli polynomial 0x1EDC6F41, bits reversed.
constexpr std::array<std::uint32_t, 256> crc32c_table = [] {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t i = 0; i < 256; ++i) {
    std::uint32_t value = i;
    for (int bit = 0; bit < 8; ++bit) value = (value & 1U) != 0 ? value >> 1U ^ 0x82f63b78U : value >> 1U;
    table[i] = value;
  }
  return table;
}();

}  // namespace

std::uint32_t crc32c_portable(BytesView bytes, std::uint32_t seed) {
  std::uint32_t crc = ~seed;
  for (const char c : bytes) crc = crc >> 8U ^ crc32c_table[(crc ^ static_cast<unsigned char>(c)) & 0xffU];
  return ~crc;
}

#if defined(__x86_64__)

bool crc32c_has_hardware() { return __builtin_cpu_supports("sse4.2") != 0; }

__attribute__((target("sse4.2"))) std::uint32_t crc32c_hardware(BytesView bytes, std::uint32_t seed) {
  std::uint64_t crc = ~seed;
  while (bytes.size() >= sizeof(std::uint64_t)) {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes.data(), sizeof word);
    crc = _mm_crc32_u64(crc, word);
    bytes.remove_prefix(sizeof word);
  }
  auto rest = static_cast<std::uint32_t>(crc);
  for (const char c : bytes) rest = _mm_crc32_u8(rest, static_cast<unsigned char>(c));
  return ~rest;
}

#else

bool crc32c_has_hardware() { return false; }

std::uint32_t crc32c_hardware(BytesView bytes, std::uint32_t seed) { return crc32c_portable(bytes, seed); }

#endif

std::uint32_t crc32c(BytesView bytes, std::uint32_t seed) {
  static const bool hardware = crc32c_has_hardware();
  return hardware ? crc32c_hardware(bytes, seed) : crc32c_portable(bytes, seed);
}

}  // namespace holdfast::crypto
