// Pools, clients, groups and operators.
#include <gtest/gtest.h>

#include "identity_fixture.h"
#include "tables.h"

namespace holdfast::identity {
namespace {

using test::operator_actor;

class AdminServicesTest : public test::IdentityTest {};

TEST_F(AdminServicesTest, PoolsAreCreatedChangedAndListed) {
  Pool pool = make_pool();
  const Pool other = make_pool();
  EXPECT_EQ(*must(identity_.pools.get(pool.id)), pool);
  pool.name = "staff";
  pool.lifetimes.access = std::chrono::minutes(10);
  region_.clock().advance(std::chrono::seconds(1));
  const Pool changed = must(region_.run(identity_.pools.update(pool, operator_actor()))).value;
  EXPECT_EQ(*must(identity_.pools.get(pool.id)), changed);
  EXPECT_EQ(changed.created_at, pool.created_at);
  EXPECT_GT(changed.modified_at, pool.modified_at);
  EXPECT_EQ(must(identity_.pools.list({})).items.size(), 2U);
  const auto first = must(identity_.pools.list({.limit = 1, .next = {}}));
  ASSERT_FALSE(first.next.empty());
  const auto second = must(identity_.pools.list({.limit = 1, .next = first.next}));
  EXPECT_NE(first.items.at(0).id, second.items.at(0).id);
  EXPECT_TRUE(second.next.empty());
  EXPECT_TRUE(was_audited("POOL_CREATED"));
}

TEST_F(AdminServicesTest, PoolRefusals) {
  EXPECT_EQ(region_.run(identity_.pools.create(Pool{}, operator_actor())).error().code, "invalid_pool");
  Pool unknown = make_pool();
  unknown.id = PoolId("us-east-1_000000000");
  EXPECT_EQ(region_.run(identity_.pools.update(unknown, operator_actor())).error().code, "not_found");
  EXPECT_EQ(identity_.pools.get(unknown.id).error().code, "not_found");
  region_.become_secondary();
  Pool draft;
  draft.name = "late";
  EXPECT_EQ(region_.run(identity_.pools.create(draft, operator_actor())).error().code, "read_only_region");
}

TEST_F(AdminServicesTest, ClientsKeepIdAndSecretThroughChanges) {
  const Pool pool = make_pool();
  Client machine = make_machine(pool.id);
  EXPECT_EQ(machine.secret.size(), 52U);
  Client wanted = machine;
  wanted.name = "renamed";
  wanted.secret = "chosen-by-the-caller";
  must(region_.run(identity_.clients.update(wanted, operator_actor())));
  EXPECT_EQ(must(identity_.clients.get(machine.id))->secret, machine.secret);
  const Client renewed =
      must(region_.run(identity_.clients.renew_secret(pool.id, machine.id, operator_actor()))).value;
  EXPECT_NE(renewed.secret, machine.secret);
  EXPECT_EQ(must(identity_.clients.get(machine.id))->secret, renewed.secret);
  must(region_.run(identity_.clients.remove(pool.id, machine.id, operator_actor())));
  EXPECT_EQ(identity_.clients.get(machine.id).error().code, "not_found");
  EXPECT_TRUE(must(identity_.clients.list(pool.id, {})).items.empty());
}

TEST_F(AdminServicesTest, ClientRefusals) {
  const Pool pool = make_pool();
  const Pool other = make_pool();
  const Client web = make_client(pool.id);
  EXPECT_EQ(region_.run(identity_.clients.create(Client{}, false, operator_actor())).error().code,
            "invalid_client_settings");
  Client draft = web;
  draft.pool = PoolId("us-east-1_000000000");
  EXPECT_EQ(region_.run(identity_.clients.create(draft, false, operator_actor())).error().code, "not_found");
  EXPECT_EQ(identity_.clients.get(other.id, web.id).error().code, "not_found");
  EXPECT_EQ(region_.run(identity_.clients.remove(other.id, web.id, operator_actor())).error().code,
            "not_found");
  EXPECT_EQ(region_.run(identity_.clients.renew_secret(pool.id, web.id, operator_actor())).error().code,
            "invalid_client_settings");
}

TEST_F(AdminServicesTest, ClientsListInCreationOrder) {
  const Pool pool = make_pool();
  std::vector<ClientId> made;
  for (int i = 0; i < 3; ++i) {
    made.push_back(make_client(pool.id).id);
    region_.clock().advance(std::chrono::milliseconds(1));
  }
  std::vector<ClientId> listed;
  for (const Client& client : must(identity_.clients.list(pool.id, {})).items) listed.push_back(client.id);
  EXPECT_EQ(listed, made);
}

class GroupServiceTest : public AdminServicesTest {
 protected:
  Result<Written<Group>> create(std::string name, std::optional<std::uint32_t> precedence = {}) {
    Group group;
    group.pool = pool_.id;
    group.name = std::move(name);
    group.precedence = precedence;
    return region_.run(identity_.groups.create(group, operator_actor()));
  }
  std::string_view add(const std::string& group, const UserId& user) {
    const auto added = region_.run(identity_.groups.add_member(pool_.id, group, user, operator_actor()));
    return added ? "added" : added.error().code;
  }
  Pool pool_ = make_pool();
  User ada_ = make_user(pool_.id, "ada");
};

TEST_F(GroupServiceTest, MembersComeAndGo) {
  must(create("staff"));
  must(create("admin", 1));
  EXPECT_EQ(add("staff", ada_.id), "added");
  EXPECT_EQ(add("admin", ada_.id), "added");
  EXPECT_EQ(add("admin", ada_.id), "state_unchanged");
  const auto groups = must(identity_.groups.groups_of(pool_.id, ada_.id));
  ASSERT_EQ(groups.size(), 2U);
  EXPECT_EQ(groups[0].name, "admin");
  EXPECT_EQ(must(identity_.groups.members(pool_.id, "staff", {})).items, std::vector{ada_.id});
  must(region_.run(identity_.groups.remove_member(pool_.id, "admin", ada_.id, operator_actor())));
  EXPECT_EQ(
      region_.run(identity_.groups.remove_member(pool_.id, "admin", ada_.id, operator_actor())).error().code,
      "state_unchanged");
  EXPECT_EQ(must(identity_.groups.groups_of(pool_.id, ada_.id)).size(), 1U);
}

TEST_F(GroupServiceTest, ANewGroupOfAnOldNameStartsEmpty) {
  must(create("admin"));
  add("admin", ada_.id);
  must(region_.run(identity_.groups.remove(pool_.id, "admin", operator_actor())));
  must(create("admin"));
  EXPECT_TRUE(must(identity_.groups.groups_of(pool_.id, ada_.id)).empty());
  EXPECT_TRUE(must(identity_.groups.members(pool_.id, "admin", {})).items.empty());
}

TEST_F(GroupServiceTest, ARemovalHoldsThoughWhatItLeavesCannotBeTidiedUp) {
  must(create("admin"));
  add("admin", ada_.id);
  const auto lost =
      region_.core().observe(groups_table, [&](BytesView, bool) { region_.become_secondary(); });
  const auto removed = region_.run(identity_.groups.remove(pool_.id, "admin", operator_actor()));
  EXPECT_TRUE(removed) << removed.error().describe();
  EXPECT_TRUE(must(identity_.groups.groups_of(pool_.id, ada_.id)).empty());
}

TEST_F(GroupServiceTest, Refusals) {
  must(create("admin"));
  EXPECT_EQ(create("admin").error().code, "already_exists");
  EXPECT_EQ(create("a b").error().code, "invalid_group");
  EXPECT_EQ(add("nobodys", ada_.id), "not_found");
  EXPECT_EQ(add("admin", UserId("1b4e28ba-2fa1-41d2-883f-0016d3cca427")), "not_found");
  EXPECT_EQ(add("admin", UserId("ada")), "not_found");
  EXPECT_EQ(region_.run(identity_.groups.remove(pool_.id, "nobodys", operator_actor())).error().code,
            "not_found");
}

TEST_F(GroupServiceTest, AUserIsInAtMostAHundredGroups) {
  for (int i = 0; i < 101; ++i) {
    const std::string name = "g" + std::to_string(i);
    must(create(name));
    EXPECT_EQ(add(name, ada_.id), i < 100 ? "added" : "too_many_groups");
  }
}

class OperatorServiceTest : public AdminServicesTest {
 protected:
  Operator make_operator() {
    return must(region_.run(identity_.operators.create(
                    {.name = "Ada", .email = "ada@example.com", .phone = "+15550100"}, operator_actor())))
        .value;
  }
  CreatedAdminToken make_token(const Operator& person, RegionName region = {}) {
    return must(region_.run(identity_.operators.create_token({.name = "ci",
                                                              .operator_id = person.id,
                                                              .scopes = {"admin"},
                                                              .lifetime = std::chrono::days(1),
                                                              .region = std::move(region)},
                                                             operator_actor())))
        .value;
  }
  bool is_admitted(const Secret& secret) {
    const auto principal = identity_.operators.authenticate(secret.expose());
    EXPECT_TRUE(principal || principal.error().kind == ErrorKind::unauthenticated);
    return principal.has_value();
  }
};

TEST_F(OperatorServiceTest, ATokenSpeaksForItsOperator) {
  const Operator person = make_operator();
  const CreatedAdminToken created = make_token(person);
  const auto principal = must(identity_.operators.authenticate(created.secret.expose()));
  EXPECT_EQ(principal.operator_id, person.id);
  EXPECT_EQ(principal.token_name, "ci");
  EXPECT_EQ(principal.scopes, std::vector<std::string>{"admin"});
  EXPECT_EQ(must(identity_.operators.tokens()).size(), 1U);
  EXPECT_EQ(must(identity_.operators.list()).size(), 1U);
}

TEST_F(OperatorServiceTest, UnknownTokensAreRefused) {
  EXPECT_FALSE(is_admitted(Secret("")));
  EXPECT_FALSE(is_admitted(Secret("hfa_0123456789012345678901234567890123456789012")));
  EXPECT_FALSE(is_admitted(Secret(std::string(5000, 'a'))));
}

TEST_F(OperatorServiceTest, TokensExpireAndAreRevoked) {
  const Operator person = make_operator();
  const CreatedAdminToken one = make_token(person);
  const CreatedAdminToken two = make_token(person);
  EXPECT_TRUE(is_admitted(one.secret));
  must(region_.run(identity_.operators.revoke_token(one.token.id, operator_actor())));
  EXPECT_FALSE(is_admitted(one.secret));
  EXPECT_TRUE(is_admitted(two.secret));
  EXPECT_EQ(region_.run(identity_.operators.revoke_token(one.token.id, operator_actor())).error().code,
            "not_found");
  region_.clock().advance(std::chrono::days(1));
  EXPECT_FALSE(is_admitted(two.secret));
}

TEST_F(OperatorServiceTest, ATokenIsBoundToItsRegion) {
  const Operator person = make_operator();
  EXPECT_TRUE(is_admitted(make_token(person, region_.name()).secret));
  EXPECT_FALSE(is_admitted(make_token(person, RegionName("eu-west-1")).secret));
}

TEST_F(OperatorServiceTest, ADisabledOperatorsTokensAreVoid) {
  const Operator person = make_operator();
  const CreatedAdminToken created = make_token(person);
  EXPECT_TRUE(is_admitted(created.secret));
  must(region_.run(identity_.operators.set_enabled(person.id, false, operator_actor())));
  EXPECT_FALSE(is_admitted(created.secret));
  EXPECT_EQ(region_.run(identity_.operators.set_enabled(person.id, false, operator_actor())).error().code,
            "state_unchanged");
}

TEST_F(OperatorServiceTest, Refusals) {
  EXPECT_EQ(region_.run(identity_.operators.create({.name = "Ada"}, operator_actor())).error().code,
            "invalid_operator");
  const NewAdminToken nobodys{.name = "ci",
                              .operator_id = "nobody",
                              .scopes = {"admin"},
                              .lifetime = std::chrono::days(1),
                              .region = {}};
  EXPECT_EQ(region_.run(identity_.operators.create_token(nobodys, operator_actor())).error().code,
            "not_found");
  NewAdminToken scopeless = nobodys;
  scopeless.scopes.clear();
  EXPECT_EQ(region_.run(identity_.operators.create_token(scopeless, operator_actor())).error().code,
            "invalid_admin_token");
  EXPECT_EQ(identity_.operators.get("nobody").error().code, "not_found");
}

}  // namespace
}  // namespace holdfast::identity
