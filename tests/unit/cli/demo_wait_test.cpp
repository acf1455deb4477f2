#include "demo_wait.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

namespace holdfast::cli {
namespace {

using namespace std::chrono_literals;

class DemoWaitTest : public testing::Test {
 protected:
  ~DemoWaitTest() override { std::filesystem::remove(log); }

  [[nodiscard]] Wait wait() const {
    return {.what = "us-east-1",
            .asked = "GET https://localhost:1/health/ready",
            .log_file = log,
            .patience = 1ms};
  }
  void write_lines(int count) const {
    std::ofstream out(log);
    for (int i = 1; i <= count; ++i) out << "line " << i << "\n{\"route\":\"/health/traffic\"}\n";
  }
  static std::string told_by(const Result<>& result) { return result ? "nothing" : result.error().message; }

  const std::filesystem::path log =
      std::filesystem::temp_directory_path() / ("holdfast-demo-wait-" + std::to_string(getpid()) + ".log");
};

TEST_F(DemoWaitTest, TellsWhatWasAskedAndSeenLastAndTheEndOfTheLog) {
  write_lines(12);
  const auto told = told_by(wait_for(wait(), [] { return Look{.seen = "HTTP status 503"}; }));
  for (const char* expected :
       {"us-east-1: not there after", "asked: GET https://localhost:1/health/ready\n",
        "the last answer: HTTP status 503\n", log.c_str(), "    line 3\n", "    line 12"}) {
    EXPECT_NE(told.find(expected), std::string::npos) << expected << " is missing in: " << told;
  }
  EXPECT_EQ(told.find("line 2\n"), std::string::npos) << told;
}

TEST_F(DemoWaitTest, AnErrorEndsTheWaitAtOnceWithTheEndOfTheLog) {
  write_lines(1);
  auto patient = wait();
  patient.patience = 1h;
  const auto told = told_by(wait_for(
      patient, []() -> Result<Look> { return fail(ErrorKind::internal, "internal", "us-east-1 ended"); }));
  EXPECT_EQ(told, "us-east-1 ended\n  log: " + log.string() + ", which ends:\n    line 1");
}

TEST_F(DemoWaitTest, ALogThatIsNotThereOrSaysNothingIsSaid) {
  const auto told = [&] { return told_by(wait_for(wait(), [] { return Look{}; })); };
  EXPECT_NE(told().find(log.string() + ", which cannot be read"), std::string::npos) << told();
  write_lines(0);
  EXPECT_NE(told().find(log.string() + ", which says nothing"), std::string::npos) << told();
}

TEST_F(DemoWaitTest, LooksUntilItIsDone) {
  auto patient = wait();
  patient.patience = 1h;
  int looks = 0;
  EXPECT_TRUE(wait_for(patient, [&] { return Look{.done = ++looks == 2}; }));
}

TEST(DemoLook, SaysTheStatusOrTheErrorWithItsCode) {
  EXPECT_TRUE(look_at(200).done);
  EXPECT_FALSE(look_at(503).done);
  EXPECT_EQ(look_at(503).seen, "HTTP status 503");
  EXPECT_EQ(
      look_at(fail(ErrorKind::unavailable, "name_not_found", "no address for a.test", "Host not found")).seen,
      "no address for a.test (Host not found) [name_not_found]");
}

}  // namespace
}  // namespace holdfast::cli
