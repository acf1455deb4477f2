// `Idempotency-Key` on the admin rows (docs/api/idempotency.md).
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_future.hpp>
#include <filesystem>
#include <fstream>

#include "admin_fixture.h"

namespace holdfast::api {
namespace {

using Json = nlohmann::json;

class IdempotencyKeys : public AdminApiTest {
 protected:
  Answer post_with(std::string_view key, std::string_view target, const Json& body) {
    return post_headers({{"Idempotency-Key", key}}, target, body, token_);
  }
  Answer post_headers(std::vector<std::pair<std::string_view, std::string_view>> headers,
                      std::string_view target, const Json& body, const std::string& token) {
    auto request = request_for(headers, target, body, token);
    return finish(*request, region_.run(call_row(request.get())));
  }
  std::unique_ptr<http::Request> request_for(
      const std::vector<std::pair<std::string_view, std::string_view>>& headers, std::string_view target,
      const Json& body, const std::string& token) {
    auto request = std::make_unique<http::Request>();
    request->method = http::Method::post;
    request->target = http::parse_target(target).value();
    request->body = to_json_text(body);
    request->request_id = "r-1";
    request->headers.add("Authorization", "Bearer " + token);
    for (const auto& [name, value] : headers) request->headers.add(name, value);
    return request;
  }
  async::Task<Result<http::Response>> call_row(http::Request* request) {
    auto match = router_.match(request->method, request->target.raw_path);
    request->route = match.row->path;
    request->params = std::move(match.params);
    co_return co_await handle(match.row, request);
  }
  static Answer finish(const http::Request& request, Result<http::Response> response) {
    auto rendered = response ? *std::move(response) : problem_response(response.error(), 0, request, {});
    auto json = parse_json(rendered.body).value();
    return {.status = rendered.status, .headers = std::move(rendered.headers), .json = std::move(json)};
  }
  static bool replayed(const Answer& answer) { return answer.headers.find("Idempotency-Replayed") == "true"; }
  std::size_t audited(std::string_view kind) {
    std::size_t count = 0;
    must(storage::scan_audit(
        region_.core().reader(), WallTime{}, WallTime::max(), {}, 10'000,
        [&](BytesView, const storage::AuditEvent& event) { count += event.kind == kind ? 1 : 0; }));
    return count;
  }

  const std::string pools_ = "/admin/v1/pools";
  const Json pool_body_ = {{"name", "customers"}, {"algorithm", "ES256"}};
};

TEST_F(IdempotencyKeys, TheSameRequestIsAnsweredAgainAndCreatesNothing) {
  const auto first = post_with("key-1", pools_, pool_body_);
  ASSERT_EQ(first.status, 201) << first.json;
  EXPECT_FALSE(replayed(first));
  const auto second = post_with("key-1", pools_, pool_body_);
  EXPECT_EQ(second.status, 201);
  EXPECT_TRUE(replayed(second));
  EXPECT_TRUE(second.has_position());
  EXPECT_EQ(second.headers.find("Cache-Control"), "no-store");
  EXPECT_EQ(second.json, first.json);
  EXPECT_EQ(audited("POOL_CREATED"), 1U);
  EXPECT_NE(post_with("key-2", pools_, pool_body_).json.at("id"), first.json.at("id"));
  EXPECT_NE(post(pools_, pool_body_).json.at("id"), first.json.at("id")) << "without a key: as ever";
}

TEST_F(IdempotencyKeys, EveryCreatingRowAnswersItsFirstAnswerAgain) {
  const std::string pool = make_pool_path();
  const std::vector<std::pair<std::string, Json>> rows = {
      {pool + "/clients",
       {{"name", "server"},
        {"type", "confidential"},
        {"flows", {"client_credentials"}},
        {"scopes", {"objects.read"}}}},
      {pool + "/groups", {{"name", "admin"}}},
      {pool + "/users", {{"username", "ada"}, {"password", "Correct-Horse-1"}}},
      {"/admin/v1/operators", {{"name", "Bob"}, {"email", "bob@example.com"}, {"phone", "+15550101"}}}};
  for (const auto& [path, body] : rows) {
    const auto first = post_with("one key for all paths", path, body);
    EXPECT_EQ(first.code(), "invalid_idempotency_key") << "spaces";
    const auto made = post_with("one-key-for-all-paths", path, body);
    ASSERT_EQ(made.status, 201) << path << made.json;
    const auto again = post_with("one-key-for-all-paths", path, body);
    EXPECT_TRUE(replayed(again)) << path;
    EXPECT_EQ(again.json, made.json) << path;
  }
}

TEST_F(IdempotencyKeys, ASecretThatIsOnlyHashedIsNotGivenAgain) {
  const std::string tokens = "/admin/v1/operators/" + operator_id_ + "/tokens";
  const Json token_body = {{"name", "ci"}, {"scopes", {"read"}}};
  auto token = post_with("t-1", tokens, token_body);
  ASSERT_EQ(token.status, 201) << token.json;
  EXPECT_TRUE(token.json.at("token").is_string());
  token.json["token"] = nullptr;
  EXPECT_EQ(post_with("t-1", tokens, token_body).json, token.json);
  const std::string users = make_pool_path() + "/users";
  auto user = post_with("u-1", users, {{"username", "ada"}});
  ASSERT_EQ(user.status, 201) << user.json;
  EXPECT_TRUE(user.json.at("temporaryPassword").is_string());
  user.json["temporaryPassword"] = nullptr;
  EXPECT_EQ(post_with("u-1", users, {{"username", "ada"}}).json, user.json);
}

TEST_F(IdempotencyKeys, AnotherBodyIsRefusedAndAnotherCallerOrPathIsAnotherRequest) {
  const auto first = post_with("key-1", pools_, pool_body_);
  ASSERT_EQ(first.status, 201);
  const auto reused = post_with("key-1", pools_, {{"name", "others"}, {"algorithm", "ES256"}});
  EXPECT_EQ(reused.status, 422);
  EXPECT_EQ(reused.code(), "idempotency_key_reused");
  const auto person = must(region_.run(identity_.operators.create(
      {.id = {}, .name = "Bob", .email = "bob@example.com", .phone = "+15550101", .created_at = {}},
      test::operator_actor())));
  operator_id_ = person.value.id;
  const auto theirs = post_headers({{"Idempotency-Key", "key-1"}}, pools_, pool_body_, make_token({"admin"}));
  EXPECT_EQ(theirs.status, 201);
  EXPECT_FALSE(replayed(theirs));
  EXPECT_NE(theirs.json.at("id"), first.json.at("id"));
}

TEST_F(IdempotencyKeys, AKeyIsBoundedAndOnce) {
  const auto code = [&](std::string_view key) { return post_with(key, pools_, pool_body_).code(); };
  EXPECT_EQ(code(""), "invalid_idempotency_key");
  EXPECT_EQ(code(std::string(256, 'k')), "invalid_idempotency_key");
  EXPECT_EQ(code("k\xc3\xa9y"), "invalid_idempotency_key");
  EXPECT_EQ(
      post_headers({{"Idempotency-Key", "a"}, {"idempotency-key", "a"}}, pools_, pool_body_, token_).code(),
      "invalid_idempotency_key");
  EXPECT_EQ(audited("POOL_CREATED"), 0U);
  EXPECT_EQ(post_with(std::string(255, 'k'), pools_, pool_body_).status, 201);
}

TEST_F(IdempotencyKeys, ARefusalIsNotRemembered) {
  const std::string groups = make_pool_path() + "/groups";
  ASSERT_EQ(post(groups, {{"name", "admin"}}).status, 201);
  EXPECT_EQ(post_with("key-1", groups, {{"name", "admin"}}).code(), "already_exists");
  EXPECT_EQ(post_with("key-1", groups, {{"nam", "x"}}).code(), "unknown_field");
  EXPECT_EQ(post_with("key-1", groups, {{"name", "others"}}).status, 201);
}

TEST_F(IdempotencyKeys, AfterADayTheKeyIsFreeAndItsRowIsCollected) {
  const auto first = post_with("key-1", pools_, pool_body_);
  post_with("key-2", pools_, pool_body_);
  region_.clock().advance(std::chrono::hours(24) - std::chrono::microseconds(1));
  token_ = make_token({"admin"});
  EXPECT_TRUE(replayed(post_with("key-1", pools_, pool_body_)));
  EXPECT_EQ(must(region_.run(identity_.repeats.sweep(100))), 0U);
  region_.clock().advance(std::chrono::microseconds(1));
  const auto again = post_with("key-1", pools_, pool_body_);
  EXPECT_EQ(again.status, 201);
  EXPECT_FALSE(replayed(again));
  EXPECT_EQ(must(region_.run(identity_.repeats.sweep(100))), 1U) << "key-2 alone: key-1 is new";
  EXPECT_TRUE(replayed(post_with("key-1", pools_, pool_body_)));
}

TEST_F(IdempotencyKeys, TwoAtOnceCreateOneThing) {
  const std::string groups = make_pool_path() + "/groups";
  for (const auto& [path, body] :
       std::vector<std::pair<std::string, Json>>{{pools_, pool_body_}, {groups, {{"name", "admin"}}}}) {
    std::vector<std::unique_ptr<http::Request>> requests;
    std::vector<std::future<Result<http::Response>>> running;
    for (int i = 0; i < 8; ++i) {
      requests.push_back(request_for({{"Idempotency-Key", "key"}}, path, body, token_));
      running.push_back(boost::asio::co_spawn(region_.io().next(), call_row(requests.back().get()),
                                              boost::asio::use_future));
    }
    std::vector<Answer> answers;
    for (std::size_t i = 0; i < running.size(); ++i)
      answers.push_back(finish(*requests[i], running[i].get()));
    EXPECT_EQ(std::ranges::count_if(answers, replayed), 7) << path;
    for (const auto& answer : answers) {
      EXPECT_EQ(answer.status, 201) << answer.json;
      EXPECT_EQ(answer.json, answers[0].json);
    }
  }
  EXPECT_EQ(audited("GROUP_CREATED"), 1U);
}

TEST_F(IdempotencyKeys, TheRegionThatTookOverAnswersToo) {
  const auto first = post_with("key-1", pools_, pool_body_);
  region_.become_secondary();
  const auto again = post_with("key-1", pools_, pool_body_);
  EXPECT_TRUE(replayed(again)) << "a read is enough";
  EXPECT_EQ(again.json, first.json);
  EXPECT_EQ(post_with("key-2", pools_, pool_body_).code(), "read_only_region");
}

TEST_F(IdempotencyKeys, NeitherKeysNorAnswersAreInClear) {
  post_with("planted-key-8271", pools_, {{"name", "planted-name-8271"}, {"algorithm", "ES256"}});
  const auto path = region_.core().path();
  for (const auto& entry : std::filesystem::recursive_directory_iterator(path)) {
    if (!entry.is_regular_file()) continue;
    std::ifstream file(entry.path(), std::ios::binary);
    const std::string bytes((std::istreambuf_iterator<char>(file)), {});
    EXPECT_FALSE(bytes.contains("planted-key-8271")) << entry.path();
    EXPECT_FALSE(bytes.contains("planted-name-8271")) << entry.path();
  }
}

}  // namespace
}  // namespace holdfast::api
