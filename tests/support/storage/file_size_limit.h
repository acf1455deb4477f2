#pragma once

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>
#include <cstdint>

namespace holdfast::test {

/// No file of this process grows beyond this while it lives (EFBIG): a disk that is full for the files that
/// are that long already.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(std::uintmax_t bytes) : before_handler_(std::signal(SIGXFSZ, SIG_IGN)) {
    EXPECT_EQ(getrlimit(RLIMIT_FSIZE, &before_), 0);
    auto limit = before_;
    limit.rlim_cur = bytes;
    EXPECT_EQ(setrlimit(RLIMIT_FSIZE, &limit), 0);
  }
  FileSizeLimit(const FileSizeLimit&) = delete;
  FileSizeLimit& operator=(const FileSizeLimit&) = delete;
  ~FileSizeLimit() {
    EXPECT_EQ(setrlimit(RLIMIT_FSIZE, &before_), 0);
    EXPECT_NE(std::signal(SIGXFSZ, before_handler_), SIG_ERR);
  }

 private:
  rlimit before_{};
  void (*before_handler_)(int);
};

}  // namespace holdfast::test
