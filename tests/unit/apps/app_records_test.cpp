#include "app_records.h"

#include <gtest/gtest.h>

#include "holdfast/base/encoding.h"

// docs/formats/apps-records.md: these bytes are on disks and on the wire. They never change.
namespace holdfast::apps {
namespace {

const CommentId records_id("0f8fad5b-d9cb-469f-a165-70867728950e");
constexpr WallTime records_time = from_micros(1'700'000'000'123'456);

TEST(AppRecords, AnApp) {
  const App app{.id = AppId("photos"),
                .pool = PoolId("p_1"),
                .clients = {ClientId("web"), ClientId("m2m")},
                .bucket = "bkt",
                .web_origins = {"https://a.example"},
                .accept_id_token = true,
                .automatic_failover = false,
                .created_at = records_time};
  EXPECT_EQ(to_hex(app_key(app.id)), "70686f746f730001");
  EXPECT_EQ(to_hex(encode_app(app)),
            "0103705f31020377656202036d326d0303626b74041168747470733a2f2f612e6578616d706c65050101060007070c14"
            "4830404480");
  EXPECT_EQ(decode_app(app.id, encode_app(app)), app);
  EXPECT_EQ(app_of_key(app_key(app.id)), app.id);
}

TEST(AppRecords, AState) {
  const StateRecord state{.state = AppState::failover,
                          .reign = 3,
                          .version = 300,
                          .changed_at = records_time,
                          .changed_by = "op-1",
                          .origin = StateOrigin::proposal};
  EXPECT_EQ(to_hex(encode_state(state)), "0101020201030302012c04070c14483040448005046f702d31060102");
  EXPECT_EQ(decode_state(encode_state(state)), state);
}

TEST(AppRecords, AnUnknownStateIsDamageNotPermission) {
  StateRecord state{.state = AppState::fenced, .reign = 1, .version = 1};
  auto bytes = encode_state(state);
  ASSERT_EQ(bytes.substr(0, 3), std::string_view("\x01\x01\x03"));
  for (const char bad : {'\x00', '\x04', '\x7f'}) {
    bytes[2] = bad;
    EXPECT_EQ(decode_state(bytes).error().kind, ErrorKind::corrupt);
  }
  EXPECT_FALSE(decode_state(""));
}

TEST(AppRecords, AComment) {
  const Comment comment{.id = records_id,
                        .photo = "a/b",
                        .user = "ada",
                        .author = UserId("u1"),
                        .message = "hi",
                        .created_at = records_time};
  const auto key = comment_key(AppId("photos"), "a/b", {.created_at = records_time, .id = records_id});
  EXPECT_EQ(to_hex(key),
            "70686f746f730001612f6200010006"
            "0a24182022400f8fad5bd9cb469fa16570867728950e");
  EXPECT_TRUE(key.starts_with(photo_prefix(AppId("photos"), "a/b")));
  EXPECT_EQ(to_hex(encode_comment(comment)),
            "010361646102027531"
            "03026869");
  EXPECT_EQ(decode_comment(key, encode_comment(comment)), comment);
  EXPECT_FALSE(decode_comment(BytesView(key).substr(0, key.size() - 1), encode_comment(comment)));
}

TEST(AppRecords, WhereACommentIs) {
  EXPECT_EQ(to_hex(comment_id_key(AppId("photos"), records_id)),
            "70686f746f7300010f8fad5bd9cb469fa16570867728950e");
  const auto bytes = encode_comment_place({.photo = "a/b", .created_at = records_time});
  EXPECT_EQ(to_hex(bytes), "0103612f6202070c144830404480");
  EXPECT_EQ(decode_comment_place(bytes)->photo, "a/b");
  EXPECT_EQ(decode_comment_place(bytes)->created_at, records_time);
}

}  // namespace
}  // namespace holdfast::apps
