#include "storage/child_process.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <map>
#include <utility>

namespace holdfast::test {
namespace {

constexpr int report_descriptor = 3;

std::map<std::string, ChildMain, std::less<>>& child_programs() {
  static std::map<std::string, ChildMain, std::less<>> programs;
  return programs;
}

}  // namespace

ChildProgram::ChildProgram(std::string_view name, ChildMain run) { child_programs().emplace(name, run); }

std::optional<int> run_child_program(int argc, char** argv) {
  const std::vector<std::string> arguments(argv, argv + argc);
  if (arguments.size() < 3 || arguments[1] != "--child") return {};
  return child_programs().at(arguments[2])({arguments.begin() + 3, arguments.end()});
}

void report_line(std::string_view line) {
  std::string whole(line);
  whole += '\n';
  // One write below PIPE_BUF is atomic: lines of several threads do not mix.
  if (write(report_descriptor, whole.data(), whole.size()) < 0) std::abort();
}

Child::Child(std::string_view program, const std::vector<std::string>& arguments) {
  std::vector<std::string> all{"/proc/self/exe", "--child", std::string(program)};
  all.insert(all.end(), arguments.begin(), arguments.end());
  std::vector<char*> pointers;
  for (auto& argument : all) pointers.push_back(argument.data());
  pointers.push_back(nullptr);
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) std::abort();
  pid_ = fork();
  if (pid_ == 0) {
    if (ends[1] == report_descriptor) {
      fcntl(report_descriptor, F_SETFD, 0);
    } else {
      dup2(ends[1], report_descriptor);
    }
    execv("/proc/self/exe", pointers.data());
    _exit(127);
  }
  close(ends[1]);
  report_ = ends[0];
}

Child::~Child() {
  if (pid_ > 0) {
    kill();
    wait_signal();
  }
  close(report_);
}

std::optional<std::string> Child::next_line() {
  while (true) {
    const auto end = buffer_.find('\n');
    if (end != std::string::npos) {
      std::string line = buffer_.substr(0, end);
      buffer_.erase(0, end + 1);
      return line;
    }
    char bytes[4096];
    const auto size = read(report_, bytes, sizeof bytes);
    if (size <= 0) return {};
    buffer_.append(bytes, static_cast<std::size_t>(size));
  }
}

void Child::kill() {
  if (pid_ > 0) ::kill(pid_, SIGKILL);
}

int Child::wait_signal() {
  int status = 0;
  if (pid_ > 0) waitpid(std::exchange(pid_, -1), &status, 0);
  exit_code_ = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

}  // namespace holdfast::test
