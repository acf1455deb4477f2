#include "holdfast/region/member_removal.h"

#include "domain_fixture.h"
#include "holdfast/crypto/random.h"
#include "holdfast/region/terms.h"
#include "holdfast/storage/audit_event.h"

namespace holdfast::region {
namespace {

class MemberRemovalTest : public test::DomainTest {
 protected:
  void add(const std::string& name) {
    auto transaction = region_.core().transaction();
    must(Members::put(transaction, {.name = RegionName(name),
                                    .node_id = crypto::random_uuid(),
                                    .node_spki = "key of " + name,
                                    .wrapping_spki = {},
                                    .replication_address = "127.0.0.1:9",
                                    .public_url = {},
                                    .objects_url = {},
                                    .joined = region_.clock().now()}));
    region_.store().commit(std::move(transaction));
  }
  Result<CommitReceipt> remove(std::string name, bool even_if_live = false) {
    return region_.run(remove_member({.core = region_.core(),
                                      .peers = region_.peers(),
                                      .acknowledge = region_.acknowledge(),
                                      .writer = region_.writer(),
                                      .clock = region_.clock()},
                                     {.name = RegionName(std::move(name)),
                                      .even_if_live = even_if_live,
                                      .operator_id = "op-7",
                                      .request_id = "r-1",
                                      .also = {}}));
  }
  std::string refusal(std::string name, bool even_if_live = false) {
    const auto removed = remove(std::move(name), even_if_live);
    return removed ? "removed" : std::string(removed.error().code);
  }
  Result<> join(const std::string& name) {
    auto transaction = region_.core().transaction();
    TRY_VOID(Members::require_free(transaction, region_.core().reader(), RegionName(name)));
    return {};
  }
  template <class T>
  static T must(Result<T> result) {
    return test::TestRegion::must(std::move(result));
  }
};

TEST_F(MemberRemovalTest, ARemovedMemberIsNobodyButItsRowStays) {
  add("eu-west-1");
  region_.peers().durable(RegionName("eu-west-1"), storage::position_of(region_.core().durable()));
  const auto removed = remove("eu-west-1");
  ASSERT_TRUE(removed) << removed.error().describe();
  const auto row = region_.members().find(RegionName("eu-west-1"));
  ASSERT_TRUE(row);
  EXPECT_EQ(row->state, MemberState::removed);
  EXPECT_TRUE(region_.members().others().empty());
  EXPECT_FALSE(region_.members().find_by_spki_hash(row->spki_hash()));
  std::size_t audited = 0;
  must(storage::scan_audit(region_.core().reader(), WallTime{}, WallTime::max(), {}, 100,
                           [&](BytesView, const storage::AuditEvent& event) {
                             if (event.kind == "NODE_REMOVED" && event.actor == "op-7" &&
                                 event.target == "eu-west-1")
                               ++audited;
                           }));
  EXPECT_EQ(audited, 1U);
  EXPECT_EQ(refusal("eu-west-1"), "state_unchanged");
}

TEST_F(MemberRemovalTest, WhatIsRefused) {
  add("us-east-1");
  add("eu-west-1");
  EXPECT_EQ(refusal("ap-south-1"), "not_found");
  EXPECT_EQ(refusal("us-east-1", true), "own_region");
  region_.peers().heard(RegionName("eu-west-1"));
  EXPECT_EQ(refusal("eu-west-1"), "member_live");
  EXPECT_EQ(refusal("eu-west-1", true), "removed");
  region_.become_secondary();
  EXPECT_EQ(refusal("eu-west-1"), "read_only_region");
}

TEST_F(MemberRemovalTest, WhatARuleNeedsIsNotRemovedBeforeTheRuleIsLowered) {
  const auto set_rule = [this](AckRule rule) {
    auto transaction = region_.core().transaction();
    must(AcknowledgeSettings::put(transaction, AckClass::all, rule));
    region_.store().commit(std::move(transaction));
  };
  add("eu-west-1");
  set_rule({.needed = 1, .of = 1, .in_force = 1});
  EXPECT_EQ(refusal("eu-west-1", true), "acknowledge_needs_member");
  // Lowered, but still in force: the member that cannot learn of it is the one to be removed.
  set_rule({.needed = 0, .of = 1, .in_force = 1});
  const auto removed = remove("eu-west-1");
  ASSERT_TRUE(removed) << removed.error().describe();
  EXPECT_EQ(removed->durability, Durability::degraded);
}

TEST_F(MemberRemovalTest, ItsNameMayJoinAgainAndStartsFromNothing) {
  add("eu-west-1");
  EXPECT_EQ(join("eu-west-1").error().code, "already_exists");
  const RegionName name("eu-west-1");
  region_.peers().slot(name, SlotState::lost);
  region_.peers().durable(name, storage::position_of(region_.core().durable()));
  must(remove("eu-west-1"));
  EXPECT_TRUE(join("eu-west-1"));
  add("eu-west-1");
  const auto known = region_.peers().find(name);
  ASSERT_TRUE(known);
  EXPECT_FALSE(known->durable) << "what its predecessor held durably the newcomer does not";
  EXPECT_EQ(known->slot, SlotState::reserved);
}

TEST_F(MemberRemovalTest, ANameThatSignedTermsDoesNotJoinAgain) {
  add("eu-west-1");
  const auto key = must(crypto::NodeKey::generate());
  auto transaction = region_.core().transaction();
  must(put_term(transaction, first_term(region_.core().keys()->cluster(), RegionName("eu-west-1"), key,
                                        region_.clock().now())));
  region_.store().commit(std::move(transaction));
  must(remove("eu-west-1"));
  EXPECT_EQ(join("eu-west-1").error().code, "name_signed_terms");
}

}  // namespace
}  // namespace holdfast::region
