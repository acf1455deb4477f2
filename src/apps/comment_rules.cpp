#include "holdfast/apps/comment_rules.h"

#include <algorithm>

#include "holdfast/base/codec.h"
#include "holdfast/base/control_characters.h"
#include "holdfast/base/encoding.h"
#include "holdfast/base/text.h"

namespace holdfast::apps {

Result<CommentId> parse_comment_id(std::string_view text) {
  bool shaped = text.size() == 36;
  for (std::size_t i = 0; shaped && i < text.size(); ++i) {
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    const char c = text[i];
    const bool digit = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
    shaped = dash ? c == '-' : digit;
  }
  if (!shaped) return fail(ErrorKind::invalid, "invalid_comment_id", "commentId must be a UUID");
  return CommentId(to_lower_ascii(text));
}

Bytes to_bytes(const CommentId& id) {
  std::string digits;
  std::ranges::copy_if(id.str(), std::back_inserter(digits), [](char c) { return c != '-'; });
  return from_hex(digits).value_or(Bytes(comment_id_bytes, '\0'));
}

CommentId comment_id_of(BytesView bytes) {
  auto text = to_hex(bytes);
  for (const std::size_t at : {8U, 13U, 18U, 23U}) text.insert(at, 1, '-');
  return CommentId(std::move(text));
}

Result<> check_photo_id(std::string_view photo) {
  if (photo.empty() || photo.size() > max_photo_id_bytes || !is_utf8(photo) || has_control_character(photo)) {
    return fail(ErrorKind::invalid, "invalid_photo_id",
                "photoId must be 1 to 512 bytes of UTF-8 without control characters");
  }
  return {};
}

Result<> check_message(std::string_view message) {
  if (!is_utf8(message)) return fail(ErrorKind::invalid, "invalid_utf8", "message is not valid UTF-8");
  if (trim(message).empty()) return fail(ErrorKind::invalid, "invalid_message", "message must not be empty");
  if (message.size() > max_message_bytes) {
    return fail(ErrorKind::invalid, "invalid_message", "message must not be longer than 8192 bytes");
  }
  if (has_control_character(message, true)) {
    return fail(ErrorKind::invalid, "invalid_message", "message must not contain control characters");
  }
  return {};
}

std::string to_token(const CommentCursor& cursor) {
  ByteWriter writer;
  writer.u8(1).i64(to_micros(cursor.created_at)).raw(to_bytes(cursor.id));
  return to_base64url(writer.take());
}

Result<CommentCursor> parse_comment_cursor(std::string_view token) {
  const auto bytes = from_base64url(token);
  ByteReader reader(bytes ? BytesView(*bytes) : BytesView{});
  const auto format = reader.u8();
  const auto micros = reader.i64();
  const auto id = reader.raw(comment_id_bytes);
  if (format != 1 || !reader.finish("comment cursor")) {
    return fail(ErrorKind::invalid, "invalid_next", "next is not a token that this service gave out");
  }
  return CommentCursor{.created_at = from_micros(micros), .id = comment_id_of(id)};
}

}  // namespace holdfast::apps
