#include "holdfast/base/damaged.h"

#include <utility>

#include "holdfast/base/result.h"

namespace holdfast {

std::unexpected<Error> damaged(std::string detail) {
  return fail(ErrorKind::corrupt, "corrupt", "stored or received data is damaged", std::move(detail));
}

}  // namespace holdfast
