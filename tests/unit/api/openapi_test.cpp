#include "holdfast/api/openapi.h"

#include "admin_fixture.h"
#include "holdfast/api/health.h"
#include "holdfast/base/text.h"

namespace holdfast::api {
namespace {

async::Task<Result<http::Response>> answer_nothing() { co_return http::respond_empty(); }

http::Row openapi_row(http::Method method, std::string path, http::RowAbout about = {.summary = "Does it."}) {
  return {.method = method,
          .path = std::move(path),
          .handler = [](http::Request*) { return answer_nothing(); },
          .about = std::move(about)};
}

nlohmann::json openapi_of(const http::Router& router) {
  return openapi_document("1.2.3", {{.tag = "public", .url = "https://id.test", .router = &router}});
}

TEST(OpenApi, SaysOfARowWhatTheTableSays) {
  http::Router router;
  auto row = openapi_row(
      http::Method::put, "/{bucket}/{key...}",
      {.summary = "Uploads.", .query = {"part"}, .takes = "application/octet-stream", .success = 201});
  row.auth = http::AuthLevel::user;
  router.add(std::move(row));
  const auto document = openapi_of(router);
  EXPECT_EQ(document["openapi"], "3.1.0");
  EXPECT_EQ(document["info"]["version"], "1.2.3");
  const auto& item = document["paths"]["/{bucket}/{key}"];
  EXPECT_EQ(item["servers"][0]["url"], "https://id.test");
  const auto& operation = item["put"];
  EXPECT_EQ(operation["operationId"], "putByBucketByKey");
  EXPECT_EQ(operation["summary"], "Uploads.");
  EXPECT_EQ(operation["tags"], nlohmann::json::array({"public"}));
  ASSERT_EQ(operation["parameters"].size(), 3);
  for (const auto& [index, in, name] :
       {std::tuple(0, "path", "bucket"), {1, "path", "key"}, {2, "query", "part"}}) {
    EXPECT_EQ(operation["parameters"][index]["in"], in);
    EXPECT_EQ(operation["parameters"][index]["name"], name);
    EXPECT_EQ(operation["parameters"][index].value("required", false), std::string_view(in) == "path");
  }
  EXPECT_TRUE(operation["security"][0].contains("accessToken"));
  EXPECT_TRUE(operation["requestBody"]["content"].contains("application/octet-stream"));
  EXPECT_TRUE(operation["responses"].contains("201"));
  EXPECT_TRUE(operation["responses"].contains("default"));
}

TEST(OpenApi, ListenersShareADocumentAndTheFirstTellsOfWhatBothServe) {
  http::Router first;
  http::Router second;
  first.add(openapi_row(http::Method::get, "/health"));
  second.add(openapi_row(http::Method::get, "/health"));
  second.add(openapi_row(http::Method::get, "/{bucket}/"));
  const auto document =
      openapi_document("1", {{.tag = "public", .url = "https://a.test", .router = &first},
                             {.tag = "objects", .url = "https://b.test", .router = &second}});
  EXPECT_EQ(document["paths"].size(), 2);
  EXPECT_EQ(document["paths"]["/health"]["get"]["tags"][0], "public");
  EXPECT_EQ(document["paths"]["/{bucket}/"]["servers"][0]["url"], "https://b.test");
}

TEST(OpenApi, DefectsOfTheTableAreFoundAtTheStart) {
  http::Router silent;
  silent.add(openapi_row(http::Method::get, "/a", {}));
  EXPECT_THROW(openapi_of(silent), std::logic_error);
  http::Router doubled;
  doubled.add(openapi_row(http::Method::get, "/{pool}/a"));
  doubled.add(openapi_row(http::Method::post, "/{bucket}/a"));
  EXPECT_THROW(openapi_of(doubled), std::logic_error);
}

class OpenApiOfTables : public AdminApiTest {};

TEST_F(OpenApiOfTables, HasEveryRowAndNothingElse) {
  add_health_rows(router_, {});
  const auto text = add_openapi_row(router_);
  const auto document = openapi_of(router_);
  std::set<std::string> ids;
  std::size_t operations = 0;
  for (const auto& row : router_.rows()) {
    auto path = row->path;
    if (const auto rest = path.find("...}"); rest != std::string::npos) path.erase(rest, 3);
    const auto method = to_lower_ascii(to_string(row->method));
    ASSERT_TRUE(document["paths"].contains(path)) << path;
    ASSERT_TRUE(document["paths"][path].contains(method)) << method << " " << path;
    const auto& operation = document["paths"][path][method];
    EXPECT_EQ(operation["summary"], row->about.summary);
    EXPECT_TRUE(operation["summary"].get<std::string>().ends_with('.')) << path;
    ids.insert(operation["operationId"]);
  }
  for (const auto& [path, item] : document["paths"].items())
    operations += item.size() - item.count("servers");
  EXPECT_EQ(operations, router_.rows().size());
  EXPECT_EQ(ids.size(), router_.rows().size());
  *text = to_json_text(document);
  EXPECT_EQ(send(http::Method::get, "/openapi.json", "", "").json, document);
}

}  // namespace
}  // namespace holdfast::api
