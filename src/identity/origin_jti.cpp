#include "origin_jti.h"

#include "holdfast/base/codec.h"
#include "holdfast/identity/user_rules.h"

namespace holdfast::identity {

std::string new_origin_jti(WallTime now, crypto::Entropy& entropy) {
  const auto millis = std::chrono::floor<std::chrono::milliseconds>(now).time_since_epoch().count();
  const auto time = static_cast<std::uint64_t>(millis);
  Bytes random = crypto::random_bytes(10, entropy);
  random[0] = static_cast<char>((static_cast<unsigned char>(random[0]) & 0x0fU) | 0x70U);
  random[2] = static_cast<char>((static_cast<unsigned char>(random[2]) & 0x3fU) | 0x80U);
  return uuid_text(ByteWriter()
                       .u16(static_cast<std::uint16_t>(time >> 32U))
                       .u32(static_cast<std::uint32_t>(time))
                       .raw(random)
                       .view());
}

WallTime begin_of(std::string_view origin_jti) {
  const auto bytes = uuid_bytes(origin_jti);
  if (!bytes || (static_cast<unsigned char>((*bytes)[6]) >> 4U) != 7) return {};
  ByteReader reader(*bytes);
  const std::uint64_t high = reader.u16();
  const std::uint64_t millis = high << 32U | reader.u32();
  return WallTime(std::chrono::milliseconds(static_cast<std::int64_t>(millis)));
}

}  // namespace holdfast::identity
