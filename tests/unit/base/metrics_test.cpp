#include "holdfast/base/metrics.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <thread>

namespace holdfast::metrics {
namespace {

using namespace std::chrono_literals;

std::size_t metrics_bucket_of(std::chrono::nanoseconds took) {
  Histogram histogram;
  histogram.observe(took);
  const auto counts = histogram.counts();
  return static_cast<std::size_t>(std::ranges::find(counts, 1U) - counts.begin());
}

TEST(Histogram, ABucketHoldsWhatTookAtMostItsBound) {
  EXPECT_EQ(metrics_bucket_of(0ns), 0U);
  EXPECT_EQ(metrics_bucket_of(100us), 0U);
  EXPECT_EQ(metrics_bucket_of(100us + 1ns), 1U);
  EXPECT_EQ(metrics_bucket_of(10s), Histogram::bounds.size() - 1);
  EXPECT_EQ(metrics_bucket_of(10s + 1ns), Histogram::bounds.size());
  EXPECT_EQ(metrics_bucket_of(-1s), 0U) << "a clock that is wrong breaks nothing";
}

TEST(Histogram, NothingIsLostBetweenThreads) {
  Histogram histogram;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int n = 0; n < 10'000; ++n) histogram.observe(3ms);
    });
  }
  for (auto& thread : threads) thread.join();
  const auto counts = histogram.counts();
  EXPECT_EQ(std::accumulate(counts.begin(), counts.end(), std::uint64_t{0}), 40'000U);
  EXPECT_EQ(histogram.sum(), 40'000 * 3ms);
}

TEST(HistogramFamily, GivesTheSameHistogramForTheSameValues) {
  static HistogramFamily family("holdfast_test_duration_seconds", "For this test.", {"one", "two"});
  auto& first = family.with({"a", "b"});
  EXPECT_EQ(&family.with({"a", "b"}), &first);
  EXPECT_NE(&family.with({"b", "a"}), &first);
  first.observe(1s);
  std::vector<Labels> seen;
  family.for_each([&](const Labels& labels, const Histogram&) { seen.push_back(labels); });
  EXPECT_EQ(seen, (std::vector<Labels>{{{"one", "a"}, {"two", "b"}}, {{"one", "b"}, {"two", "a"}}}));
  EXPECT_THROW(family.with({"a"}), std::logic_error);
}

}  // namespace
}  // namespace holdfast::metrics
