#include "holdfast/identity/key_service.h"

#include <latch>
#include <nlohmann/json.hpp>
#include <thread>

#include "identity_fixture.h"

namespace holdfast::identity {
namespace {

class KeyServiceTest : public test::IdentityTest {
 protected:
  /// Another member that has nothing yet.
  void join_a_member() {
    region::Member member;
    member.name = RegionName("eu-west-1");
    member.node_spki = "another key";
    auto transaction = region_.core().transaction();
    test::TestRegion::must(region::Members::put(transaction, member));
    region_.store().commit(std::move(transaction));
  }
  void member_has_everything() {
    region_.peers().durable(RegionName("eu-west-1"), storage::position_of(region_.core().durable()));
  }
  std::size_t published(const PoolId& pool) {
    return nlohmann::json::parse(**identity_.keys.jwks(pool)).at("keys").size();
  }
};

TEST_F(KeyServiceTest, ASoleMembersFirstKeySignsAtOnce) {
  const Pool pool = make_pool();
  const auto signer = identity_.keys.signer(pool.id);
  ASSERT_TRUE(signer) << signer.error().describe();
  EXPECT_TRUE(identity_.keys.verifying_key(pool.id, (*signer)->kid));
  EXPECT_EQ(published(pool.id), 1U);
  EXPECT_EQ((*signer)->key.algorithm(), SigningAlgorithm::es256);
}

TEST_F(KeyServiceTest, AKeySignsNothingBeforeEveryMemberHasIt) {
  join_a_member();
  const auto key = region_.run(identity_.keys.generate(SigningAlgorithm::es256));
  ASSERT_TRUE(key);
  const PoolId pool("us-east-1_AbCdEfGhI");
  auto transaction = region_.core().transaction();
  region_.core().keys()->create_key(transaction, storage::Scope::pool(pool), region_.clock().now());
  identity_.keys.add_first(transaction, pool, *key);
  region_.store().commit(std::move(transaction));

  const auto refused = identity_.keys.signer(pool);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, "signing_key_pending");
  EXPECT_EQ(refused.error().kind, ErrorKind::unavailable);
  EXPECT_EQ(published(pool), 1U) << "published before use";
  EXPECT_FALSE(region_.run(identity_.keys.maintain(std::chrono::milliseconds(10))));
  EXPECT_FALSE(identity_.keys.signer(pool));

  member_has_everything();
  EXPECT_TRUE(region_.run(identity_.keys.maintain(std::chrono::seconds(5))));
  EXPECT_TRUE(identity_.keys.signer(pool));
}

TEST_F(KeyServiceTest, WhoComesSecondToAKeyHasNothingLeftToDo) {
  constexpr int rounds = 8;
  join_a_member();
  for (int round = 0; round < rounds; ++round) {
    const auto key = region_.run(identity_.keys.generate(SigningAlgorithm::es256));
    ASSERT_TRUE(key);
    const PoolId pool("us-east-1_AbCdEfGh" + std::to_string(round));
    auto transaction = region_.core().transaction();
    region_.core().keys()->create_key(transaction, storage::Scope::pool(pool), region_.clock().now());
    identity_.keys.add_first(transaction, pool, *key);
    region_.store().commit(std::move(transaction));
    member_has_everything();
    std::latch together(2);
    const auto maintain = [&] {
      together.arrive_and_wait();
      const auto done = region_.run(identity_.keys.maintain(std::chrono::seconds(5)));
      EXPECT_TRUE(done) << done.error().describe();
    };
    std::thread other(maintain);
    maintain();
    other.join();
    EXPECT_TRUE(identity_.keys.signer(pool));
  }
}

TEST_F(KeyServiceTest, ALostMemberIsNotWaitedFor) {
  join_a_member();
  region_.peers().slot(RegionName("eu-west-1"), region::SlotState::lost);
  const Pool pool = make_pool();
  EXPECT_TRUE(identity_.keys.signer(pool.id));
}

TEST_F(KeyServiceTest, RotationKeepsTheOldKeyVerifyingForADay) {
  const Pool pool = make_pool();
  const std::string old_kid = (*identity_.keys.signer(pool.id))->kid;
  const auto rotated = region_.run(identity_.keys.rotate(pool, false, test::operator_actor()));
  ASSERT_TRUE(rotated) << rotated.error().describe();
  EXPECT_EQ((*identity_.keys.signer(pool.id))->kid, rotated->value);
  EXPECT_NE(rotated->value, old_kid);
  EXPECT_TRUE(identity_.keys.verifying_key(pool.id, old_kid));
  EXPECT_EQ(published(pool.id), 2U);

  region_.clock().advance(std::chrono::hours(24) - std::chrono::seconds(1));
  EXPECT_TRUE(identity_.keys.verifying_key(pool.id, old_kid));
  region_.clock().advance(std::chrono::seconds(1));
  EXPECT_FALSE(identity_.keys.verifying_key(pool.id, old_kid));
  EXPECT_TRUE(region_.run(identity_.keys.maintain(std::chrono::seconds(1))));
  EXPECT_EQ(published(pool.id), 1U);
}

TEST_F(KeyServiceTest, RotationWaitsForMembersToo) {
  const Pool pool = make_pool();
  join_a_member();
  const std::string old_kid = (*identity_.keys.signer(pool.id))->kid;
  const auto rotated = region_.run(identity_.keys.rotate(pool, false, test::operator_actor()));
  ASSERT_TRUE(rotated);
  EXPECT_EQ((*identity_.keys.signer(pool.id))->kid, old_kid);
  EXPECT_EQ(published(pool.id), 2U);
  EXPECT_TRUE(identity_.keys.verifying_key(pool.id, rotated->value))
      << "the primary may sign with it before this region hears of that";
  member_has_everything();
  EXPECT_TRUE(region_.run(identity_.keys.maintain(std::chrono::seconds(5))));
  EXPECT_EQ((*identity_.keys.signer(pool.id))->kid, rotated->value);
}

TEST_F(KeyServiceTest, AnEmergencyVoidsTheOldKeyAtOnceAndIsAudited) {
  const Pool pool = make_pool();
  join_a_member();
  const std::string old_kid = (*identity_.keys.signer(pool.id))->kid;
  const auto rotated = region_.run(identity_.keys.rotate(pool, true, test::operator_actor()));
  ASSERT_TRUE(rotated);
  EXPECT_EQ((*identity_.keys.signer(pool.id))->kid, rotated->value);
  EXPECT_FALSE(identity_.keys.verifying_key(pool.id, old_kid));
  EXPECT_EQ(published(pool.id), 1U);
  EXPECT_TRUE(was_audited("KEYS_ROTATED_EMERGENCY"));
}

TEST_F(KeyServiceTest, AChangeOfAlgorithmComesWithTheNextKey) {
  Pool pool = make_pool();
  pool.algorithm = SigningAlgorithm::rs256;
  ASSERT_TRUE(region_.run(identity_.pools.update(pool, test::operator_actor())));
  EXPECT_EQ((*identity_.keys.signer(pool.id))->key.algorithm(), SigningAlgorithm::es256);
  ASSERT_TRUE(region_.run(identity_.keys.rotate(pool, false, test::operator_actor())));
  EXPECT_EQ((*identity_.keys.signer(pool.id))->key.algorithm(), SigningAlgorithm::rs256);
}

TEST_F(KeyServiceTest, ASecondaryActivatesNothing) {
  join_a_member();
  const Pool pool = make_pool();
  member_has_everything();
  region_.become_secondary();
  EXPECT_TRUE(region_.run(identity_.keys.maintain(std::chrono::milliseconds(10))));
  EXPECT_EQ(must(identity_.keys.list(pool.id)).front().state, "pending");
  EXPECT_EQ(region_.run(identity_.keys.rotate(pool, false, test::operator_actor())).error().code,
            "read_only_region");
}

TEST_F(KeyServiceTest, APoolsFirstKeySignsAtASecondaryThatNeverHeardOfItsActivation) {
  join_a_member();
  const Pool pool = make_pool();
  ASSERT_FALSE(identity_.keys.signer(pool.id)) << "the primary waits for its members";
  region_.state().become_fenced(region::FenceReason::waiting_for_peers);
  EXPECT_FALSE(identity_.keys.signer(pool.id)) << "what a former primary holds nobody else may hold";
  region_.become_secondary();
  const auto signer = identity_.keys.signer(pool.id);
  ASSERT_TRUE(signer) << signer.error().describe();
  EXPECT_TRUE(identity_.keys.verifying_key(pool.id, (*signer)->kid));
}

TEST_F(KeyServiceTest, AnActiveKeyGoesBeforeAPendingOneAtASecondaryToo) {
  const Pool pool = make_pool();
  const std::string active = (*identity_.keys.signer(pool.id))->kid;
  join_a_member();
  ASSERT_TRUE(region_.run(identity_.keys.rotate(pool, false, test::operator_actor())));
  region_.become_secondary();
  EXPECT_EQ((*identity_.keys.signer(pool.id))->kid, active);
}

TEST_F(KeyServiceTest, PoolsShareNoKeys) {
  const Pool one = make_pool();
  const Pool two = make_pool();
  const std::string kid = (*identity_.keys.signer(one.id))->kid;
  EXPECT_EQ(identity_.keys.verifying_key(two.id, kid).error().kind, ErrorKind::unauthenticated);
  EXPECT_EQ(identity_.keys.jwks(PoolId("us-east-1_000000000")).error().kind, ErrorKind::not_found);
}

}  // namespace
}  // namespace holdfast::identity
