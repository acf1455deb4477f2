#include "store_log.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <sstream>
#include <vector>

#include "storage/temp_directory.h"

namespace holdfast::storage {
namespace {

std::string store_log_text(const std::filesystem::path& file) {
  std::ostringstream text;
  text << std::ifstream(file).rdbuf();
  return text.str();
}

std::vector<std::filesystem::path> store_log_files(const std::filesystem::path& directory) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(directory)) files.push_back(entry.path());
  return files;
}

TEST(StoreLog, WritesOneLineEachHoweverLong) {
  const test::TempDirectory directory;
  StoreLog log(directory.path() / "LOG");
  const std::string long_text(3000, 'x');
  rocksdb::Info(&log, "a %d\n", 1);
  rocksdb::Warn(&log, "b %s", long_text.c_str());
  const auto text = store_log_text(directory.path() / "LOG");
  EXPECT_TRUE(text.contains(" a 1\n"));
  EXPECT_TRUE(text.ends_with(" [WARN] b " + long_text + "\n"));
  EXPECT_EQ(std::ranges::count(text, '\n'), 2);
  EXPECT_EQ(log.GetLogFileSize(), text.size());
}

TEST(StoreLog, ALogThatIsLongOrOfAnEarlierLifeIsMovedAside) {
  const test::TempDirectory directory;
  const auto file = directory.path() / "LOG";
  std::ofstream(file) << "an earlier life";
  StoreLog log(file, 200);
  EXPECT_EQ(store_log_files(directory.path()).size(), 2U);
  for (int i = 0; i < 3; ++i) rocksdb::Info(&log, "%s", std::string(100, 'x').c_str());
  EXPECT_EQ(store_log_files(directory.path()).size(), 4U);
  EXPECT_LE(std::filesystem::file_size(file), 200U);
}

TEST(StoreLog, WhereThereIsNoFileLinesAreDropped) {
  const test::TempDirectory directory;
  StoreLog log(directory.path() / "nowhere" / "LOG");
  rocksdb::Info(&log, "nobody reads this");
  EXPECT_EQ(log.GetLogFileSize(), 0U);
}

}  // namespace
}  // namespace holdfast::storage
