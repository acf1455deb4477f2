#include "record_cache.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "domain_fixture.h"
#include "tables.h"

namespace holdfast::identity {
namespace {

class RecordCacheTest : public test::DomainTest {
 protected:
  void write(const std::string& value) {
    auto transaction = region_.core().transaction();
    transaction.put(pools_table, "key", storage::Scope::system(), record_version, value);
    region_.store().commit(std::move(transaction));
  }
  Result<std::shared_ptr<const std::string>> read() {
    ++reads_;
    TRY(const auto row, region_.core().reader().get(pools_table, "key"));
    return std::make_shared<const std::string>(row.plain);
  }
  std::string cached() {
    const auto found = cache_.get("key", [this] { return read(); });
    return found ? **found : std::string(found.error().code);
  }

  RecordCache<std::string> cache_{region_.core(), pools_table, 2};
  int reads_ = 0;
};

TEST_F(RecordCacheTest, AChangeIsSeenAsSoonAsItIsAnswered) {
  EXPECT_EQ(cached(), "not_found");
  write("one");
  EXPECT_EQ(cached(), "one");
  EXPECT_EQ(cached(), "one");
  EXPECT_EQ(reads_, 2);
  write("two");
  EXPECT_EQ(cached(), "two");
  auto transaction = region_.core().transaction();
  transaction.erase(pools_table, "key");
  region_.store().commit(std::move(transaction));
  EXPECT_EQ(cached(), "not_found");
}

// The race that matters: the old row is in hand, its change is answered, and only then would it be kept.
TEST_F(RecordCacheTest, WhatChangedWhileItWasReadIsNotKept) {
  write("old");
  const auto stale = cache_.get("key", [this] {
    auto old = read();
    write("new");
    return old;
  });
  ASSERT_TRUE(stale);
  EXPECT_EQ(**stale, "old");
  EXPECT_EQ(cached(), "new");
}

TEST_F(RecordCacheTest, KeepsNoMoreThanItsLimit) {
  const auto one = std::make_shared<const std::string>("one");
  const auto keep = [&](const char* key) {
    int loads = 0;
    static_cast<void>(cache_.get(key, [&]() -> Result<std::shared_ptr<const std::string>> {
      ++loads;
      return one;
    }));
    return loads == 1;
  };
  EXPECT_TRUE(keep("a"));
  EXPECT_TRUE(keep("b"));
  EXPECT_FALSE(keep("a"));
  EXPECT_TRUE(keep("c"));
  EXPECT_TRUE(keep("a"));
}

}  // namespace
}  // namespace holdfast::identity
