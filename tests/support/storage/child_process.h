#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast::test {

/// A part of a fault test that runs in a process of its own, so that it can be killed. It is the test
/// executable again, started with `--child NAME arguments…`; a forked copy would lack RocksDB's threads.
using ChildMain = int (*)(const std::vector<std::string>& arguments);

/// `const ChildProgram writer{"writer", run_writer};` at file scope.
struct ChildProgram {
  ChildProgram(std::string_view name, ChildMain run);
};

/// For main: runs the child program that the arguments name, if they do.
std::optional<int> run_child_program(int argc, char** argv);

/// Inside a child: sends one line to the parent, surely, even if the process is killed right after.
void report_line(std::string_view line);

/// One running child; killed when it goes out of scope.
class Child {
 public:
  Child(std::string_view program, const std::vector<std::string>& arguments);
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child();

  /// The next line that it reports; nothing once it has ended.
  std::optional<std::string> next_line();
  /// SIGKILL.
  void kill();
  /// Waits; the signal that ended it, or 0 and the exit code in `exit_code`.
  int wait_signal();
  [[nodiscard]] int exit_code() const { return exit_code_; }

 private:
  pid_t pid_ = -1;
  int report_ = -1;
  int exit_code_ = -1;
  std::string buffer_;
};

}  // namespace holdfast::test
