#include "holdfast/base/json.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "holdfast/base/json_writer.h"

namespace holdfast {
namespace {

using nlohmann::json;

std::string nested_arrays(std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); }

std::string_view json_refusal(std::string_view text) {
  const auto parsed = parse_json(text);
  return parsed ? "accepted" : parsed.error().code;
}

TEST(ParseJson, BuildsWhatTheTextSays) {
  const auto parsed = parse_json(R"( {"a":[1,-2,3.5,true,null,"\u00e9\ud83d\udd11"],"b":{"c":{}}} )");
  ASSERT_TRUE(parsed);
  EXPECT_EQ(*parsed,
            (json{{"a", {1, -2, 3.5, true, nullptr, "\u00e9\U0001F511"}}, {"b", {{"c", json::object()}}}}));
  EXPECT_EQ(parse_json("[[1],[2,{\"x\":[]}],3]")->dump(), "[[1],[2,{\"x\":[]}],3]");
  EXPECT_EQ(*parse_json("7"), json(7));
}

TEST(ParseJson, RefusesDuplicateKeysHoweverTheyAreWritten) {
  EXPECT_EQ(json_refusal(R"({"a":1,"a":2})"), "invalid_json");
  EXPECT_EQ(json_refusal(R"({"a":1,"\u0061":2})"), "invalid_json");
  EXPECT_EQ(json_refusal(R"({"x":{"a":{},"a":1}})"), "invalid_json");
  EXPECT_EQ(json_refusal(R"({"x":{"a":1},"y":{"a":1}})"), "accepted");
}

TEST(ParseJson, BoundsDepth) {
  EXPECT_EQ(json_refusal(nested_arrays(max_json_depth)), "accepted");
  EXPECT_EQ(json_refusal(nested_arrays(max_json_depth + 1)), "invalid_json");
  EXPECT_EQ(json_refusal(std::string(1'000'000, '[')), "invalid_json");
}

TEST(ParseJson, RefusesWhatIsNotOneJsonText) {
  using namespace std::string_view_literals;
  for (const auto bad : {""sv, " "sv, "{"sv, "{}x"sv, "{}{}"sv, "{}\0"sv, "{}\0garbage"sv, "\xef\xbb\xbf{}"sv,
                         "[1,]"sv, "{a:1}"sv, "{'a':1}"sv, "// c\n1"sv, "NaN"sv, "01"sv, "1e999"sv,
                         "\"\\ud800\""sv, "\"\x01\""sv, "\"tab\there\""sv, "tru"sv}) {
    EXPECT_EQ(json_refusal(bad), "invalid_json") << bad;
  }
  for (const auto bad : {"\"\xc0\xaf\""sv, "\"\xed\xa0\x80\""sv, "\xff"sv, "\"\xe2\x82\""sv}) {
    EXPECT_EQ(json_refusal(bad), "invalid_utf8");
  }
}

TEST(ToJsonText, NeverThrows) { EXPECT_EQ(to_json_text(json{{"a", "x\xff"}}), "{\"a\":\"x\u{FFFD}\"}"); }

// nlohmann's own writer is the reference.
TEST(ToJsonText, WritesWhatTheLibraryWrites) {
  const json value = {{"empty", {{"o", json::object()}, {"a", json::array()}, {"s", ""}}},
                      {"numbers", {0, -7, 18446744073709551615U, 0.1, 1e300, -0.0}},
                      {"text", {"plain", "a\"b\\c/d", "\n\t\x01\x1f\x7f", "Ünï 🌅", "\xff bad \xe2\x82"}},
                      {"we\"ird\n", {true, false, nullptr}}};
  EXPECT_EQ(to_json_text(value), value.dump(-1, ' ', false, json::error_handler_t::replace));
  const nlohmann::ordered_json ordered = {{"z", 1}, {"a", {{"y", "x"}, {"b", {1, 2}}}}};
  EXPECT_EQ(to_json_text(ordered), R"({"z":1,"a":{"y":"x","b":[1,2]}})");
}

TEST(JsonWriter, PutsCommasWhereTheyBelong) {
  JsonWriter json;
  json.open_object().name("a").text("x\"y").name("list").open_array().number(1).number(2).open_object();
  json.close_object().open_array().close_array().text_or_null("").close_array();
  json.name("f").flag(true).name("i").signed_number(-7).name("n").text_or_null("t").close_object();
  EXPECT_EQ(json.take(), R"({"a":"x\"y","list":[1,2,{},[],null],"f":true,"i":-7,"n":"t"})");
}

TEST(JsonFields, ReadsTypedFields) {
  const json value = {{"t", "x"},        {"n", 7},   {"f", true},   {"l", {"a", "b"}},
                      {"o", {{"k", 1}}}, {"a", {1}}, {"z", nullptr}};
  JsonFields fields(value);
  EXPECT_EQ(fields.text("t"), "x");
  EXPECT_EQ(fields.number("n", 1, 9), 7);
  EXPECT_TRUE(fields.flag("f"));
  EXPECT_EQ(fields.texts("l"), (std::vector<std::string>{"a", "b"}));
  ASSERT_NE(fields.object("o"), nullptr);
  ASSERT_NE(fields.array("a"), nullptr);
  EXPECT_EQ(fields.find_text("z"), std::nullopt);
  EXPECT_EQ(fields.find_number("absent"), std::nullopt);
  EXPECT_EQ(fields.find_flag("absent2"), std::nullopt);
  EXPECT_TRUE(fields.finish());
}

TEST(JsonFields, NamesWhatItRefuses) {
  const auto refusal = [](const json& value, auto read) {
    JsonFields fields(value, "top.");
    read(fields);
    const auto finished = fields.finish();
    return finished ? std::string("accepted")
                    : std::string(finished.error().code) + ": " + finished.error().message;
  };
  const auto text = [](JsonFields& fields) { fields.text("a"); };
  const auto number = [](JsonFields& fields) { fields.number("a", 1, 5); };
  EXPECT_EQ(refusal({{"a", "x"}, {"bogus", 1}}, text), "unknown_field: unknown field: top.bogus");
  EXPECT_EQ(refusal({{"bogus", 1}}, text), "unknown_field: unknown field: top.bogus");
  EXPECT_EQ(refusal(json::object(), text), "missing_field: top.a is missing: a string");
  EXPECT_EQ(refusal({{"a", nullptr}}, text), "missing_field: top.a is missing: a string");
  EXPECT_EQ(refusal({{"a", 1}}, text), "invalid_field: top.a must be a string");
  EXPECT_EQ(refusal({{"a", 6}}, number), "invalid_field: top.a must be a whole number from 1 to 5");
  EXPECT_EQ(refusal({{"a", 1.0}}, number), "invalid_field: top.a must be a whole number from 1 to 5");
  EXPECT_EQ(refusal({{"a", 18446744073709551615U}}, [](JsonFields& fields) { fields.find_number("a"); }),
            "invalid_field: top.a must be a whole number");
  EXPECT_EQ(refusal({{"a", {"x", 1}}}, [](JsonFields& fields) { fields.find_texts("a"); }),
            "invalid_field: top.a must be an array of strings");
  EXPECT_EQ(refusal(json::array(), text), "invalid_json: top must be a JSON object");
  EXPECT_EQ(refusal({{"x", 1}}, [](JsonFields& fields) { fields.ignore_unknown(); }), "accepted");
  EXPECT_EQ(refusal({{"x", 1}}, [](JsonFields& fields) { fields.ignore("x"); }), "accepted");
}

TEST(JsonFields, CutsLongNamesBetweenCharacters) {
  const json value = {{std::string(63, 'x') + "\u00e9\u00e9\u00e9", 1}};
  const auto finished = JsonFields(value).finish();
  ASSERT_FALSE(finished);
  EXPECT_EQ(finished.error().message, "unknown field: " + std::string(63, 'x') + "…");
}

}  // namespace
}  // namespace holdfast
