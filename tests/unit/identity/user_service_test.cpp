#include "holdfast/identity/user_service.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "holdfast/base/encoding.h"
#include "identity_fixture.h"
#include "tables.h"

namespace holdfast::identity {
namespace {

class UserServiceTest : public test::IdentityTest {
 protected:
  Result<Written<CreatedUser>> create(NewUser draft) {
    if (draft.pool.empty()) draft.pool = pool_.id;
    return region_.run(identity_.users.create(std::move(draft), test::operator_actor()));
  }
  std::size_t rows_in(const storage::Table& table) {
    std::size_t rows = 0;
    EXPECT_TRUE(region_.core().reader().scan(table, {}, {}, 1000,
                                             [&](BytesView, const storage::Stored&) { ++rows; }));
    return rows;
  }
  std::vector<std::string> usernames(const UserFilter& filter, std::size_t limit) {
    std::vector<std::string> names;
    PageQuery query{.limit = limit, .next = {}};
    do {
      const auto page = must(identity_.users.list(pool_.id, filter, query));
      EXPECT_LE(page.items.size(), limit);
      for (const User& user : page.items) names.push_back(user.username);
      query.next = page.next;
    } while (!query.next.empty());
    return names;
  }

  Pool pool_ = make_pool();
};

TEST_F(UserServiceTest, ADrawnPasswordIsTemporaryAndShownOnce) {
  const auto created = create({.username = "ada"});
  ASSERT_TRUE(created) << created.error().describe();
  EXPECT_EQ(created->value.user.status, UserStatus::force_change_password);
  EXPECT_EQ(created->value.temporary_password.size(), 20U);
  EXPECT_TRUE(std::holds_alternative<NewPasswordChallenge>(
      must(try_sign_in(make_client(pool_.id).id, "ada", created->value.temporary_password))));
  EXPECT_TRUE(was_audited("USER_CREATED"));
}

TEST_F(UserServiceTest, WhatIsWrongIsRefused) {
  EXPECT_EQ(create({.pool = PoolId("us-east-1_000000000"), .username = "ada"}).error().code, "not_found");
  EXPECT_EQ(create({.username = " ada"}).error().code, "invalid_username");
  EXPECT_EQ(create({.username = "ada", .attributes = {{"shoe", "7"}}}).error().code, "invalid_attribute");
  EXPECT_EQ(create({.username = "ada", .password = "weak"}).error().code, "invalid_password");
  ASSERT_TRUE(create({.username = "ada"}));
  EXPECT_EQ(create({.username = "ADA"}).error().code, "already_exists");
  region_.become_secondary();
  EXPECT_EQ(create({.username = "bob"}).error().code, "read_only_region");
}

TEST_F(UserServiceTest, ExactLookUpsGoThroughBlindedIndexes) {
  const User ada = must(create({.username = "ada",
                                .attributes = {{"email", "Ada@Example.com"}, {"phone_number", "+15550100"}}}))
                       .value.user;
  const User bob = must(create({.username = "bob", .attributes = {{"email", "ada@example.com"}}})).value.user;
  EXPECT_EQ(must(identity_.users.get_by_username(pool_.id, "aDa")), ada);
  EXPECT_EQ(must(identity_.users.get_by_username(pool_.id, ada.id.str())), ada);
  EXPECT_EQ(must(identity_.users.get(pool_.id, bob.id)), bob);
  EXPECT_EQ(must(identity_.users.find_by_email(pool_.id, " ADA@example.com")).size(), 2U);
  EXPECT_EQ(must(identity_.users.find_by_phone(pool_.id, "+15550100")), std::vector{ada});
  EXPECT_TRUE(must(identity_.users.find_by_email(pool_.id, "nobody@example.com")).empty());
  EXPECT_EQ(identity_.users.get_by_username(pool_.id, "carol").error().code, "not_found");
  const Pool other = make_pool();
  EXPECT_EQ(identity_.users.get(other.id, ada.id).error().code, "not_found");
  EXPECT_TRUE(must(identity_.users.find_by_email(other.id, "ada@example.com")).empty());
}

TEST_F(UserServiceTest, IndexesFollowChangesAndDeletions) {
  const User ada = must(create({.username = "ada", .attributes = {{"email", "a@example.com"}}})).value.user;
  const auto changed = region_.run(identity_.users.update_attributes(
      pool_.id, ada.id, {{"email", "b@example.com"}, {"phone_number", "+15550100"}}, test::operator_actor()));
  ASSERT_TRUE(changed);
  EXPECT_TRUE(must(identity_.users.find_by_email(pool_.id, "a@example.com")).empty());
  EXPECT_EQ(must(identity_.users.find_by_email(pool_.id, "b@example.com")).size(), 1U);
  EXPECT_EQ(must(identity_.users.find_by_phone(pool_.id, "+15550100")).size(), 1U);
  Group group;
  group.pool = pool_.id;
  group.name = "admin";
  must(region_.run(identity_.groups.create(group, test::operator_actor())));
  must(region_.run(identity_.groups.add_member(pool_.id, "admin", ada.id, test::operator_actor())));
  must(region_.run(identity_.users.remove(pool_.id, ada.id, test::operator_actor())));
  for (const auto& table : {users_table, credentials_table, usernames_table, addresses_table,
                            user_order_table, memberships_table, group_members_table}) {
    EXPECT_EQ(rows_in(table), 0U) << table.name;
  }
  EXPECT_TRUE(create({.username = "ada"})) << "the name is free again";
}

TEST_F(UserServiceTest, ListsAreInCreationOrderPagedAndFiltered) {
  for (const char* name : {"zoe", "ada", "adam", "bob"}) {
    must(create({.username = name, .attributes = {{"email", std::string(name) + "@example.com"}}}));
    region_.clock().advance(std::chrono::milliseconds(1));
  }
  using Names = std::vector<std::string>;
  EXPECT_EQ(usernames({}, 3), (Names{"zoe", "ada", "adam", "bob"}));
  EXPECT_EQ(usernames({.field = UserFilter::Field::username, .prefix = "AD"}, 1), (Names{"ada", "adam"}));
  EXPECT_EQ(usernames({.field = UserFilter::Field::email, .prefix = "zoe@"}, 10), Names{"zoe"});
  EXPECT_EQ(identity_.users.list(pool_.id, {}, {.limit = 0, .next = {}}).error().code, "invalid_limit");
  EXPECT_EQ(identity_.users.list(pool_.id, {}, {.limit = 201, .next = {}}).error().code, "invalid_limit");
  EXPECT_EQ(identity_.users.list(pool_.id, {}, {.limit = 1, .next = "!"}).error().code, "invalid_next");
  EXPECT_EQ(
      identity_.users.list(pool_.id, {}, {.limit = 1, .next = to_base64url("another list")}).error().code,
      "invalid_next");
}

TEST_F(UserServiceTest, SettingWhatIsSetIsRefused) {
  const User ada = make_user(pool_.id, "ada");
  EXPECT_EQ(
      region_.run(identity_.users.set_enabled(pool_.id, ada.id, true, test::operator_actor())).error().code,
      "state_unchanged");
  EXPECT_EQ(region_.run(identity_.users.set_enabled(pool_.id, UserId("nobody"), true, test::operator_actor()))
                .error()
                .code,
            "not_found");
  EXPECT_EQ(region_.run(identity_.users.set_password(pool_.id, ada.id, "weak", true, test::operator_actor()))
                .error()
                .code,
            "invalid_password");
}

TEST_F(UserServiceTest, NothingPersonalIsReadableOnDisk) {
  NewUser draft{.username = "planted-username",
                .attributes = {{"email", "planted-mail@example.com"}, {"phone_number", "+15550199"}}};
  draft.password = "Planted-Horse-1";
  draft.permanent = true;
  must(create(draft));
  sign_in(make_client(pool_.id).id, "planted-username", "Planted-Horse-1");
  std::string disk;
  for (const auto& file : std::filesystem::recursive_directory_iterator(region_.store().directory())) {
    if (!file.is_regular_file()) continue;
    std::ifstream in(file.path(), std::ios::binary);
    disk.append(std::istreambuf_iterator<char>(in), {});
  }
  EXPECT_GT(disk.size(), 1000U);
  for (const char* planted : {"planted-username", "planted-mail", "15550199", "Planted-Horse"}) {
    EXPECT_EQ(disk.find(planted), std::string::npos) << planted;
  }
}

}  // namespace
}  // namespace holdfast::identity
