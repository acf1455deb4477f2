#include "demo.h"

#include <signal.h>
#include <stdlib.h>

#include <iostream>
#include <nlohmann/json.hpp>
#include <thread>

#include "admin_client.h"
#include "child_process.h"
#include "demo_layout.h"
#include "demo_regions.h"
#include "demo_seed.h"
#include "directory_lock.h"
#include "holdfast/base/files.h"
#include "holdfast/base/json.h"

namespace holdfast::cli {
namespace {

/// Blocks the signals that end a demo, from before the first child starts, and waits for one of them.
class EndSignals {
 public:
  EndSignals() {
    sigemptyset(&set_);
    for (const int number : {SIGINT, SIGTERM, SIGHUP}) sigaddset(&set_, number);
    pthread_sigmask(SIG_BLOCK, &set_, nullptr);
  }
  void wait() const {
    int number = 0;
    sigwait(&set_, &number);
  }

 private:
  sigset_t set_{};
};

Result<std::filesystem::path> demo_dir(const DemoOptions& options) {
  std::error_code error;
  if (options.dir.empty()) {
    const auto parent = std::filesystem::temp_directory_path(error);
    std::string pattern = (parent / "holdfast-demo-XXXXXX").string();
    if (error || mkdtemp(pattern.data()) == nullptr) {
      return fail(ErrorKind::invalid, "invalid_argument",
                  "no directory can be made in TMPDIR or /tmp: give --dir");
    }
    return pattern;
  }
  std::filesystem::create_directories(options.dir, error);
  if (error)
    return fail(ErrorKind::invalid, "invalid_argument", options.dir.string() + ": " + error.message());
  return std::filesystem::canonical(options.dir);
}

nlohmann::json describe(const DemoLayout& layout, const DemoRegions& regions, const DemoSecrets& secrets) {
  nlohmann::json listed = nlohmann::json::array();
  for (std::size_t i = 0; i < layout.regions.size(); ++i) {
    const auto& region = layout.regions[i];
    listed.push_back({{"name", region.name},
                      {"role", regions.role(i)},
                      {"pid", regions.pid(i)},
                      {"dir", region.dir.string()},
                      {"public", localhost_url(region.ports.public_port)},
                      {"objects", localhost_url(region.ports.objects_port)},
                      {"admin", localhost_url(region.ports.admin_port)},
                      {"replication", "localhost:" + std::to_string(region.ports.replication_port)}});
  }
  nlohmann::json json = secrets.public_part;
  json["caFile"] = layout.ca_file().string();
  json["frontDoor"] = layout.front_url();
  json["objectsFrontDoor"] = layout.objects_front_url();
  json["binary"] = own_program().string();
  json["regions"] = std::move(listed);
  json["adminToken"] = secrets.admin_token;
  return json;
}

void print_for_people(const nlohmann::json& demo, const DemoLayout& layout) {
  std::cout << "Holdfast demo is up in " << layout.dir.string() << "\n";
  for (const auto& region : demo["regions"]) {
    std::cout << "  " << region["name"].get<std::string>() << "  " << region["role"].get<std::string>()
              << "  " << region["public"].get<std::string>() << "  pid " << region["pid"] << "\n";
  }
  std::cout << "  front door  " << layout.front_url() << "\nCtrl-C stops it.\n" << std::flush;
}

}  // namespace

Result<> run_demo(const DemoOptions& options) {
  for (const auto& setting : options.settings) TRY_VOID(app::check_override(setting));
  const EndSignals signals;
  TRY(const auto dir, demo_dir(options));
  TRY(const auto lock, DirectoryLock::take(dir));
  TRY(const auto layout, prepare_layout(dir, options.secondaries, options.base_port));
  TRY(auto regions, DemoRegions::start(layout, options.settings));
  TRY(const auto secrets, seed_demo(layout, regions));
  TRY_VOID(regions.all_running());
  const auto demo = describe(layout, regions, secrets);
  if (options.json) {
    std::cout << to_json_text(demo) << "\n" << std::flush;
  } else {
    print_for_people(demo, layout);
  }
  signals.wait();
  regions.stop();
  return {};
}

}  // namespace holdfast::cli
