#pragma once

#include <memory>

#include "holdfast/async/task.h"
#include "holdfast/identity/actor.h"
#include "holdfast/identity/foundation.h"
#include "holdfast/identity/page.h"
#include "holdfast/identity/pool_model.h"

namespace holdfast::identity {

class KeyService;

/// Pools: made with their data key and first signing key in one transaction, read from a cache. Thread-safe;
/// lives as long as the process.
class PoolService {
 public:
  PoolService(Foundation base, KeyService& keys);
  ~PoolService();

  /// `draft` without id and times. Refusals: `invalid_pool`. The first key is active when this answers,
  /// unless a member is away; then as soon as that one has it (KeyService).
  async::Task<Result<Written<Pool>>> create(Pool draft, Actor actor);
  /// Replaces the settings; id and times are kept. Refusals: `not_found`, `invalid_pool`, `immutable_field`.
  async::Task<Result<Written<Pool>>> update(Pool changed, Actor actor);
  /// `not_found` when there is none.
  [[nodiscard]] Result<std::shared_ptr<const Pool>> get(const PoolId& id);
  /// By id.
  [[nodiscard]] Result<Page<Pool>> list(const PageQuery& query) const;

 private:
  struct State;
  Foundation base_;
  KeyService* keys_;
  std::unique_ptr<State> state_;
};

}  // namespace holdfast::identity
