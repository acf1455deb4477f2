#include "holdfast/api/json_body.h"

#include "api_fixture.h"

namespace holdfast::api {
namespace {

struct NewThing {
  std::string name;
  std::optional<std::int64_t> size;
};

Result<NewThing> read_thing(BytesView body) {
  return read_json(body, [](JsonFields& fields) {
    return NewThing{.name = fields.text("name"), .size = fields.find_number("size", 1, 10)};
  });
}

TEST(JsonBody, ReadsIntoATypeOrSaysWhatIsWrong) {
  const auto thing = read_thing(R"({"name":"x","size":7})").value();
  EXPECT_EQ(thing.name, "x");
  EXPECT_EQ(thing.size, 7);
  EXPECT_EQ(read_thing("").error().code, "invalid_json");
  EXPECT_EQ(read_thing("[]").error().code, "invalid_json");
  EXPECT_EQ(read_thing("{\"name\":\"\xff\"}").error().code, "invalid_utf8");
  EXPECT_EQ(read_thing(R"({"name":"x","name":"y"})").error().code, "invalid_json");
  EXPECT_EQ(read_thing(R"({"name":"x","sise":7})").error().code, "unknown_field");
  EXPECT_EQ(read_thing(R"({"name":"x","sise":7})").error().message, "unknown field: sise");
  EXPECT_EQ(read_thing(R"({"name":7})").error().code, "invalid_field");
  EXPECT_EQ(read_thing(R"({})").error().code, "missing_field");
}

TEST(JsonBody, AnswersAreNotCached) {
  const auto response = json_response(201, {{"a", 1}});
  EXPECT_EQ(response.status, 201);
  EXPECT_EQ(response.body, R"({"a":1})");
  EXPECT_EQ(response.headers.find("Cache-Control"), "no-store");
}

}  // namespace
}  // namespace holdfast::api
