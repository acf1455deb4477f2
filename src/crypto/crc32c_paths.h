#pragma once

#include <cstdint>

#include "holdfast/base/bytes.h"

namespace holdfast::crypto {

/// The two ways that crc32c (hash.h) chooses between, apart so that a test can compare them.
std::uint32_t crc32c_portable(BytesView bytes, std::uint32_t seed);
/// Only where crc32c_has_hardware().
std::uint32_t crc32c_hardware(BytesView bytes, std::uint32_t seed);
bool crc32c_has_hardware();

}  // namespace holdfast::crypto
