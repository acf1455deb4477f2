// Apps, their states (which secondaries also send as overrides), and comments with their keys. The first byte
// chooses the kind.
#include "app_records.h"
#include "fuzz.h"

namespace {

using namespace holdfast;
using namespace holdfast::apps;
using fuzz::require;

const WallTime fuzz_time = from_micros(1'795'253'400'000'000);
const AppId fuzz_app("photos");
const CommentId fuzz_comment("6f1d3e9a-0000-4000-8000-000000000001");

void check_app(BytesView input) {
  fuzz::require_stable(input, [](BytesView plain) { return decode_app(fuzz_app, plain); }, encode_app);
}

/// No unknown state, nor one that nobody can have set, is ever read.
void check_state(BytesView input) {
  fuzz::require_stable(input, decode_state, encode_state);
  const auto record = decode_state(input);
  if (!record) return;
  require(record->state == AppState::active || record->state == AppState::failover ||
          record->state == AppState::fenced);
  require(record->origin == StateOrigin::operator_set || record->origin == StateOrigin::proposal ||
          record->origin == StateOrigin::promotion);
}

void check_comment(BytesView input) {
  const auto key = comment_key(fuzz_app, "photo", {.created_at = fuzz_time, .id = fuzz_comment});
  fuzz::require_stable(input, [&](BytesView plain) { return decode_comment(key, plain); }, encode_comment);
  fuzz::require_stable(input, decode_comment_place, encode_comment_place);
}

/// A key that is read is the key that is written for what was read.
void check_comment_key(BytesView key) {
  const auto comment = decode_comment(key, {});
  if (!comment) return;
  const auto written =
      comment_key(app_of_key(key), comment->photo, {.created_at = comment->created_at, .id = comment->id});
  require(written == key);
}

constexpr void (*checks[])(BytesView) = {check_app, check_state, check_comment, check_comment_key};

Bytes seed_of(std::size_t kind, BytesView record) { return Bytes(1, static_cast<char>(kind)).append(record); }

}  // namespace

std::vector<Bytes> fuzz::seeds() {
  const App app{.id = fuzz_app,
                .pool = PoolId("eu-west-1_aBcDeFgHi"),
                .clients = {ClientId("client")},
                .bucket = "photos",
                .web_origins = {"https://photos.example.com"},
                .created_at = fuzz_time};
  const StateRecord state{
      .state = AppState::failover, .reign = 2, .version = 3, .changed_at = fuzz_time, .changed_by = "op"};
  const Comment comment{.user = "ada", .author = UserId("u"), .message = "fine"};
  return {seed_of(0, encode_app(app)), seed_of(1, encode_state(state)), seed_of(2, encode_comment(comment)),
          seed_of(2, encode_comment_place({.photo = "sunset.jpg", .created_at = fuzz_time})),
          seed_of(3, comment_key(fuzz_app, "sunset.jpg", {.created_at = fuzz_time, .id = fuzz_comment}))};
}

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  if (size == 0) return 0;
  checks[data[0] % std::size(checks)](holdfast::fuzz::input_of(data + 1, size - 1));
  return 0;
}
