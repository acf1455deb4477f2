#pragma once

#include <string_view>

#include "holdfast/apps/comment_model.h"
#include "holdfast/base/bytes.h"
#include "holdfast/base/result.h"

namespace holdfast::apps {

constexpr std::size_t max_photo_id_bytes = 512;
constexpr std::size_t max_message_bytes = 8UL * 1024;
constexpr std::size_t max_comments_page = 200;
constexpr std::size_t default_comments_page = 50;

/// 8-4-4-4-12 hexadecimal digits in either case; gives lower case.
Result<CommentId> parse_comment_id(std::string_view text);

/// The 16 bytes of a UUID, and the id that they stand for: how keys and cursors carry it.
constexpr std::size_t comment_id_bytes = 16;
Bytes to_bytes(const CommentId& id);
CommentId comment_id_of(BytesView bytes);

/// 1–512 bytes of UTF-8 without control characters.
Result<> check_photo_id(std::string_view photo);

/// 1 byte to 8 KiB of UTF-8 that is more than white space, without control characters other than tab and line
/// ends.
Result<> check_message(std::string_view message);

/// Where a page goes on: after this comment. Opaque to clients.
struct CommentCursor {
  WallTime created_at{};
  CommentId id{};
  bool operator==(const CommentCursor&) const = default;
};
std::string to_token(const CommentCursor& cursor);
Result<CommentCursor> parse_comment_cursor(std::string_view token);

}  // namespace holdfast::apps
