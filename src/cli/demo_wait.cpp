#include "demo_wait.h"

#include <signal.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <sstream>
#include <thread>
#include <vector>

namespace holdfast::cli {
namespace {

using namespace std::chrono_literals;
constexpr auto poll_interval = 50ms;
constexpr std::streamoff tail_bytes = 65536;
constexpr std::size_t tail_lines = 10;

/// The signals that end a demo are blocked until it is up (demo.cpp): one that waits already ends the start.
bool is_told_to_end() {
  sigset_t waiting;
  sigemptyset(&waiting);
  sigpending(&waiting);
  return std::ranges::any_of(std::array{SIGINT, SIGTERM, SIGHUP},
                             [&](int number) { return sigismember(&waiting, number) == 1; });
}

std::string last_lines(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary | std::ios::ate);
  if (!in) return "log: " + file.string() + ", which cannot be read";
  in.seekg(std::max<std::streamoff>(0, in.tellg() - tail_bytes));
  std::vector<std::string> lines;
  // The front door's checks, several a second, would leave no room for what went wrong.
  for (std::string line; std::getline(in, line);) {
    if (!line.contains("/health/")) lines.push_back(std::move(line));
  }
  if (lines.empty()) return "log: " + file.string() + ", which says nothing";
  if (lines.size() > tail_lines) lines.erase(lines.begin(), lines.end() - tail_lines);
  std::ostringstream text;
  text << "log: " << file.string() << ", which ends:";
  for (const auto& line : lines) text << "\n    " << line;
  return text.str();
}

}  // namespace

Look look_at(const Result<int>& status) {
  if (status) return {.done = *status == 200, .seen = "HTTP status " + std::to_string(*status)};
  const auto& error = status.error();
  const auto detail = error.detail.empty() ? "" : " (" + error.detail + ")";
  return {.seen = error.message + detail + " [" + std::string(error.code) + "]"};
}

Result<> wait_for(const Wait& wait, const std::function<Result<Look>()>& look) {
  const auto deadline = std::chrono::steady_clock::now() + wait.patience;
  std::string seen;
  while (std::chrono::steady_clock::now() < deadline) {
    if (is_told_to_end())
      return fail(ErrorKind::unavailable, "interrupted", "told to end before the demo was up");
    auto looked = look();
    if (!looked) {
      auto error = std::move(looked).error();
      error.message += "\n  " + last_lines(wait.log_file);
      return fail(std::move(error));
    }
    if (looked->done) return {};
    seen = std::move(looked->seen);
    std::this_thread::sleep_for(poll_interval);
  }
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(wait.patience).count();
  return fail(ErrorKind::unavailable, "unavailable",
              wait.what + ": not there after " + std::to_string(seconds) + " s\n  asked: " + wait.asked +
                  "\n  the last answer: " + seen + "\n  " + last_lines(wait.log_file));
}

}  // namespace holdfast::cli
