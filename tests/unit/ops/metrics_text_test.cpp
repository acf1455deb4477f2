#include "holdfast/ops/metrics_text.h"

#include <gtest/gtest.h>

namespace holdfast::ops {
namespace {

metrics::Metric test_counter{metrics::Kind::counter, "zz_test_things_total", "Things of this test."};
metrics::HistogramFamily test_durations{"zz_test_duration_seconds", "How long this test takes.", {"step"}};

bool has_line(const std::string& text, const std::string& line) {
  return ("\n" + text).find("\n" + line + "\n") != std::string::npos;
}

TEST(MetricsText, ShowsCountersWithHelpAndType) {
  test_counter.add(41);
  test_counter.add();
  const auto text = metrics_text({});
  EXPECT_TRUE(has_line(text, "# HELP zz_test_things_total Things of this test.")) << text;
  EXPECT_TRUE(has_line(text, "# TYPE zz_test_things_total counter"));
  EXPECT_TRUE(has_line(text, "zz_test_things_total 42"));
}

TEST(MetricsText, AddsBucketsUp) {
  auto& first = test_durations.with({"first"});
  first.observe(std::chrono::microseconds(50));
  first.observe(std::chrono::milliseconds(2));
  first.observe(std::chrono::seconds(60));
  const auto text = metrics_text({});
  EXPECT_TRUE(has_line(text, "# TYPE zz_test_duration_seconds histogram"));
  EXPECT_TRUE(has_line(text, R"(zz_test_duration_seconds_bucket{step="first",le="0.0001"} 1)")) << text;
  EXPECT_TRUE(has_line(text, R"(zz_test_duration_seconds_bucket{step="first",le="10"} 2)"));
  EXPECT_TRUE(has_line(text, R"(zz_test_duration_seconds_bucket{step="first",le="+Inf"} 3)"));
  EXPECT_TRUE(has_line(text, R"(zz_test_duration_seconds_count{step="first"} 3)"));
  EXPECT_NE(text.find(R"(zz_test_duration_seconds_sum{step="first"} 60.002)"), std::string::npos);
}

TEST(MetricsText, LabelValuesCannotBreakOut) {
  const auto text = metrics_text({{.name = "zz_odd",
                                   .help = "Odd.",
                                   .samples = {{.value = 0.5, .labels = {{"a", "x\"y\\z\nzz_forged 1"}}}}}});
  EXPECT_TRUE(has_line(text, R"(zz_odd{a="x\"y\\z\nzz_forged 1"} 0.5)")) << text;
  EXPECT_FALSE(has_line(text, "zz_forged 1"));
}

TEST(MetricsText, AFamilyWithoutSamplesIsLeftOut) {
  const auto text = metrics_text({{.name = "zz_nobody", .help = "Nobody has it.", .samples = {}}});
  EXPECT_EQ(text.find("zz_nobody"), std::string::npos);
}

}  // namespace
}  // namespace holdfast::ops
