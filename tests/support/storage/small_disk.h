#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>

namespace holdfast::test {

/// A disk of this process's own that can be full to the page: a tmpfs in a mount namespace that ends with the
/// process. Only in a child (kill_child.h): the process sees the mount from then on.
class SmallDisk {
 public:
  SmallDisk(std::filesystem::path place, std::uint64_t size_bytes) : place_(std::move(place)) {
    const auto user = ::geteuid();
    const auto group = ::getegid();
    const int spaces = user == 0 ? CLONE_NEWNS : CLONE_NEWNS | CLONE_NEWUSER;
    is_mounted_ = ::unshare(spaces) == 0;
    if (user != 0) {
      std::ofstream("/proc/self/setgroups") << "deny";
      std::ofstream("/proc/self/uid_map") << "0 " << user << " 1";
      std::ofstream("/proc/self/gid_map") << "0 " << group << " 1";
    }
    std::filesystem::create_directories(place_);
    const auto size = "size=" + std::to_string(size_bytes);
    is_mounted_ = is_mounted_ && ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
                  ::mount("holdfast-test", place_.c_str(), "tmpfs", 0, size.c_str()) == 0;
    EXPECT_TRUE(is_mounted_) << "no disk of a test's own: unshare or mount failed, errno " << errno;
  }

  [[nodiscard]] bool is_mounted() const { return is_mounted_; }
  static std::uint64_t page_bytes() { return static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE)); }

  /// Takes all but `pages` of what is free.
  void fill(std::uint64_t pages) const {
    make_room();
    const int file = ::open(filler().c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0600);
    struct statvfs space{};
    EXPECT_EQ(::statvfs(place_.c_str(), &space), 0);
    const auto take =
        static_cast<off_t>(space.f_bavail * space.f_frsize) - static_cast<off_t>(pages * page_bytes());
    if (take > 0) EXPECT_EQ(::posix_fallocate(file, 0, take), 0);
    ::close(file);
  }
  void make_room() const { std::filesystem::remove(filler()); }

 private:
  [[nodiscard]] std::filesystem::path filler() const { return place_ / "filler"; }

  std::filesystem::path place_;
  bool is_mounted_ = false;
};

}  // namespace holdfast::test
