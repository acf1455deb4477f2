#pragma once

#include <gtest/gtest.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "holdfast/storage/step.h"

/// Kills a process with SIGKILL at a named step: the test executable starts itself again as the victim, so
/// that no thread or lock of the test is shared with it.
namespace holdfast::test {

using Scenario = void (*)(const std::filesystem::path& directory);

inline std::map<std::string, Scenario>& scenarios() {
  static std::map<std::string, Scenario> all;
  return all;
}

/// What the victim looks for before any test runs: "scenario", "directory", "step", "which passing of it".
class KillEnvironment : public testing::Environment {
 public:
  void SetUp() override {
    const auto* const scenario = std::getenv("HOLDFAST_KILL_SCENARIO");
    if (scenario == nullptr) return;
    step_name() = std::getenv("HOLDFAST_KILL_STEP");
    passings_left() = std::atoi(std::getenv("HOLDFAST_KILL_PASSING"));
    storage::set_step_hook([](std::string_view step) {
      if (step == step_name() && --passings_left() == 0) ::kill(::getpid(), SIGKILL);
    });
    scenarios().at(scenario)(std::getenv("HOLDFAST_KILL_DIRECTORY"));
    ::_exit(testing::Test::HasFailure() ? 1 : 0);
  }

 private:
  static std::string& step_name() {
    static std::string name;
    return name;
  }
  static int& passings_left() {
    static int left = 0;
    return left;
  }
};

/// One line per scenario, at namespace scope: `const bool registered = register_scenario("install",
/// install);`
inline bool register_scenario(const std::string& name, Scenario scenario) {
  static const auto* const environment = testing::AddGlobalTestEnvironment(new KillEnvironment);
  scenarios()[name] = scenario;
  return environment != nullptr;
}

/// Runs the scenario until it passes `step` for the `passing`-th time. True: it was killed there. False: it
/// ended well without coming that far. Anything else is a failure of the test.
inline bool kill_at(const std::string& scenario, const std::filesystem::path& directory,
                    const std::string& step, int passing = 1) {
  std::vector<std::string> environment;
  for (char** entry = environ; *entry != nullptr; ++entry) environment.emplace_back(*entry);
  environment.push_back("HOLDFAST_KILL_SCENARIO=" + scenario);
  environment.push_back("HOLDFAST_KILL_DIRECTORY=" + directory.string());
  environment.push_back("HOLDFAST_KILL_STEP=" + step);
  environment.push_back("HOLDFAST_KILL_PASSING=" + std::to_string(passing));
  std::vector<char*> pointers;
  for (auto& entry : environment) pointers.push_back(entry.data());
  pointers.push_back(nullptr);
  std::string self = std::filesystem::read_symlink("/proc/self/exe").string();
  std::string quiet = "--gtest_brief=1";
  char* const arguments[] = {self.data(), quiet.data(), nullptr};
  pid_t child = 0;
  EXPECT_EQ(::posix_spawn(&child, self.c_str(), nullptr, nullptr, arguments, pointers.data()), 0);
  int status = 0;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  const bool killed = WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
  EXPECT_TRUE(killed || (WIFEXITED(status) && WEXITSTATUS(status) == 0)) << "status " << status;
  return killed;
}

}  // namespace holdfast::test
