#include "holdfast/storage/step.h"

#include <atomic>

namespace holdfast::storage {
namespace {
std::atomic<void (*)(std::string_view)> step_hook = nullptr;
}  // namespace

// Acquire and release: a hook sees what was written before it was set.
void reached(std::string_view step) {
  if (auto* const hook = step_hook.load(std::memory_order_acquire)) hook(step);
}

void set_step_hook(void (*hook)(std::string_view step)) { step_hook.store(hook, std::memory_order_release); }

}  // namespace holdfast::storage
