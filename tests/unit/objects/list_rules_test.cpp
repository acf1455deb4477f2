#include "holdfast/objects/list_rules.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>

namespace holdfast::objects {
namespace {

struct Listed {
  std::vector<std::string> keys;
  std::vector<std::string> groups;
  std::string next;
};

// Walks a sorted set the way the service walks the store: seek, offer, jump.
Listed list(const std::set<std::string>& keys, ListQuery query) {
  auto page = ListPage::begin(std::move(query));
  EXPECT_TRUE(page);
  Listed listed;
  for (auto at = keys.upper_bound(page->resume_after()); at != keys.end();) {
    if (!at->starts_with(page->prefix())) {
      ++at;
      continue;
    }
    const auto step = page->offer(*at);
    if (step == ListPage::Step::finished) break;
    if (step == ListPage::Step::taken) listed.keys.push_back(*at++);
    if (step == ListPage::Step::grouped) at = keys.upper_bound(page->resume_after());
  }
  listed.groups = page->common_prefixes();
  listed.next = page->next_token();
  EXPECT_EQ(page->truncated(), !listed.next.empty());
  EXPECT_EQ(page->key_count(), listed.keys.size() + listed.groups.size());
  return listed;
}

using Texts = std::vector<std::string>;

// The tree that S3's manual uses to explain prefix and delimiter.
const std::set<std::string> tree{"photos/2006/January/sample.jpg", "photos/2006/February/sample2.jpg",
                                 "photos/2006/February/sample3.jpg", "photos/2006/February/sample4.jpg",
                                 "sample.jpg"};

TEST(ListRules, DelimiterRollsKeysUp) {
  const auto root = list(tree, {.delimiter = "/"});
  EXPECT_EQ(root.keys, Texts{"sample.jpg"});
  EXPECT_EQ(root.groups, Texts{"photos/"});
  const auto year = list(tree, {.prefix = "photos/2006/", .delimiter = "/"});
  EXPECT_EQ(year.keys, Texts{});
  EXPECT_EQ(year.groups, (Texts{"photos/2006/February/", "photos/2006/January/"}));
  EXPECT_EQ(list(tree, {.prefix = "photos/2006/F"}).keys.size(), 3U);
  EXPECT_TRUE(list(tree, {.prefix = "nothing"}).keys.empty());
}

TEST(ListRules, PagesGoOnWhereTheLastOneEnded) {
  const auto first = list(tree, {.delimiter = "/", .max_keys = 1});
  EXPECT_EQ(first.groups, Texts{"photos/"});
  ASSERT_FALSE(first.next.empty());
  const auto second = list(tree, {.delimiter = "/", .continuation = first.next, .max_keys = 1});
  EXPECT_EQ(second.keys, Texts{"sample.jpg"});
  EXPECT_TRUE(second.groups.empty());
  EXPECT_TRUE(second.next.empty());
}

TEST(ListRules, StartAfterIsExclusive) {
  EXPECT_EQ(list({"a", "b", "c"}, {.start_after = "b"}).keys, Texts{"c"});
  EXPECT_EQ(list({"a", "b", "c"}, {.start_after = "aa"}).keys, (Texts{"b", "c"}));
}

TEST(ListRules, NoRoomIsAnEmptyCompletePage) {
  const auto none = list(tree, {.max_keys = 0});
  EXPECT_TRUE(none.keys.empty());
  EXPECT_TRUE(none.next.empty());
}

TEST(ListRules, ForeignTokensAreRefused) {
  for (const auto* bad : {"!", "AQ", "AmE", "a=b"}) {
    const auto page = ListPage::begin({.continuation = bad});
    ASSERT_FALSE(page) << bad;
    EXPECT_EQ(page.error().code, "invalid_continuation_token");
  }
}

// The pages of any listing, put together, are what one endless page would show: nothing twice, nothing left
// out.
TEST(ListRules, PagesTogetherAreTheWhole) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  for (int round = 0; round < 200; ++round) {
    std::set<std::string> keys;
    for (unsigned i = random() % 40; i > 0; --i) {
      std::string key;
      for (unsigned n = 1 + random() % 5; n > 0; --n) key.push_back("ab/"[random() % 3]);
      keys.insert(key);
    }
    const ListQuery query{.prefix = random() % 2 == 0 ? "" : "a", .delimiter = random() % 2 == 0 ? "" : "/"};
    const auto whole = list(keys, query);
    auto paged = query;
    paged.max_keys = 1 + random() % 3;
    Texts seen_keys;
    Texts seen_groups;
    do {
      const auto page = list(keys, paged);
      seen_keys.insert(seen_keys.end(), page.keys.begin(), page.keys.end());
      seen_groups.insert(seen_groups.end(), page.groups.begin(), page.groups.end());
      paged.continuation = page.next;
    } while (!paged.continuation.empty());
    ASSERT_EQ(seen_keys, whole.keys);
    ASSERT_EQ(seen_groups, whole.groups);
  }
}

}  // namespace
}  // namespace holdfast::objects
