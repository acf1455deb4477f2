#include "holdfast/base/files.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>

namespace holdfast {
namespace {

class Files : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "filesXXXXXX";
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    dir_ = pattern;
  }
  void TearDown() override { std::filesystem::remove_all(dir_); }
  static mode_t mode_of(const std::filesystem::path& file) {
    struct stat info{};
    EXPECT_EQ(stat(file.c_str(), &info), 0);
    return info.st_mode & 0777U;
  }
  std::filesystem::path dir_;
};

TEST_F(Files, PrivateFilesAreForTheirOwnerOnlyEvenWhenTheyWereNot) {
  ASSERT_TRUE(write_public_file(dir_ / "token", "old"));
  EXPECT_EQ(mode_of(dir_ / "token"), 0644U);
  ASSERT_TRUE(write_private_file(dir_ / "token", "new"));
  EXPECT_EQ(mode_of(dir_ / "token"), 0600U);
  EXPECT_EQ(read_file(dir_ / "token"), "new");
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(dir_), {}), 1);
}

TEST_F(Files, ErrorsNameTheFile) {
  const auto missing = read_file(dir_ / "none");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().kind, ErrorKind::not_found);
  EXPECT_NE(missing.error().message.find("none"), std::string::npos);
  EXPECT_FALSE(write_private_file(dir_ / "no" / "folder", "x"));
}

TEST_F(Files, WhatCannotBeReadIsNotAnEmptyFile) {
  const auto folder = read_file(dir_);
  ASSERT_FALSE(folder);
  EXPECT_EQ(folder.error().kind, ErrorKind::internal);
  EXPECT_EQ(folder.error().message, dir_.string() + ": cannot be read: Is a directory");
}

TEST_F(Files, AFailedReplacementLeavesNothingBeside) {
  // A folder does not give way to a file: what was written beside it has to go.
  ASSERT_TRUE(std::filesystem::create_directory(dir_ / "taken"));
  EXPECT_FALSE(write_private_file(dir_ / "taken", "secret"));
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(dir_), {}), 1);
}

TEST_F(Files, ANameAloneIsInTheWorkingDirectory) {
  const auto before = std::filesystem::current_path();
  std::filesystem::current_path(dir_);
  EXPECT_TRUE(write_private_file("alone", "x"));
  std::filesystem::current_path(before);
  EXPECT_EQ(read_file(dir_ / "alone"), "x");
}

TEST_F(Files, ReadsAreBounded) {
  ASSERT_TRUE(write_private_file(dir_ / "big", std::string(11, 'x')));
  EXPECT_TRUE(read_file(dir_ / "big", 11));
  EXPECT_FALSE(read_file(dir_ / "big", 10));
}

}  // namespace
}  // namespace holdfast
