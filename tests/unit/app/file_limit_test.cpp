#include "file_limit.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

namespace holdfast::app {
namespace {

TEST(FileLimit, ConnectionsFitTheFilesOrGoWithout) {
  EXPECT_EQ(connections_within(20'000, 65'536), 20'000);
  EXPECT_EQ(connections_within(20'000, files_for(20'000)), 20'000);
  for (std::size_t files = 3'100; files < 30'000; files += 7) {
    const auto fit = connections_within(20'000, files);
    ASSERT_LE(files_for(fit), files) << fit;
    // As many as fit, but for the rounding of the reserve.
    if (fit < 20'000) ASSERT_GT(files_for(fit + fit / 16 + 2), files) << fit;
  }
  EXPECT_EQ(connections_within(20'000, 64), 16) << "too few for anything: the store is warned of elsewhere";
  EXPECT_EQ(connections_within(16, 64), 16);
}

TEST(FileLimit, IsRaisedToTheMostAllowed) {
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
  rlimit low = before;
  low.rlim_cur = 200;
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &low), 0);
  EXPECT_EQ(raise_file_limit().value(), before.rlim_max);
  rlimit now{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &now), 0);
  EXPECT_EQ(now.rlim_cur, before.rlim_max);
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &before), 0);
}

}  // namespace
}  // namespace holdfast::app
