#pragma once

#include <memory>
#include <string>
#include <vector>

#include "holdfast/async/task.h"
#include "holdfast/identity/actor.h"
#include "holdfast/identity/foundation.h"
#include "holdfast/identity/group_model.h"
#include "holdfast/identity/page.h"

namespace holdfast::identity {

/// Groups and who is in them. Thread-safe; lives as long as the process.
class GroupService {
 public:
  explicit GroupService(Foundation base);
  ~GroupService();

  /// Refusals: `not_found` (pool), `invalid_group`, `already_exists`.
  async::Task<Result<Written<Group>>> create(Group draft, Actor actor);
  /// Description and precedence.
  async::Task<Result<Written<Group>>> update(Group changed, Actor actor);
  /// Ends all memberships at once; their rows are removed behind it.
  async::Task<Result<region::CommitReceipt>> remove(PoolId pool, std::string name, Actor actor);

  [[nodiscard]] Result<Group> get(const PoolId& pool, std::string_view name);
  /// By precedence, then by name. Groups are configuration: all of a pool's fit in memory.
  [[nodiscard]] Result<std::vector<Group>> list(const PoolId& pool);

  /// Refusals: `not_found` (user, group), `state_unchanged`, `too_many_groups`.
  async::Task<Result<region::CommitReceipt>> add_member(PoolId pool, std::string group, UserId user,
                                                        Actor actor);
  async::Task<Result<region::CommitReceipt>> remove_member(PoolId pool, std::string group, UserId user,
                                                           Actor actor);
  /// In the order of `cognito:groups`.
  [[nodiscard]] Result<std::vector<Group>> groups_of(const PoolId& pool, const UserId& user);
  [[nodiscard]] Result<Page<UserId>> members(const PoolId& pool, std::string_view group,
                                             const PageQuery& query);

 private:
  struct State;
  async::Task<Result<>> erase_memberships(PoolId pool, Bytes group, std::string request_id);
  [[nodiscard]] Result<std::shared_ptr<const std::vector<Group>>> all(const PoolId& pool);

  Foundation base_;
  std::unique_ptr<State> state_;
};

}  // namespace holdfast::identity
