#include "holdfast/api/apps_endpoints.h"

#include "app_api_fixture.h"

namespace holdfast::api {
namespace {

using http::Method;

constexpr const char* photo_comments = "/apps/photos/comments/beach.jpg";

TEST_F(AppApiTest, TheStateIsReadWithoutSigningIn) {
  const auto response = call_public(Method::get, "/state/photos");
  ASSERT_EQ(response.status, 200);
  const auto body = json_body(response);
  EXPECT_EQ(body.at("appId"), "photos");
  EXPECT_EQ(body.at("state"), "active");
  EXPECT_EQ(body.at("writesEnabled"), true);
  EXPECT_EQ(body.at("version"), 1);
  EXPECT_TRUE(body.at("regions").is_array());
  EXPECT_TRUE(body.contains("region"));
  const auto* const row = public_.match(Method::get, "/state/photos").row;
  EXPECT_EQ(row->auth, http::AuthLevel::open);
  const auto unknown = call_public(Method::get, "/state/none");
  EXPECT_EQ(unknown.status, 404);
  EXPECT_EQ(code_in(unknown), "not_found");
}

TEST_F(AppApiTest, CommentsComeBackAsWritten) {
  const auto created =
      call_public(Method::post, photo_comments,
                  R"({"commentId":"0F8FAD5B-D9CB-469F-A165-70867728950E","photoId":"beach.jpg",)"
                  R"("user":"mallory","message":"<script>alert(1)</script>"})");
  ASSERT_EQ(created.status, 201) << created.body;
  EXPECT_NE(header(created, "Holdfast-Position"), "<none>");
  const auto comment = json_body(created);
  EXPECT_EQ(comment.at("commentId"), "0f8fad5b-d9cb-469f-a165-70867728950e");
  EXPECT_EQ(comment.at("photoId"), "beach.jpg");
  EXPECT_EQ(comment.at("user"), "ada");
  EXPECT_EQ(comment.at("message"), "<script>alert(1)</script>");
  EXPECT_EQ(comment.at("createdAt"), to_rfc3339(region_.clock().now()));
  const auto listed = json_body(call_public(Method::get, photo_comments));
  EXPECT_EQ(listed.at("comments"), nlohmann::json::array({comment}));
  EXPECT_TRUE(listed.at("next").is_null());
}

TEST_F(AppApiTest, CommentsPage) {
  for (int i = 0; i < 3; ++i) {
    ASSERT_EQ(call_public(Method::post, photo_comments, R"({"message":"m"})").status, 201);
    region_.clock().advance(std::chrono::milliseconds(1));
  }
  const auto first = json_body(call_public(Method::get, std::string(photo_comments) + "?limit=2"));
  EXPECT_EQ(first.at("comments").size(), 2U);
  const auto next = std::string(first.at("next"));
  const auto second =
      json_body(call_public(Method::get, std::string(photo_comments) + "?limit=2&next=" + next));
  EXPECT_EQ(second.at("comments").size(), 1U);
  EXPECT_TRUE(second.at("next").is_null());
  for (const auto* bad : {"0", "201", "x", "-1", ""}) {
    EXPECT_EQ(code_in(call_public(Method::get, std::string(photo_comments) + "?limit=" + bad)),
              "invalid_limit")
        << bad;
  }
  EXPECT_EQ(code_in(call_public(Method::get, std::string(photo_comments) + "?next=x")), "invalid_next");
}

TEST_F(AppApiTest, BadCommentsAreRefused) {
  const auto refused = [this](Bytes body) {
    return code_in(call_public(Method::post, photo_comments, std::move(body)));
  };
  EXPECT_EQ(refused("{"), "invalid_json");
  EXPECT_EQ(refused(R"({"message":"m","messages":"m"})"), "unknown_field");
  EXPECT_EQ(refused(R"({})"), "missing_field");
  EXPECT_EQ(refused(R"({"message":""})"), "invalid_message");
  EXPECT_EQ(refused(R"({"message":"m","photoId":"other.jpg"})"), "invalid_field");
  EXPECT_EQ(refused(R"({"message":"m","commentId":"7"})"), "invalid_comment_id");
  ASSERT_EQ(call_public(Method::post, photo_comments,
                        R"({"message":"m","commentId":"0f8fad5b-d9cb-469f-a165-70867728950e"})")
                .status,
            201);
  const auto again = call_public(Method::post, photo_comments,
                                 R"({"message":"n","commentId":"0f8fad5b-d9cb-469f-a165-70867728950e"})");
  EXPECT_EQ(again.status, 409);
  EXPECT_EQ(code_in(again), "already_exists");
}

TEST_F(AppApiTest, RefusedWritesNameTheStateOrTheRegion) {
  set_state(apps::AppState::fenced);
  const auto fenced = call_public(Method::post, photo_comments, R"({"message":"m"})");
  EXPECT_EQ(fenced.status, 409);
  EXPECT_EQ(code_in(fenced), "app_fenced");
  set_state(apps::AppState::failover);
  EXPECT_EQ(code_in(call_public(Method::post, photo_comments, R"({"message":"m"})")), "app_failed_over");
  EXPECT_EQ(call_public(Method::get, photo_comments).status, 200);
  set_state(apps::AppState::active);
  region_.become_secondary();
  const auto elsewhere = call_public(Method::post, photo_comments, R"({"message":"m"})");
  EXPECT_EQ(elsewhere.status, 421);
  EXPECT_EQ(code_in(elsewhere), "read_only_region");
}

TEST_F(AppApiTest, CommentsAreDeletedByWhoMay) {
  const auto id =
      std::string(json_body(call_public(Method::post, photo_comments, R"({"message":"m"})")).at("commentId"));
  const auto target = std::string(photo_comments) + "/" + id;
  EXPECT_EQ(call_public(Method::del, target, {}, user("bob")).status, 403);
  EXPECT_EQ(code_in(call_public(Method::del, std::string(photo_comments) + "/x")), "invalid_comment_id");
  EXPECT_EQ(call_public(Method::del, target, {}, user("eve", {"admin"})).status, 204);
  EXPECT_EQ(call_public(Method::del, target).status, 404);
}

TEST_F(AppApiTest, PagesOfTheAppsOriginsMayCall) {
  ASSERT_EQ(
      call_admin(Method::patch, "/admin/v1/apps/photos", R"({"origins":["https://photos.example"]})").status,
      200);
  const auto allowed =
      call(public_, Method::get, "/state/photos", {}, {{"Origin", "https://photos.example"}});
  EXPECT_EQ(header(allowed, "Access-Control-Allow-Origin"), "https://photos.example");
  EXPECT_EQ(header(allowed, "Vary"), "Origin");
  EXPECT_EQ(header(allowed, "Access-Control-Allow-Credentials"), "<none>");
  for (const auto* origin : {"https://evil.example", "null", "https://photos.example:8443"}) {
    const auto refused = call(public_, Method::get, "/state/photos", {}, {{"Origin", origin}});
    EXPECT_EQ(header(refused, "Access-Control-Allow-Origin"), "<none>") << origin;
    EXPECT_EQ(header(refused, "Vary"), "Origin");
  }
  const auto preflight =
      call(public_, Method::options, photo_comments, {},
           {{"Origin", "https://photos.example"}, {"Access-Control-Request-Headers", "authorization"}});
  EXPECT_EQ(preflight.status, 204);
  EXPECT_EQ(header(preflight, "Access-Control-Allow-Headers"), "authorization");
}

TEST_F(AppApiTest, RowsCarryTheirAuthLevel) {
  for (const auto& row : public_.rows()) {
    if (row->path.starts_with("/apps/") && row->method != Method::options) {
      EXPECT_EQ(row->auth, http::AuthLevel::user) << row->path;
    }
  }
  for (const auto& row : admin_rows_.rows()) {
    const bool reads = row->method == Method::get;
    EXPECT_EQ(row->auth, reads ? http::AuthLevel::operator_read : http::AuthLevel::operator_write)
        << row->path;
  }
  for (const auto& row : objects_rows_.rows()) {
    EXPECT_TRUE(row->errors) << row->path;
    if (row->auth == http::AuthLevel::user) continue;
    EXPECT_EQ(row->auth, http::AuthLevel::open) << row->path;
    if (row->method == Method::options) continue;
    // Open to anybody is only what refuses everybody.
    std::string target = row->path;
    for (const auto& [name, value] : {std::pair("{bucket}", "photos-bucket"), std::pair("{key...}", "k")}) {
      if (const auto at = target.find(name); at != std::string::npos)
        target.replace(at, std::string_view(name).size(), value);
    }
    EXPECT_TRUE(is_s3_error(call_s3(row->method, target, {}, {}, {}), 501, "NotImplemented"))
        << http::to_string(row->method) << " " << target;
  }
}

TEST_F(AppApiTest, OperatorsRegisterApps) {
  const auto created =
      call_admin(Method::post, "/admin/v1/apps",
                 R"({"appId":"blog","pool":"us-east-1_Abc","clients":["web"],"bucket":"blog-bucket",)"
                 R"("origins":["https://blog.example"],"acceptIdToken":true})");
  ASSERT_EQ(created.status, 201) << created.body;
  EXPECT_NE(header(created, "Holdfast-Position"), "<none>");
  const nlohmann::json expected = {{"appId", "blog"},
                                   {"pool", "us-east-1_Abc"},
                                   {"clients", {"web"}},
                                   {"bucket", "blog-bucket"},
                                   {"origins", {"https://blog.example"}},
                                   {"acceptIdToken", true},
                                   {"automaticFailover", false},
                                   {"createdAt", to_rfc3339(region_.clock().now())},
                                   {"state", "active"},
                                   {"version", 1}};
  EXPECT_EQ(json_body(created), expected);
  EXPECT_EQ(json_body(call_admin(Method::get, "/admin/v1/apps/blog")), expected);
  EXPECT_EQ(json_body(call_admin(Method::get, "/admin/v1/buckets/blog-bucket")).at("app"), "blog");
  const auto page = json_body(call_admin(Method::get, "/admin/v1/apps?limit=1"));
  EXPECT_EQ(page.at("apps"), nlohmann::json::array({expected}));
  const auto rest =
      json_body(call_admin(Method::get, "/admin/v1/apps?limit=2&next=" + std::string(page.at("next"))));
  ASSERT_EQ(rest.at("apps").size(), 1U);
  EXPECT_EQ(rest.at("apps")[0].at("appId"), "photos");
  EXPECT_TRUE(rest.at("next").is_null());
}

TEST_F(AppApiTest, ListsOfAppsAndBucketsEndWhereNothingFollows) {
  ASSERT_EQ(
      call_admin(Method::post, "/admin/v1/apps", R"({"appId":"blog","pool":"p","bucket":"blog-bucket"})")
          .status,
      201);
  for (const std::string list : {"apps", "buckets"}) {
    const auto get = [&](const std::string& query) {
      return json_body(call_admin(Method::get, "/admin/v1/" + list + query));
    };
    EXPECT_FALSE(get("?limit=1").at("next").is_null()) << list;
    EXPECT_EQ(get("?limit=2").at(list).size(), 2U);
    EXPECT_TRUE(get("?limit=2").at("next").is_null()) << list << ": two there are, and no page behind them";
    EXPECT_TRUE(get("").at("next").is_null());
    for (const auto* bad : {"?limit=0", "?limit=201", "?limit=x", "?limit="})
      EXPECT_EQ(get(bad).at("code"), "invalid_limit") << list << bad;
    EXPECT_EQ(get("?limit=1&limit=1").at("code"), "invalid_field");
  }
  for (const auto& row : admin_rows_.rows()) {
    std::string target = row->path;
    for (auto at = target.find('{'); at != std::string::npos; at = target.find('{'))
      target.replace(at, target.find('}') - at + 1, "x");
    EXPECT_EQ(code_in(call_admin(row->method, target + "?limitt=1")), "unknown_field") << target;
  }
}

TEST_F(AppApiTest, RegistrationsThatCannotBeAreRefused) {
  const auto refused = [this](Bytes body) {
    const auto response = call_admin(Method::post, "/admin/v1/apps", std::move(body));
    return std::to_string(response.status) + " " + code_in(response);
  };
  EXPECT_EQ(refused(R"({"appId":"photos","pool":"p"})"), "409 already_exists");
  EXPECT_EQ(refused(R"({"appId":"a/b","pool":"p"})"), "400 invalid_app");
  EXPECT_EQ(refused(R"({"appId":"x"})"), "400 missing_field");
  EXPECT_EQ(refused(R"({"appId":"x","pool":"p","color":"red"})"), "400 unknown_field");
  EXPECT_EQ(refused(R"({"appId":"x","pool":"p","bucket":"X"})"), "400 invalid_bucket_name");
  EXPECT_EQ(refused(R"({"appId":"x","pool":"p","bucket":"photos-bucket"})"), "409 already_exists");
  EXPECT_EQ(refused(R"({"appId":"x","pool":"p","origins":["null"]})"), "400 invalid_app");
  EXPECT_EQ(call_admin(Method::get, "/admin/v1/apps/x").status, 404);
  EXPECT_EQ(call_admin(Method::patch, "/admin/v1/apps/x", "{}").status, 404);
  EXPECT_EQ(code_in(call_admin(Method::get, "/admin/v1/apps?next=%21")), "invalid_next");
  EXPECT_EQ(code_in(call_admin(Method::del, "/admin/v1/apps/photos")), "app_has_bucket");
}

TEST_F(AppApiTest, OperatorsSetStates) {
  const auto set = call_admin(Method::put, "/admin/v1/apps/photos/state", R"({"state":"fenced"})");
  ASSERT_EQ(set.status, 200) << set.body;
  EXPECT_EQ(json_body(set),
            (nlohmann::json{
                {"appId", "photos"}, {"state", "fenced"}, {"version", 2}, {"confirmedBy", {"us-east-1"}}}));
  EXPECT_NE(header(set, "Holdfast-Position"), "<none>");
  EXPECT_EQ(json_body(call_admin(Method::get, "/admin/v1/apps/photos/state")).at("state"), "fenced");
  const auto again = call_admin(Method::put, "/admin/v1/apps/photos/state", R"({"state":"fenced"})");
  EXPECT_EQ(again.status, 409);
  EXPECT_EQ(code_in(again), "state_unchanged");
  const auto wrong = call_admin(Method::put, "/admin/v1/apps/photos/state", R"({"state":"Fenced"})");
  EXPECT_EQ(wrong.status, 422);
  EXPECT_EQ(code_in(wrong), "invalid_state");
  for (const auto* word : {"active", "fenced", "failover"}) {
    EXPECT_TRUE(std::string(json_body(wrong).at("detail")).contains(word));
  }
  EXPECT_EQ(call_admin(Method::put, "/admin/v1/apps/none/state", R"({"state":"fenced"})").status, 404);
}

TEST_F(AppApiTest, TheAwsUpdatersBodyIsTaken) {
  const auto set = call_admin(Method::post, "/admin/v1/app-state",
                              R"({"AppId":"photos","TableName":"AppState","NewState":" FAILOVER "})");
  ASSERT_EQ(set.status, 200) << set.body;
  EXPECT_EQ(json_body(set).at("state"), "failover");
  const auto wrong =
      call_admin(Method::post, "/admin/v1/app-state", R"({"AppId":"photos","NewState":"off"})");
  EXPECT_EQ(wrong.status, 422);
}

TEST_F(AppApiTest, ASecondarySetsRefusalsOnly) {
  region_.become_secondary();
  const auto set = call_admin(Method::put, "/admin/v1/apps/photos/state", R"({"state":"failover"})");
  ASSERT_EQ(set.status, 200) << set.body;
  EXPECT_EQ(header(set, "Holdfast-Position"), "<none>");
  EXPECT_EQ(json_body(call_public(Method::get, "/state/photos")).at("state"), "failover");
  const auto active = call_admin(Method::put, "/admin/v1/apps/photos/state", R"({"state":"active"})");
  EXPECT_EQ(active.status, 421);
  EXPECT_EQ(code_in(active), "read_only_region");
}

TEST_F(AppApiTest, BucketsAreMadeListedAndRemoved) {
  ASSERT_EQ(call_admin(Method::post, "/admin/v1/apps", R"({"appId":"blog","pool":"p"})").status, 201);
  const auto created =
      call_admin(Method::post, "/admin/v1/buckets", R"({"name":"blog-bucket","app":"blog"})");
  ASSERT_EQ(created.status, 201) << created.body;
  EXPECT_EQ(json_body(created).at("name"), "blog-bucket");
  const auto page = json_body(call_admin(Method::get, "/admin/v1/buckets?limit=1"));
  EXPECT_EQ(page.at("buckets")[0].at("name"), "blog-bucket");
  const auto rest =
      json_body(call_admin(Method::get, "/admin/v1/buckets?next=" + std::string(page.at("next"))));
  EXPECT_EQ(rest.at("buckets")[0].at("name"), "photos-bucket");
  EXPECT_EQ(code_in(call_admin(Method::del, "/admin/v1/buckets/blog-bucket")), "app_not_fenced");
  ASSERT_EQ(call_admin(Method::put, "/admin/v1/apps/blog/state", R"({"state":"fenced"})").status, 200);
  EXPECT_EQ(call_admin(Method::del, "/admin/v1/buckets/blog-bucket").status, 204);
  EXPECT_EQ(call_admin(Method::get, "/admin/v1/buckets/blog-bucket").status, 404);
  EXPECT_EQ(call_admin(Method::del, "/admin/v1/apps/blog").status, 204);
  EXPECT_EQ(call_public(Method::get, "/state/blog").status, 404);
}

http::Headers keyed(std::string_view key) { return {{"Idempotency-Key", std::string(key)}}; }

TEST_F(AppApiTest, ACommentThatIsSentTwiceWithAKeyIsThereOnce) {
  const Bytes body = R"({"message":"nice"})";
  const auto send = [&](std::string_view key, Bytes text, http::Principal who) {
    return call(public_, Method::post, "/apps/photos/comments/p1", std::move(text), keyed(key),
                std::move(who));
  };
  const auto first = send("k-1", body, user("ada"));
  ASSERT_EQ(first.status, 201) << first.body;
  const auto again = send("k-1", body, user("ada"));
  EXPECT_EQ(again.status, 201);
  EXPECT_EQ(header(again, "Idempotency-Replayed"), "true");
  EXPECT_EQ(json_body(again), json_body(first));
  EXPECT_EQ(send("k-1", R"({"message":"other"})", user("ada")).status, 422);
  const auto theirs = send("k-1", body, user("bob"));
  EXPECT_EQ(theirs.status, 201);
  EXPECT_EQ(header(theirs, "Idempotency-Replayed"), "<none>");
  const auto listed = json_body(call_public(Method::get, "/apps/photos/comments/p1"));
  EXPECT_EQ(listed.at("comments").size(), 2U);
}

TEST_F(AppApiTest, AppsAndBucketsAreAnsweredAgain) {
  const auto twice = [&](std::string_view path, const Bytes& body) {
    const auto first = call(admin_rows_, Method::post, path, body, keyed("k-1"), an_operator());
    EXPECT_EQ(first.status, 201) << first.body;
    const auto again = call(admin_rows_, Method::post, path, body, keyed("k-1"), an_operator());
    EXPECT_EQ(header(again, "Idempotency-Replayed"), "true") << again.body;
    EXPECT_EQ(json_body(again), json_body(first));
  };
  twice("/admin/v1/apps", R"({"appId":"one","pool":"us-east-1_Abc"})");
  twice("/admin/v1/buckets", R"({"name":"one-bucket","app":"one"})");
}

TEST_F(AppApiTest, AnAppWithItsBucketIsAnsweredAgainWithIt) {
  const Bytes body = R"({"appId":"two","pool":"us-east-1_Abc","bucket":"two-bucket"})";
  const auto first = call(admin_rows_, Method::post, "/admin/v1/apps", body, keyed("k-1"), an_operator());
  ASSERT_EQ(first.status, 201) << first.body;
  EXPECT_EQ(json_body(first).at("bucket"), "two-bucket");
  const auto again = call(admin_rows_, Method::post, "/admin/v1/apps", body, keyed("k-1"), an_operator());
  EXPECT_EQ(json_body(again), json_body(first));
  EXPECT_EQ(header(again, "Idempotency-Replayed"), "true");
}

}  // namespace
}  // namespace holdfast::api
