#include "holdfast/identity/page_token.h"

#include "holdfast/base/codec.h"
#include "holdfast/base/encoding.h"
#include "holdfast/crypto/hash.h"

namespace holdfast::identity {
namespace {

constexpr std::size_t page_check_bytes = 4;
constexpr std::size_t longest_page_token = 2048;

Bytes page_check(std::string_view list, BytesView key) {
  return ByteWriter().u32(crypto::crc32c(key, crypto::crc32c(list))).take();
}

}  // namespace

std::string page_token(std::string_view list, BytesView key) {
  return to_base64url(page_check(list, key).append(key));
}

Result<Bytes> page_key(std::string_view list, std::string_view token) {
  if (token.empty()) return Bytes();
  const auto refuse = [] {
    return fail(ErrorKind::invalid, "invalid_next", "next is not one that this list gave");
  };
  if (token.size() > longest_page_token) return refuse();
  const auto bytes = from_base64url(token);
  if (!bytes || bytes->size() <= page_check_bytes) return refuse();
  Bytes key = bytes->substr(page_check_bytes);
  if (!bytes->starts_with(page_check(list, key))) return refuse();
  return key;
}

}  // namespace holdfast::identity
