#pragma once

#include <string_view>

namespace holdfast::storage {

/// Marks a moment at which a crash or a power cut must be harmless ("install.renamed"), or at which a test
/// holds a thread ("refresh.asked"). Free in production: one relaxed load. The fault tests list the names of
/// the former and kill the process at each of them.
void reached(std::string_view step);

/// What `reached` calls from now on; null (the default) for nothing. The hook runs on the thread that passes
/// the step.
void set_step_hook(void (*hook)(std::string_view step));

}  // namespace holdfast::storage
