// Objects and buckets as another region writes them, and continuation tokens as strangers send them. The
// first line is the stored key, or the token.
#include "object_records.h"

#include "fuzz.h"
#include "holdfast/objects/list_rules.h"

namespace {

using namespace holdfast;
using namespace holdfast::objects;
using fuzz::require;

/// Whatever the token says, a page shows keys of its prefix only, and its own next token continues behind
/// them.
void check_token(std::string_view token) {
  const auto begin = [&](std::string continuation) {
    return ListPage::begin(
        {.prefix = "p/", .delimiter = "/", .continuation = std::move(continuation), .max_keys = 2});
  };
  auto page = begin(std::string(token));
  if (!page) {
    require(page.error().code == "invalid_continuation_token");
    return;
  }
  for (const std::string key : {"p/a", "p/b/c", "p/d", "p/e"}) {
    if (key > page->resume_after() && page->offer(key) == ListPage::Step::finished) break;
  }
  require(page->key_count() <= 2);
  if (!page->truncated()) return;
  const auto next = begin(page->next_token());
  require(next && next->resume_after() == page->resume_after());
}

}  // namespace

std::vector<Bytes> fuzz::seeds() {
  const auto time = from_micros(1'795'253'400'000'000);
  Object object{.bucket = "photos", .key = "sunset.jpg", .version = "v", .size = 3};
  object.md5 = Bytes(16, 'm');
  object.sha256 = Bytes(32, 's');
  object.metadata = {{"camera", "old"}};
  object.owner = "u";
  object.modified_at = time;
  object.blob = BlobId("00112233445566778899aabbccddeeff");
  auto page = *ListPage::begin({.max_keys = 1});
  page.offer("a");
  page.offer("b");
  return {object_key("photos", "sunset.jpg") + "\n" + encode_object(object),
          "\n" + encode_bucket({.name = "photos", .app = AppId("photos"), .created_at = time}),
          page.next_token()};
}

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  const auto parts = fuzz::two_parts(fuzz::input_of(data, size));
  fuzz::require_stable(
      parts.second, [](BytesView plain) { return decode_bucket("b", plain); }, encode_bucket);
  fuzz::require_stable(
      parts.second, [&](BytesView plain) { return decode_object(parts.first, plain); }, encode_object);
  if (const auto object = decode_object(parts.first, parts.second)) {
    require(object->md5.size() == 16 && object->sha256.size() == 32);
    require(object_key(object->bucket, object->key) == parts.first);
  }
  check_token(parts.first);
  return 0;
}
