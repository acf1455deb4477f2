#include "holdfast/objects/object_service.h"

#include "holdfast/base/encoding.h"
#include "holdfast/objects/object_rules.h"
#include "object_records.h"
#include "objects_fixture.h"

namespace holdfast::objects {
namespace {

using test::ObjectsTest;
using test::TestRegion;

Bytes pattern(std::size_t size, char seed = 1) {
  Bytes bytes(size, '\0');
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<char>(seed + static_cast<char>(i * 31 % 251));
  return bytes;
}

TEST_F(ObjectsTest, ASmallObjectLivesInTheLog) {
  auto request = put_request("a/b.txt");
  request.metadata = {{"camera", "X100"}};
  const auto written = put(request, "hello");
  ASSERT_TRUE(written) << written.error().describe();
  EXPECT_FALSE(written->blob);
  const auto object = region_.run(objects_.head(bucket_, "a/b.txt"));
  ASSERT_TRUE(object);
  EXPECT_EQ(*object, *written);
  EXPECT_EQ(etag_of(*object), "\"5d41402abc4b2a76b9719d911017c592\"");
  EXPECT_EQ(object->metadata, (UserMetadata{{"camera", "X100"}}));
  EXPECT_EQ(object->owner, "sub-ada");
  EXPECT_EQ(object->content_type, "image/jpeg");
  EXPECT_EQ(read("a/b.txt"), "hello");
  EXPECT_EQ(read("a/b.txt", ByteRange{1, 3}), "ell");
  EXPECT_EQ(blobs_on_disk(), 0U);
}

TEST_F(ObjectsTest, BytesThatAreNotAsManyAsTheRecordSaysAreNotServed) {
  TestRegion::must(put("k", "hello"));
  auto transaction = region_.core().transaction();
  transaction.put(object_bytes_table, object_key(bucket_, "k"), storage::Scope::bucket(bucket_),
                  object_bytes_version, "he");
  region_.store().commit(std::move(transaction));
  EXPECT_EQ(read("k").error().kind, ErrorKind::corrupt);
  EXPECT_EQ(read("k", ByteRange{3, 4}).error().kind, ErrorKind::corrupt);
}

TEST_F(ObjectsTest, TheBoundBetweenLogAndBlobIsExact) {
  EXPECT_FALSE(put("in", pattern(max_inline_bytes))->blob);
  const auto out = put("out", pattern(max_inline_bytes + 1));
  ASSERT_TRUE(out) << out.error().describe();
  EXPECT_TRUE(out->blob);
  EXPECT_EQ(read("in"), pattern(max_inline_bytes));
  EXPECT_EQ(read("out"), pattern(max_inline_bytes + 1));
  EXPECT_EQ(put("empty", "")->size, 0U);
  EXPECT_EQ(read("empty"), "");
}

TEST_F(ObjectsTest, ALargeObjectIsABlob) {
  const auto bytes = pattern(3'500'000);
  const auto written = put("big", bytes);
  ASSERT_TRUE(written) << written.error().describe();
  EXPECT_EQ(written->size, bytes.size());
  EXPECT_EQ(written->sha256, crypto::sha256(bytes));
  EXPECT_EQ(read("big"), bytes);
  EXPECT_EQ(read("big", ByteRange{1'048'570, 2'100'000}), bytes.substr(1'048'570, 2'100'000 - 1'048'570 + 1));
  EXPECT_EQ(read("big", ByteRange{3'499'999, 3'499'999}), bytes.substr(3'499'999));
  EXPECT_EQ(blobs_on_disk(), 1U);
  EXPECT_EQ(objects_.is_referenced(*written->blob), true);
}

TEST_F(ObjectsTest, AnOverwriteRetiresTheOldBytes) {
  std::vector<std::pair<BlobId, bool>> seen;
  const auto subscription =
      objects_.observe_blobs([&](const BlobId& id, bool named) { seen.emplace_back(id, named); });
  const auto first = TestRegion::must(put("k", pattern(100'000, 1)));
  const auto second = TestRegion::must(put("k", pattern(100'000, 2)));
  EXPECT_NE(first.version, second.version);
  EXPECT_EQ(read("k"), pattern(100'000, 2));
  EXPECT_EQ(objects_.is_referenced(*first.blob), false);
  EXPECT_EQ(objects_.is_referenced(*second.blob), true);
  TestRegion::must(put("k", "small"));
  EXPECT_EQ(read("k"), "small");
  EXPECT_EQ(objects_.is_referenced(*second.blob), false);
  TestRegion::must(put("k", pattern(100'000, 3)));
  EXPECT_EQ(read("k"), pattern(100'000, 3));
  EXPECT_EQ(seen.size(), 5U);
  // Old blobs stay for the collector's grace.
  EXPECT_EQ(blobs_on_disk(), 3U);
  storage::BlobCollector collector(blobs_, region_.clock(), std::chrono::seconds(60),
                                   [this](const BlobId& id) { return objects_.is_referenced(id); });
  TestRegion::must(collector.sweep());
  region_.clock().advance(std::chrono::seconds(61));
  TestRegion::must(collector.sweep());
  EXPECT_EQ(blobs_on_disk(), 1U);
  EXPECT_EQ(read("k"), pattern(100'000, 3));
}

TEST_F(ObjectsTest, AReaderKeepsTheVersionThatItOpened) {
  TestRegion::must(put("k", pattern(2'000'000, 1)));
  auto found = TestRegion::must(region_.run(objects_.get(bucket_, "k")));
  auto content = TestRegion::must(region_.run(objects_.open(std::move(found), {})));
  auto bytes = TestRegion::must(region_.run(content.read()));
  TestRegion::must(put("k", "new"));
  while (content.remaining() > 0) bytes += TestRegion::must(region_.run(content.read()));
  EXPECT_EQ(bytes, pattern(2'000'000, 1));
  EXPECT_EQ(TestRegion::must(region_.run(content.read())), "");
}

TEST_F(ObjectsTest, OnlyOwnerOrAdministratorReplaces) {
  TestRegion::must(put("k", "ada's"));
  auto request = put_request("k");
  request.caller = bob_;
  EXPECT_EQ(put(request, "bob's").error().code, "forbidden");
  EXPECT_EQ(remove("k", bob_).error().code, "forbidden");
  request.caller = admin_;
  const auto edited = put(request, "edited");
  ASSERT_TRUE(edited);
  // The object stays ada's.
  EXPECT_EQ(edited->owner, "sub-ada");
  EXPECT_TRUE(put("k", "again"));
  EXPECT_EQ(audited("OBJECT_REPLACED"), 1U) << "the administrator's alone";
  ASSERT_TRUE(remove("k", admin_));
  EXPECT_EQ(audited("OBJECT_REMOVED"), 1U);
}

TEST_F(ObjectsTest, DeletingIsQuietAboutAbsence) {
  const auto written = TestRegion::must(put("k", pattern(100'000)));
  const auto gone = remove("k", ada_);
  ASSERT_TRUE(gone);
  EXPECT_TRUE(gone->has_value());
  EXPECT_EQ(read("k").error().code, "no_such_key");
  EXPECT_EQ(region_.run(objects_.head(bucket_, "k")).error().code, "no_such_key");
  EXPECT_EQ(objects_.is_referenced(*written.blob), false);
  const auto again = remove("k", ada_);
  ASSERT_TRUE(again);
  EXPECT_FALSE(again->has_value());
  EXPECT_EQ(audited("OBJECT_REMOVED"), 0U);
}

TEST_F(ObjectsTest, ConditionsGuardWrites) {
  auto request = put_request("k");
  request.conditions.if_none_match = "*";
  ASSERT_TRUE(put(request, "first"));
  EXPECT_EQ(put(request, "second").error().code, "precondition_failed");
  request.conditions = {.if_match = "\"5d41402abc4b2a76b9719d911017c592\""};
  EXPECT_EQ(put(request, "third").error().code, "precondition_failed");
  EXPECT_EQ(remove("k", ada_, request.conditions).error().code, "precondition_failed");
  EXPECT_EQ(read("k"), "first");
}

TEST_F(ObjectsTest, ARaceBetweenTwoUploadsIsJudgedAgain) {
  auto only_first = put_request("k");
  only_first.conditions.if_none_match = "*";
  auto slow = TestRegion::must(region_.run(objects_.begin_put(only_first, {})));
  TestRegion::must(region_.run(slow.add(pattern(100'000))));
  TestRegion::must(put("k", "quick"));
  EXPECT_EQ(region_.run(slow.finish({})).error().code, "precondition_failed");
  EXPECT_EQ(read("k"), "quick");
  EXPECT_EQ(blobs_on_disk(), 0U);
}

TEST_F(ObjectsTest, AFenceDuringAnUploadRefusesIt) {
  auto upload = TestRegion::must(region_.run(objects_.begin_put(put_request("k"), {})));
  TestRegion::must(region_.run(upload.add(pattern(100'000))));
  set_state(apps::AppState::fenced);
  EXPECT_EQ(region_.run(upload.finish({})).error().code, "app_fenced");
  EXPECT_EQ(blobs_on_disk(), 0U);
  EXPECT_EQ(read("k").error().code, "no_such_key");
}

TEST_F(ObjectsTest, AnUploadDoesNotGoIntoAnotherAppsBucketOfTheSameName) {
  auto upload = TestRegion::must(region_.run(objects_.begin_put(put_request("k"), {})));
  TestRegion::must(region_.run(upload.add(pattern(100'000))));
  set_state(apps::AppState::fenced);
  TestRegion::must(region_.run(buckets_.remove(bucket_, actor_)));
  TestRegion::must(create_app(AppId("other")));
  TestRegion::must(region_.run(buckets_.create(bucket_, AppId("other"), actor_)));
  const auto finished = region_.run(upload.finish({}));
  ASSERT_FALSE(finished) << "who was admitted to one app wrote into another's";
  EXPECT_EQ(finished.error().code, "no_such_bucket");
  EXPECT_EQ(read("k").error().code, "no_such_key");
  EXPECT_EQ(blobs_on_disk(), 0U);
}

TEST_F(ObjectsTest, TheStateAndTheRegionGovernWritesButNotReads) {
  TestRegion::must(put("k", "v"));
  set_state(apps::AppState::fenced);
  EXPECT_EQ(put("k", "w").error().code, "app_fenced");
  EXPECT_EQ(remove("k", ada_).error().code, "app_fenced");
  set_state(apps::AppState::failover);
  EXPECT_EQ(put("k", "w").error().code, "app_failed_over");
  EXPECT_EQ(read("k"), "v");
  set_state(apps::AppState::active);
  region_.become_secondary();
  EXPECT_EQ(put("k", "w").error().code, "read_only_region");
  EXPECT_EQ(remove("k", ada_).error().code, "read_only_region");
  EXPECT_EQ(read("k"), "v");
}

TEST_F(ObjectsTest, WhatWasAnnouncedIsChecked) {
  const auto refused = [this](ExpectedContent expected, std::size_t size) {
    auto request = put_request("k");
    request.checksum = ChecksumKind::crc32;
    const auto result = put(request, Bytes(size, 'a'), std::move(expected));
    return result ? "ok" : std::string(result.error().code);
  };
  for (const std::size_t size : {100UL, 100'000UL}) {
    EXPECT_EQ(refused({.md5 = Bytes(16, 'x')}, size), "bad_digest");
    EXPECT_EQ(refused({.sha256 = Bytes(32, 'x')}, size), "sha256_mismatch");
    EXPECT_EQ(refused({.checksum = Bytes(4, 'x')}, size), "bad_digest");
    EXPECT_EQ(refused({.size = size + 1}, size), "incomplete_body");
  }
  EXPECT_EQ(blobs_on_disk(), 0U);
  crypto::Md5 md5;
  md5.update(Bytes(100'000, 'a'));
  Checksum crc(ChecksumKind::crc32);
  crc.update(Bytes(100'000, 'a'));
  EXPECT_EQ(refused({.size = 100'000,
                     .md5 = md5.finish(),
                     .sha256 = crypto::sha256(Bytes(100'000, 'a')),
                     .checksum = crc.finish()},
                    100'000),
            "ok");
  // A checksum of a kind that was not computed proves nothing.
  auto unannounced = put_request("k");
  EXPECT_EQ(put(unannounced, "abc", {.checksum = Bytes(4, 'x')}).error().code, "bad_digest");
}

TEST_F(ObjectsTest, BadRequestsAreRefusedBeforeAnyByte) {
  const auto refused = [this](PutRequest request, std::optional<std::uint64_t> size = {}) {
    const auto upload = region_.run(objects_.begin_put(std::move(request), size));
    return upload ? "ok" : std::string(upload.error().code);
  };
  auto request = put_request("k");
  request.bucket = "no-bucket";
  EXPECT_EQ(refused(request), "no_such_bucket");
  EXPECT_EQ(refused(put_request("")), "invalid_key");
  EXPECT_EQ(refused(put_request(std::string(1025, 'k'))), "key_too_long");
  request = put_request("k");
  request.metadata = {{"n", std::string(3'000, 'v')}};
  EXPECT_EQ(refused(request), "metadata_too_large");
  request = put_request("k");
  request.content_type = "a\nb";
  EXPECT_EQ(refused(request), "invalid_content_type");
  EXPECT_EQ(refused(put_request("k"), max_object_bytes + 1), "object_too_large");
  EXPECT_EQ(region_.run(objects_.head("no-bucket", "k")).error().code, "no_such_bucket");
  EXPECT_EQ(region_.run(objects_.get("no-bucket", "k")).error().code, "no_such_bucket");
  EXPECT_EQ(region_.run(objects_.list("no-bucket", {})).error().code, "no_such_bucket");
  EXPECT_EQ(region_.run(objects_.remove("no-bucket", "k", {}, ada_, "")).error().code, "no_such_bucket");
}

TEST_F(ObjectsTest, TheConfiguredLargestSizeHolds) {
  ObjectService small({.db = region_.core(),
                       .writer = region_.writer(),
                       .apps = apps_,
                       .buckets = buckets_,
                       .blobs = blobs_,
                       .disk = region_.disk(),
                       .clock = region_.clock(),
                       .demand = demand_,
                       .max_object_bytes = 1000});
  const auto put_there = [&](std::size_t size, std::optional<std::uint64_t> announced) {
    return region_.run(
        put_in_parts(&small, put_request("k"), pattern(size), ExpectedContent{.size = announced}));
  };
  EXPECT_TRUE(put_there(1000, 1000));
  for (const auto announced : {std::optional<std::uint64_t>(1001), std::optional<std::uint64_t>()}) {
    const auto refused = put_there(1001, announced);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, "object_too_large");
    EXPECT_EQ(refused.error().message, "an object has at most 1000 bytes");
  }
}

TEST_F(ObjectsTest, ABlobThatNoMemberGivesIsPending) {
  const auto object = TestRegion::must(put("k", pattern(100'000)));
  TestRegion::must(blobs_.remove(*object.blob));
  const auto refused = read("k");
  EXPECT_EQ(refused.error().code, "content_pending");
  EXPECT_EQ(refused.error().kind, ErrorKind::unavailable);
  EXPECT_EQ(demand_.next(9), std::vector{*object.blob});
  EXPECT_TRUE(region_.run(objects_.head(bucket_, "k")));
}

TEST_F(ObjectsTest, AReaderWaitsForABlobThatIsOnItsWay) {
  const auto object = TestRegion::must(put("k", pattern(100'000)));
  const auto path =
      region_.store().directory() / "blobs" / object.blob->str().substr(0, 2) / object.blob->str();
  const auto aside = region_.store().directory() / "aside";
  std::filesystem::rename(path, aside);
  // Another member's copy arrives as soon as it is asked for.
  const auto wanted = demand_.on_wanted([&] {
    std::filesystem::rename(aside, path);
    demand_.arrived(*object.blob);
  });
  EXPECT_EQ(read("k"), pattern(100'000));
}

TEST_F(ObjectsTest, AnUploadThatIsDroppedLeavesNothing) {
  {
    auto upload = TestRegion::must(region_.run(objects_.begin_put(put_request("k"), {})));
    TestRegion::must(region_.run(upload.add(pattern(600'000))));
  }
  EXPECT_EQ(blobs_on_disk(), 0U);
  EXPECT_EQ(read("k").error().code, "no_such_key");
}

TEST_F(ObjectsTest, ListingShowsKeysGroupsAndPages) {
  for (const auto* key : {"a/1", "a/2", "b", "c/1", "d"}) TestRegion::must(put(key, "v"));
  TestRegion::must(create_app(AppId("other")));
  TestRegion::must(region_.run(buckets_.create("photos-bucket2", AppId("other"), actor_)));
  const auto whole = TestRegion::must(region_.run(objects_.list(bucket_, {})));
  EXPECT_EQ(whole.key_count(), 5U);
  EXPECT_FALSE(whole.truncated);
  const auto grouped = TestRegion::must(region_.run(objects_.list(bucket_, {.delimiter = "/"})));
  EXPECT_EQ(grouped.common_prefixes, (std::vector<std::string>{"a/", "c/"}));
  ASSERT_EQ(grouped.objects.size(), 2U);
  EXPECT_EQ(grouped.objects[0].key, "b");
  EXPECT_EQ(grouped.objects[1].key, "d");
  const auto first = TestRegion::must(region_.run(objects_.list(bucket_, {.delimiter = "/", .max_keys = 3})));
  EXPECT_TRUE(first.truncated);
  const auto rest = TestRegion::must(region_.run(
      objects_.list(bucket_, {.delimiter = "/", .continuation = first.next_token, .max_keys = 3})));
  ASSERT_EQ(rest.key_count(), 1U);
  EXPECT_EQ(rest.objects[0].key, "d");
  EXPECT_EQ(TestRegion::must(region_.run(objects_.list(bucket_, {.prefix = "a/"}))).key_count(), 2U);
  EXPECT_EQ(TestRegion::must(region_.run(objects_.list("photos-bucket2", {}))).key_count(), 0U);
}

TEST_F(ObjectsTest, ReplicationSeesEveryNamedBlob) {
  std::set<std::string> named;
  for (const auto* key : {"1", "2", "3"})
    named.insert(TestRegion::must(put(key, pattern(70'000))).blob->str());
  std::vector<std::string> visited;
  BlobId after;
  while (true) {
    const auto before = visited.size();
    TestRegion::must(
        objects_.visit_referenced(after, 2, [&](const BlobId& id) { visited.push_back(id.str()); }));
    if (visited.size() == before) break;
    after = BlobId(visited.back());
  }
  EXPECT_EQ(visited, std::vector<std::string>(named.begin(), named.end()));
}

}  // namespace
}  // namespace holdfast::objects
