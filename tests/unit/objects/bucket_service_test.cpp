#include "holdfast/objects/bucket_service.h"

#include "objects_fixture.h"

namespace holdfast::objects {
namespace {

using test::ObjectsTest;
using test::TestRegion;

TEST_F(ObjectsTest, ABucketBelongsToOneAppAndHasItsOwnKey) {
  const auto bucket = buckets_.get(bucket_);
  ASSERT_TRUE(bucket);
  EXPECT_EQ(bucket->app, app_);
  EXPECT_EQ(apps_.get(app_)->bucket, bucket_);
  EXPECT_TRUE(region_.core().keys()->key_for(storage::Scope::bucket(bucket_)));
  EXPECT_EQ(audited("BUCKET_CREATED"), 1U);
}

TEST_F(ObjectsTest, BucketsThatCannotBeAreRefused) {
  const auto create = [this](std::string name, AppId app) {
    return region_.run(buckets_.create(std::move(name), std::move(app), actor_)).error().code;
  };
  TestRegion::must(create_app(AppId("other")));
  EXPECT_EQ(create("X", AppId("other")), "invalid_bucket_name");
  EXPECT_EQ(create("new-bucket", AppId("none")), "not_found");
  EXPECT_EQ(create("new-bucket", app_), "app_has_bucket");
  EXPECT_EQ(create(bucket_, AppId("other")), "already_exists");
  EXPECT_TRUE(apps_.get(AppId("other"))->bucket.empty());
  region_.become_secondary();
  EXPECT_EQ(create("new-bucket", AppId("other")), "read_only_region");
  EXPECT_EQ(region_.run(buckets_.remove(bucket_, actor_)).error().code, "read_only_region");
}

TEST_F(ObjectsTest, BucketsAreListedByName) {
  TestRegion::must(create_app(AppId("other")));
  TestRegion::must(region_.run(buckets_.create("a-bucket", AppId("other"), actor_)));
  const auto first = buckets_.list({}, 1);
  ASSERT_EQ(first->size(), 1U);
  EXPECT_EQ(first->at(0).name, "a-bucket");
  EXPECT_EQ(buckets_.list("a-bucket", 9)->at(0).name, bucket_);
}

TEST_F(ObjectsTest, OnlyAnEmptyBucketOfAFencedAppGoes) {
  const auto remove_bucket = [this] { return region_.run(buckets_.remove(bucket_, actor_)); };
  TestRegion::must(put("k", "v"));
  EXPECT_EQ(remove_bucket().error().code, "app_not_fenced");
  set_state(apps::AppState::fenced);
  EXPECT_EQ(remove_bucket().error().code, "bucket_not_empty");
  set_state(apps::AppState::active);
  TestRegion::must(remove("k", ada_));
  set_state(apps::AppState::fenced);
  ASSERT_TRUE(remove_bucket());
  EXPECT_EQ(remove_bucket().error().code, "no_such_bucket");
  EXPECT_TRUE(apps_.get(app_)->bucket.empty());
  EXPECT_EQ(audited("BUCKET_DELETED"), 1U);
  // Again under the same name and key.
  EXPECT_TRUE(region_.run(buckets_.create(bucket_, app_, actor_)));
}

}  // namespace
}  // namespace holdfast::objects
