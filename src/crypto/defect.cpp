#include "defect.h"

#include <cstdio>
#include <cstdlib>

namespace holdfast::crypto {

void must(bool holds, std::string_view what) {
  if (holds) return;
  std::fprintf(stderr, "holdfast: crypto defect: %.*s\n", static_cast<int>(what.size()), what.data());
  std::abort();
}

}  // namespace holdfast::crypto
