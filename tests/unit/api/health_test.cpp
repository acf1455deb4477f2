#include "holdfast/api/health.h"

#include "api_fixture.h"

namespace holdfast::api {
namespace {

class HealthTest : public testing::Test {
 protected:
  HealthTest() {
    add_health_rows(router_, {.ready = [this] { return ready_; },
                              .takes_traffic = [this] { return traffic_; },
                              .takes_primary_traffic = [this] { return primary_; },
                              .role = [this] { return std::string(primary_ ? "primary" : "secondary"); },
                              .region = "us-east-1"});
  }
  http::Response ask(std::string_view target) {
    return handle_in_process(router_, request_to(http::Method::get, target));
  }

  Result<> ready_;
  bool traffic_ = true;
  bool primary_ = true;
  http::Router router_;
};

TEST_F(HealthTest, AHealthyPrimaryAnswers200Everywhere) {
  for (const std::string_view target :
       {"/health/live", "/health/ready", "/health/traffic", "/health/traffic?role=primary"}) {
    const auto response = ask(target);
    EXPECT_EQ(response.status, 200) << target;
    EXPECT_EQ(json_of(response),
              (nlohmann::json{{"status", "ok"}, {"region", "us-east-1"}, {"role", "primary"}}));
    EXPECT_EQ(response.headers.find("Cache-Control"), "no-store");
  }
}

TEST_F(HealthTest, ASecondarySignsInButIsNotThePrimary) {
  primary_ = false;
  EXPECT_EQ(ask("/health/traffic").status, 200);
  const auto response = ask("/health/traffic?role=primary");
  EXPECT_EQ(response.status, 503);
  EXPECT_EQ(json_of(response)["status"], "not_primary");
}

TEST_F(HealthTest, TrafficAndReadinessAreSeparateQuestions) {
  ready_ = fail(ErrorKind::unavailable, "never_synced", "the first sync has not ended");
  EXPECT_EQ(ask("/health/live").status, 200);
  EXPECT_EQ(ask("/health/ready").status, 503);
  EXPECT_EQ(json_of(ask("/health/ready"))["status"], "never_synced");
  EXPECT_EQ(json_of(ask("/health/ready"))["detail"], "the first sync has not ended");
  traffic_ = false;
  EXPECT_EQ(ask("/health/traffic").status, 503);
}

TEST_F(HealthTest, OtherRolesAreRefusedAndEveryRowIsServedUnderLoad) {
  EXPECT_EQ(ask("/health/traffic?role=secondary").body, "invalid_field");
  for (const auto& row : router_.rows()) {
    EXPECT_TRUE(row->always) << row->path;
    EXPECT_EQ(row->auth, http::AuthLevel::open);
  }
}

}  // namespace
}  // namespace holdfast::api
