#include "holdfast/apps/comment_service.h"

#include <functional>

#include "app_records.h"
#include "apps_fixture.h"

namespace holdfast::apps {
namespace {

using test::TestRegion;

class CommentsTest : public test::AppsTest {
 protected:
  Result<identity::Written<Comment>> add(std::string message, std::optional<CommentId> id = {},
                                         std::string photo = "p") {
    return region_.run(comments_.add(
        app_, {.id = std::move(id), .photo = std::move(photo), .message = std::move(message)}, ada_));
  }
  Result<CommentPage> list(std::size_t limit = 50, std::string next = {}, std::string photo = "p") {
    return region_.run(comments_.list(app_, std::move(photo), limit, std::move(next)));
  }
  Result<region::CommitReceipt> remove(const CommentId& id, identity::VerifiedUser caller,
                                       std::string photo = "p") {
    return region_.run(comments_.remove(app_, std::move(photo), id, std::move(caller), "req-9"));
  }

  CommentService comments_{apps_, region_.core(), region_.writer(), region_.disk(), region_.clock()};
  const identity::VerifiedUser ada_ = user("ada", "sub-ada");
  const identity::VerifiedUser bob_ = user("bob", "sub-bob");
};

TEST_F(CommentsTest, ACommentIsStoredUnderTheTokensName) {
  const CommentId id("0f8fad5b-d9cb-469f-a165-70867728950e");
  const auto written = add("hello <b>", id);
  ASSERT_TRUE(written) << written.error().describe();
  const auto page = list();
  ASSERT_TRUE(page) << page.error().describe();
  ASSERT_EQ(page->comments.size(), 1U);
  EXPECT_EQ(page->comments[0], (Comment{.id = id,
                                        .photo = "p",
                                        .user = "ada",
                                        .author = UserId("sub-ada"),
                                        .message = "hello <b>",
                                        .created_at = region_.clock().now()}));
  EXPECT_TRUE(page->next.empty());
  EXPECT_TRUE(list(50, {}, "other")->comments.empty());
}

TEST_F(CommentsTest, AnIdIsNeverOverwritten) {
  const CommentId id("0f8fad5b-d9cb-469f-a165-70867728950e");
  TestRegion::must(add("first", id));
  EXPECT_EQ(add("second", id).error().code, "already_exists");
  // Not even under another photo.
  EXPECT_EQ(add("third", id, "q").error().code, "already_exists");
  EXPECT_EQ(list()->comments.at(0).message, "first");
}

TEST_F(CommentsTest, PagesRunFromTheOldest) {
  for (int i = 0; i < 5; ++i) {
    TestRegion::must(add("m" + std::to_string(i)));
    region_.clock().advance(std::chrono::milliseconds(1));
  }
  std::string seen;
  std::string next;
  int pages = 0;
  do {
    const auto page = list(2, next);
    ASSERT_TRUE(page);
    for (const auto& comment : page->comments) seen += comment.message;
    next = page->next;
    ++pages;
  } while (!next.empty());
  EXPECT_EQ(seen, "m0m1m2m3m4");
  EXPECT_EQ(pages, 3);
  EXPECT_EQ(list(2, "rubbish").error().code, "invalid_next");
  EXPECT_EQ(list(0)->comments.size(), 1U);
}

TEST_F(CommentsTest, BadInputIsRefused) {
  EXPECT_EQ(add("").error().code, "invalid_message");
  EXPECT_EQ(add("x", {}, "").error().code, "invalid_photo_id");
  EXPECT_EQ(list(1, {}, "\n").error().code, "invalid_photo_id");
  const auto foreign = region_.run(comments_.add(AppId("none"), {.photo = "p", .message = "m"}, ada_));
  EXPECT_EQ(foreign.error().code, "not_found");
  EXPECT_EQ(region_.run(comments_.list(AppId("none"), "p", 1, {})).error().code, "not_found");
}

TEST_F(CommentsTest, TheStateGovernsWritesButNotReads) {
  const auto kept = TestRegion::must(add("before"));
  TestRegion::must(set_state(AppState::fenced));
  EXPECT_EQ(add("x").error().code, "app_fenced");
  EXPECT_EQ(remove(kept.value.id, ada_).error().code, "app_fenced");
  TestRegion::must(set_state(AppState::failover));
  EXPECT_EQ(add("x").error().code, "app_failed_over");
  EXPECT_EQ(list()->comments.size(), 1U);
}

TEST_F(CommentsTest, ARegionThatMayNotWriteNamesThePrimary) {
  const auto kept = TestRegion::must(add("before"));
  region_.become_secondary();
  const auto refused = add("x");
  EXPECT_EQ(refused.error().code, "read_only_region");
  EXPECT_EQ(refused.error().kind, ErrorKind::read_only);
  EXPECT_EQ(remove(kept.value.id, ada_).error().code, "read_only_region");
  EXPECT_EQ(list()->comments.size(), 1U);
}

TEST_F(CommentsTest, AuthorsAndAdministratorsDelete) {
  const auto first = TestRegion::must(add("one")).value.id;
  EXPECT_EQ(remove(first, bob_).error().code, "forbidden");
  EXPECT_EQ(remove(first, ada_, "q").error().code, "not_found");
  ASSERT_TRUE(remove(first, ada_));
  EXPECT_EQ(remove(first, ada_).error().code, "not_found");
  EXPECT_TRUE(list()->comments.empty());
  EXPECT_TRUE(audited("COMMENT_REMOVED").empty());

  const auto second = TestRegion::must(add("two")).value.id;
  auto admin = bob_;
  admin.groups = {"admin"};
  ASSERT_TRUE(remove(second, admin));
  const auto events = audited("COMMENT_REMOVED");
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(events[0].actor, "sub-bob");
  EXPECT_EQ(events[0].request_id, "req-9");
}

/// Does something else the first time that it is asked: what an administrator's removal asks for its audit
/// event lies between its look at the comment and its commit.
class MeddlingClock final : public Clock {
 public:
  MeddlingClock(const Clock& clock, std::function<void()> meddle)
      : clock_(&clock), meddle_(std::move(meddle)) {}
  [[nodiscard]] WallTime now() const override {
    if (const auto meddle = std::exchange(meddle_, nullptr)) meddle();
    return clock_->now();
  }
  [[nodiscard]] SteadyTime steady_now() const override { return clock_->steady_now(); }

 private:
  const Clock* clock_;
  mutable std::function<void()> meddle_;
};

TEST_F(CommentsTest, ARemovalTakesTheCommentThatWasJudgedOrNone) {
  const CommentId id("0f8fad5b-d9cb-469f-a165-70867728950e");
  const auto first = TestRegion::must(add("first", id)).value;
  auto second = first;
  second.message = "second";
  second.author = bob_.user;
  second.created_at += std::chrono::seconds(1);
  const MeddlingClock clock(region_.clock(), [&] {
    auto transaction = region_.core().transaction();
    const auto scope = storage::Scope::pool(pool_);
    transaction.erase(comments_table, comment_key(app_, "p", {.created_at = first.created_at, .id = id}));
    transaction.put(comments_table, comment_key(app_, "p", {.created_at = second.created_at, .id = id}),
                    scope, comment_version, encode_comment(second));
    transaction.put(comment_ids_table, comment_id_key(app_, id), scope, comment_id_version,
                    encode_comment_place({.photo = "p", .created_at = second.created_at}));
    region_.store().commit(std::move(transaction));
  });
  CommentService meddled{apps_, region_.core(), region_.writer(), region_.disk(), clock};
  auto admin = ada_;
  admin.user = UserId("sub-eve");
  admin.groups = {"admin"};
  const auto removed = region_.run(meddled.remove(app_, "p", id, admin, "req-9"));
  ASSERT_FALSE(removed);
  EXPECT_EQ(removed.error().code, "not_found");
  EXPECT_EQ(list()->comments, std::vector{second});
  EXPECT_TRUE(remove(id, bob_)) << "it is not cut off from its id";
  EXPECT_TRUE(list()->comments.empty());
}

TEST_F(CommentsTest, TheyGoWithTheirApp) {
  for (int i = 0; i < 3; ++i) TestRegion::must(add("m"));
  TestRegion::must(set_state(AppState::fenced));
  TestRegion::must(region_.run(apps_.remove(app_, actor_)));
  TestRegion::must(create_app(app_));
  EXPECT_TRUE(list()->comments.empty());
}

}  // namespace
}  // namespace holdfast::apps
