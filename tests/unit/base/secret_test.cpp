#include "holdfast/base/secret.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <type_traits>

namespace holdfast {
namespace {

static_assert(!std::is_copy_constructible_v<Secret>);

TEST(Secret, WipeOverwritesTheWholeBuffer) {
  Bytes bytes(64, 's');
  const char* where = bytes.data();
  const std::size_t capacity = bytes.capacity();
  wipe(bytes);
  EXPECT_TRUE(bytes.empty());
  // The buffer is still owned by `bytes` (clear keeps it), so looking at it is safe.
  EXPECT_TRUE(std::all_of(where, where + capacity, [](char c) { return c == 0; }));
}

TEST(Secret, MovingEmptiesTheSourceEvenWhenItIsShort) {
  Secret first(Bytes("pw"));
  Secret second(std::move(first));
  EXPECT_EQ(second.expose(), "pw");
  EXPECT_TRUE(first.empty());
  Secret third;
  third = std::move(second);
  EXPECT_EQ(third.expose(), "pw");
  EXPECT_TRUE(second.empty());
}

}  // namespace
}  // namespace holdfast
