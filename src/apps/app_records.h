#pragma once

#include <string>

#include "holdfast/apps/app_model.h"
#include "holdfast/apps/comment_model.h"
#include "holdfast/apps/comment_rules.h"
#include "holdfast/storage/table.h"

/// Keys and values of the apps room: docs/formats/apps-records.md.
namespace holdfast::apps {

inline constexpr storage::Table apps_table{storage::Family::apps, 0x0301, "apps"};
inline constexpr storage::Table app_states_table{storage::Family::apps, 0x0302, "app_states"};
inline constexpr storage::Table comments_table{storage::Family::apps, 0x0303, "comments"};
inline constexpr storage::Table comment_ids_table{storage::Family::apps, 0x0304, "comment_ids"};

inline constexpr std::uint16_t app_version = 1;
inline constexpr std::uint16_t state_version = 1;
inline constexpr std::uint16_t comment_version = 1;
inline constexpr std::uint16_t comment_id_version = 1;

/// Of both apps and app_states.
Bytes app_key(const AppId& id);
AppId app_of_key(BytesView key);
Bytes encode_app(const App& app);
Result<App> decode_app(const AppId& id, BytesView plain);

/// Also the value of an override of kind `app_state`.
Bytes encode_state(const StateRecord& record);
Result<StateRecord> decode_state(BytesView plain);

/// Comments of a photo in order of time, then id.
Bytes photo_prefix(const AppId& app, std::string_view photo);
Bytes comment_key(const AppId& app, std::string_view photo, const CommentCursor& at);
Bytes encode_comment(const Comment& comment);
Result<Comment> decode_comment(BytesView key, BytesView plain);

/// Where a comment's row is, by id.
struct CommentPlace {
  std::string photo{};
  WallTime created_at{};
};
Bytes comment_id_key(const AppId& app, const CommentId& id);
Bytes encode_comment_place(const CommentPlace& place);
Result<CommentPlace> decode_comment_place(BytesView plain);

}  // namespace holdfast::apps
