#include "holdfast/api/problem.h"

#include "api_fixture.h"

namespace holdfast::api {
namespace {

http::Request numbered_request() {
  http::Request request;
  request.request_id = "r-1";
  return request;
}

TEST(Problem, EveryKindHasTheStatusOfTheDocumentation) {
  const auto status = [](ErrorKind kind) { return status_of(Error{kind, "some_code", "m", {}}); };
  EXPECT_EQ(status(ErrorKind::invalid), 400);
  EXPECT_EQ(status(ErrorKind::unauthenticated), 401);
  EXPECT_EQ(status(ErrorKind::forbidden), 403);
  EXPECT_EQ(status(ErrorKind::not_found), 404);
  EXPECT_EQ(status(ErrorKind::conflict), 409);
  EXPECT_EQ(status(ErrorKind::too_large), 413);
  EXPECT_EQ(status(ErrorKind::read_only), 421);
  EXPECT_EQ(status(ErrorKind::overloaded), 503);
  EXPECT_EQ(status(ErrorKind::unavailable), 503);
  EXPECT_EQ(status(ErrorKind::storage_full), 507);
  EXPECT_EQ(status(ErrorKind::outcome_unknown), 504);
  EXPECT_EQ(status(ErrorKind::corrupt), 500);
  EXPECT_EQ(status(ErrorKind::internal), 500);
  EXPECT_EQ(status_of(Error{ErrorKind::invalid, "invalid_state", "m", {}}), 422);
  EXPECT_EQ(status_of(Error{ErrorKind::invalid, "unsupported_encoding", "m", {}}), 415);
}

TEST(Problem, HasTheMembersOfRfc9457AndOurs) {
  const Error error{ErrorKind::conflict, "app_fenced", "the app is fenced", "log only"};
  const auto response = problem_response(error, 0, numbered_request(), {});
  EXPECT_EQ(response.status, 409);
  EXPECT_EQ(response.headers.find("Content-Type"), "application/problem+json");
  EXPECT_EQ(json_of(response), (nlohmann::json{{"type", "about:blank"},
                                               {"title", "Conflict"},
                                               {"status", 409},
                                               {"detail", "the app is fenced"},
                                               {"code", "app_fenced"},
                                               {"requestId", "r-1"}}));
}

TEST(Problem, ReadOnlyRegionsNameThePrimaryOrNull) {
  const Error error{ErrorKind::read_only, "read_only_region", "this region may not write", {}};
  const auto known = problem_response(error, 0, numbered_request(),
                                      [] { return std::optional<std::string>("https://p:1"); });
  EXPECT_EQ(known.status, 421);
  EXPECT_EQ(json_of(known)["primary"], "https://p:1");
  const auto unknown =
      json_of(problem_response(error, 0, numbered_request(), [] { return std::optional<std::string>(); }));
  EXPECT_TRUE(unknown.contains("primary"));
  EXPECT_TRUE(unknown["primary"].is_null());
}

TEST(Problem, DefectsShowNothing) {
  for (const ErrorKind kind : {ErrorKind::corrupt, ErrorKind::internal}) {
    const auto response =
        problem_response(Error{kind, "blob_corrupt", "chunk 7 of x", "secret"}, 0, numbered_request(), {});
    EXPECT_EQ(response.status, 500);
    EXPECT_EQ(json_of(response)["code"], "internal");
    EXPECT_FALSE(response.body.contains("chunk 7"));
    EXPECT_FALSE(response.body.contains("secret"));
  }
}

TEST(Problem, TheEdgeKeepsItsStatus) {
  const Error error{ErrorKind::invalid, "head_too_large", "m", {}};
  const auto response = problem_renderer({})(error, 431, numbered_request());
  EXPECT_EQ(response.status, 431);
  EXPECT_EQ(json_of(response)["title"], "Request Header Fields Too Large");
}

TEST(Problem, ChallengesThe401) {
  const auto challenge = [](std::string_view code) {
    const auto response =
        problem_response(Error{ErrorKind::unauthenticated, code, "m", {}}, 0, numbered_request(), {});
    return std::string(response.headers.find("WWW-Authenticate").value_or("none"));
  };
  EXPECT_EQ(challenge("unauthenticated"), "Bearer");
  EXPECT_EQ(challenge("invalid_token"), "Bearer error=\"invalid_token\"");
}

}  // namespace
}  // namespace holdfast::api
