#include "holdfast/base/unset_bytes.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace holdfast {
namespace {

// Around the sizes where a string grows by more than it was asked for.
TEST(UnsetBytes, AreAsManyAsAskedFor) {
  for (std::size_t from = 0; from < 70; ++from) {
    EXPECT_EQ(unset_bytes(from).size(), from);
    for (std::size_t to = 0; to < 200; ++to) {
      Bytes bytes(from, 'x');
      resize_unset(bytes, to);
      ASSERT_EQ(bytes.size(), to) << "from " << from;
      ASSERT_TRUE(bytes.starts_with(Bytes(std::min(from, to), 'x')));
    }
  }
}

}  // namespace
}  // namespace holdfast
