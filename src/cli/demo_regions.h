#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "admin_client.h"
#include "child_process.h"
#include "demo_layout.h"
#include "holdfast/app/config.h"

namespace holdfast::cli {

/// The running processes of a demo: one a region, and the front door. Stops them when it goes.
class DemoRegions {
 public:
  /// Makes what is not there yet (authority, first region, joins), puts `settings` into the configuration of
  /// every region, starts everything and waits until each region is ready and the front doors answer.
  /// Progress goes to standard error.
  static Result<DemoRegions> start(const DemoLayout& layout, const std::vector<app::Override>& settings);

  [[nodiscard]] pid_t pid(std::size_t region) const { return processes_[region].pid(); }
  [[nodiscard]] const std::string& role(std::size_t region) const { return roles_[region]; }
  /// The region that is the primary now.
  [[nodiscard]] std::size_t primary() const;
  [[nodiscard]] Result<AdminClient> admin(std::size_t region) const;
  /// Waits until every secondary holds what the primary has now.
  [[nodiscard]] Result<> wait_caught_up() const;
  /// Refuses when a region has ended: what answers for it then is somebody else.
  [[nodiscard]] Result<> all_running();
  void stop();

 private:
  explicit DemoRegions(const DemoLayout& layout) : layout_(layout) {}
  Result<> found(const std::vector<app::Override>& settings);
  Result<> join_all(const std::vector<app::Override>& settings);
  Result<> start_region(std::size_t region);
  /// Waits until the region answers 200; ends at once when its process has.
  Result<> wait_for_region(std::size_t region, std::string_view path);
  Result<> start_front_door();
  Result<> learn_roles();
  [[nodiscard]] std::filesystem::path log_of(std::size_t region) const;

  DemoLayout layout_;
  std::vector<ChildProcess> processes_;
  std::optional<ChildProcess> front_door_;
  std::vector<std::string> roles_;
};

}  // namespace holdfast::cli
