#pragma once

#include <string_view>

namespace holdfast::crypto {

/// Stops the process unless `holds`. For what is never an input's fault: a broken library, no memory for a
/// digest, a key of the wrong size. Going on would store or hand out bytes that nobody can trust.
void must(bool holds, std::string_view what);

}  // namespace holdfast::crypto
