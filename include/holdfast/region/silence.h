#pragma once

#include <chrono>

namespace holdfast::region {

/// Who was not heard for this long is not live (design: BEAT, one a second).
inline constexpr std::chrono::seconds silence_limit{5};

}  // namespace holdfast::region
