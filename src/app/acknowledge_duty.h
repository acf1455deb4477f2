#pragma once

#include <optional>

#include "foundation.h"
#include "holdfast/app/config.h"
#include "holdfast/storage/position.h"

namespace holdfast::app {

/// Makes the replicated acknowledge settings those of this region's configuration, where it is the writable
/// primary, and puts each into force once every member has it durably. Called from one thread at a time.
class AcknowledgeDuty {
 public:
  AcknowledgeDuty(const Config& config, Foundation& base) : config_(&config), base_(&base) {}

  /// One look; blocks for one commit when something is to change.
  Result<> run();

 private:
  [[nodiscard]] region::AckRule wanted(region::AckClass ack_class) const;

  const Config* config_;
  Foundation* base_;
  std::optional<storage::Position> stored_at_;  ///< the rows of the last look lie at or before it
};

}  // namespace holdfast::app
