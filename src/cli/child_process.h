#pragma once

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

#include "holdfast/base/result.h"

namespace holdfast::cli {

/// A program started by this one. It is killed by the kernel when this process dies, and stopped by the
/// destructor, so that nothing is ever left behind. Not thread-safe; the thread that starts it must outlive
/// it (PR_SET_PDEATHSIG is tied to the starting thread).
class ChildProcess {
 public:
  /// Output goes to the end of `log_file` (mode 0600). `arguments[0]` is the program, looked up in PATH.
  static Result<ChildProcess> start(const std::vector<std::string>& arguments,
                                    const std::filesystem::path& log_file);

  ChildProcess(ChildProcess&& other) noexcept;
  ChildProcess& operator=(ChildProcess&& other) noexcept;
  ~ChildProcess();

  [[nodiscard]] pid_t pid() const { return pid_; }
  /// False once it has ended; collects its status.
  bool running();
  /// SIGTERM, and SIGKILL when it is still there after `patience`.
  void stop(std::chrono::milliseconds patience);

 private:
  explicit ChildProcess(pid_t pid) : pid_(pid) {}
  pid_t pid_ = -1;
  bool ended_ = false;
};

/// The path of the running program.
std::filesystem::path own_program();

}  // namespace holdfast::cli
