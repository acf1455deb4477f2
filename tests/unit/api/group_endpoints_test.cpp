#include "admin_fixture.h"

namespace holdfast::api {
namespace {

using Json = nlohmann::json;

class GroupEndpoints : public AdminApiTest {
 protected:
  std::string path_ = make_pool_path();
  std::string groups_ = path_ + "/groups";

  void make_ada() { make_user(PoolId(path_.substr(path_.rfind('/') + 1)), "ada"); }
  Answer make_group(const std::string& name, const Json& precedence = nullptr) {
    return post(groups_, {{"name", name}, {"precedence", precedence}});
  }
  std::vector<std::string> names(const std::string& target, std::string_view list) {
    std::vector<std::string> found;
    const auto answer = get(target);
    EXPECT_EQ(answer.status, 200) << answer.json;
    for (const auto& item : answer.json.at(std::string(list)))
      found.push_back(item.at(list == "users" ? "username" : "name"));
    return found;
  }
};

using Names = std::vector<std::string>;

TEST_F(GroupEndpoints, AGroupIsMadeShownChangedAndDeleted) {
  const auto created = post(groups_, {{"name", "photographers"}, {"description", "who upload"}});
  ASSERT_EQ(created.status, 201) << created.json;
  EXPECT_TRUE(created.has_position());
  EXPECT_EQ(created.json.at("precedence"), nullptr);
  EXPECT_FALSE(created.json.contains("id")) << "never shown";
  EXPECT_EQ(get(groups_ + "/photographers").json, created.json);

  auto group = created.json;
  group["precedence"] = 7;
  const auto changed = put(groups_ + "/photographers", group);
  ASSERT_EQ(changed.status, 200) << changed.json;
  EXPECT_TRUE(changed.has_position());
  EXPECT_EQ(changed.json.at("precedence"), 7);
  EXPECT_EQ(changed.json.at("description"), "who upload");

  const auto removed = remove(groups_ + "/photographers");
  EXPECT_EQ(removed.status, 204);
  EXPECT_TRUE(removed.has_position());
  EXPECT_EQ(get(groups_ + "/photographers").code(), "not_found");
  EXPECT_EQ(remove(groups_ + "/photographers").code(), "not_found");
  EXPECT_EQ(put(groups_ + "/photographers", group).code(), "not_found");
}

TEST_F(GroupEndpoints, ListsByPrecedenceThenByNameInPages) {
  for (const auto& [name, precedence] : std::vector<std::pair<std::string, Json>>{
           {"b", nullptr}, {"a", nullptr}, {"last", 10}, {"first", 9}}) {
    ASSERT_EQ(make_group(name, precedence).status, 201);
  }
  EXPECT_EQ(names(groups_, "groups"), (Names{"first", "last", "a", "b"}));
  const auto page = get(groups_ + "?limit=3").json;
  EXPECT_EQ(page.at("groups").size(), 3U);
  const std::string rest = groups_ + "?limit=3&next=" + page.at("next").get<std::string>();
  EXPECT_EQ(names(rest, "groups"), Names{"b"});
  ASSERT_EQ(remove(groups_ + "/a").status, 204) << "what the page ended with";
  EXPECT_EQ(names(rest, "groups"), Names{"b"});
  EXPECT_EQ(get(groups_ + "?next=*").code(), "invalid_next");
}

TEST_F(GroupEndpoints, UsersComeAndGo) {
  make_ada();
  ASSERT_EQ(make_group("photographers").status, 201);
  const std::string member = groups_ + "/photographers/users/ada";
  const auto added = put(member);
  EXPECT_EQ(added.status, 204) << added.json;
  EXPECT_TRUE(added.has_position());
  EXPECT_EQ(put(member).code(), "state_unchanged");
  EXPECT_EQ(names(groups_ + "/photographers/users", "users"), Names{"ada"});
  EXPECT_EQ(names(path_ + "/users/ada/groups", "groups"), Names{"photographers"});

  const auto removed = remove(member);
  EXPECT_EQ(removed.status, 204);
  EXPECT_TRUE(removed.has_position());
  EXPECT_EQ(remove(member).code(), "state_unchanged");
  EXPECT_EQ(names(groups_ + "/photographers/users", "users"), Names{});
  EXPECT_EQ(names(path_ + "/users/ada/groups", "groups"), Names{});
}

TEST_F(GroupEndpoints, WhatIsWrongIsNamed) {
  make_ada();
  ASSERT_EQ(make_group("photographers").status, 201);
  EXPECT_EQ(make_group("photographers").code(), "already_exists");
  EXPECT_EQ(make_group("with space").code(), "invalid_group");
  EXPECT_EQ(make_group("x", -1).code(), "invalid_field");
  EXPECT_EQ(post(groups_, {{"name", "x"}, {"members", {"ada"}}}).code(), "unknown_field");
  EXPECT_EQ(put(groups_ + "/nobody/users/ada").code(), "not_found");
  EXPECT_EQ(put(groups_ + "/photographers/users/nobody").code(), "not_found");
  EXPECT_EQ(put(groups_ + "/photographers/users/ada", {{"a", 1}}).code(), "unknown_field");
  EXPECT_EQ(get(groups_ + "/nobody/users").code(), "not_found");
  EXPECT_EQ(get(path_ + "/users/nobody/groups").code(), "not_found");
  const std::string elsewhere = "/admin/v1/pools/us-east-1_AbCdEfGhI/groups";
  EXPECT_EQ(get(elsewhere).code(), "not_found");
  EXPECT_EQ(post(elsewhere, {{"name", "x"}}).code(), "not_found");
  region_.become_secondary();
  EXPECT_EQ(make_group("y").code(), "read_only_region");
}

}  // namespace
}  // namespace holdfast::api
