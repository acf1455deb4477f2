// Admin tokens in numbers: none may be beyond reach.
#include <gtest/gtest.h>

#include <algorithm>

#include "holdfast/base/codec.h"
#include "holdfast/identity/operator_service.h"
#include "identity_fixture.h"
#include "tables.h"

namespace holdfast::identity {
namespace {

class AdminTokensTest : public test::IdentityTest {
 protected:
  /// Rows as `create_token` of a build without a bound wrote them, in the order of their hashes.
  void put_tokens(std::size_t count, WallTime expires_at) {
    constexpr std::size_t of_one_transaction = 1000;
    for (std::size_t at = 0; at < count;) {
      auto transaction = region_.core().transaction();
      for (const std::size_t end = std::min(count, at + of_one_transaction); at < end; ++at, ++written_) {
        const Bytes hash = ByteWriter().u64(written_).raw(Bytes(24, 'x')).take();
        OperatorService::put_token(transaction, hash,
                                   {.id = "token-" + std::to_string(written_),
                                    .name = "many",
                                    .operator_id = person_.id,
                                    .scopes = {"read"},
                                    .region = RegionName("eu-west-1"),
                                    .created_at = region_.clock().now(),
                                    .expires_at = expires_at});
      }
      region_.store().commit(std::move(transaction));
    }
  }
  Result<Written<CreatedAdminToken>> create() {
    return region_.run(identity_.operators.create_token({.name = "one more",
                                                         .operator_id = person_.id,
                                                         .scopes = {"read"},
                                                         .lifetime = std::chrono::hours(1),
                                                         .region = region_.name()},
                                                        test::operator_actor()));
  }
  std::size_t count() { return must(identity_.operators.tokens()).size(); }

  Operator person_ =
      must(region_.run(identity_.operators.create(
               {.name = "Ada", .email = "ada@example.com", .phone = "+14155550100"}, test::operator_actor())))
          .value;
  std::uint64_t written_ = 0;
  const WallTime later_ = region_.clock().now() + std::chrono::days(30);
};

TEST_F(AdminTokensTest, TheLastOfManyIsListedAndRevoked) {
  put_tokens(max_admin_tokens + 1, later_);
  EXPECT_EQ(count(), max_admin_tokens + 1);
  const std::string last = "token-" + std::to_string(max_admin_tokens);
  must(region_.run(identity_.operators.revoke_token(last, test::operator_actor())));
  EXPECT_EQ(count(), max_admin_tokens);
  EXPECT_EQ(create().error().code, "too_many_admin_tokens");
  must(region_.run(identity_.operators.revoke_token("token-0", test::operator_actor())));
  EXPECT_TRUE(create());
  EXPECT_EQ(count(), max_admin_tokens);
}

TEST_F(AdminTokensTest, ARemovedRegionsTokensGoToTheLast) {
  put_tokens(max_admin_tokens + 1, later_);
  auto transaction = region_.core().transaction();
  must(identity_.operators.erase_tokens_of(transaction, RegionName("eu-west-1")));
  region_.store().commit(std::move(transaction));
  EXPECT_EQ(count(), 0U);
}

TEST_F(AdminTokensTest, ExpiredOnesMakeRoomForNewOnes) {
  put_tokens(20, region_.clock().now() + std::chrono::seconds(1));
  put_tokens(3, later_);
  EXPECT_TRUE(create());
  EXPECT_EQ(count(), 24U);
  region_.clock().advance(std::chrono::seconds(1));
  EXPECT_TRUE(create());
  EXPECT_EQ(count(), 5U);
}

TEST_F(AdminTokensTest, HoweverManyHaveExpiredTheyKeepNoneFromBeingMade) {
  put_tokens(max_admin_tokens + 1'500, region_.clock().now() + std::chrono::seconds(1));
  region_.clock().advance(std::chrono::seconds(1));
  EXPECT_TRUE(create());
  EXPECT_TRUE(create());
}

}  // namespace
}  // namespace holdfast::identity
