#include "app_records.h"

#include "holdfast/base/codec.h"
#include "holdfast/base/record_numbers.h"

namespace holdfast::apps {

Bytes app_key(const AppId& id) { return storage::KeyWriter().text(id.str()).take(); }
AppId app_of_key(BytesView key) { return AppId(storage::KeyReader(key).text()); }

Bytes encode_app(const App& app) {
  FieldWriter writer;
  writer.text(1, app.pool.str());
  for (const auto& client : app.clients) writer.text(2, client.str());
  if (!app.bucket.empty()) writer.text(3, app.bucket);
  for (const auto& origin : app.web_origins) writer.text(4, origin);
  writer.flag(5, app.accept_id_token)
      .flag(6, app.automatic_failover)
      .signed_number(7, to_micros(app.created_at));
  return writer.take();
}

Result<App> decode_app(const AppId& id, BytesView plain) {
  TRY(const auto fields, FieldReader::parse(plain));
  App app{.id = id,
          .pool = PoolId(fields.text(1)),
          .bucket = fields.text(3),
          .accept_id_token = fields.flag(5),
          .automatic_failover = fields.flag(6),
          .created_at = from_micros(fields.signed_number(7))};
  fields.all(2, [&](BytesView client) { app.clients.emplace_back(std::string(client)); });
  fields.all(4, [&](BytesView origin) { app.web_origins.emplace_back(origin); });
  return app;
}

Bytes encode_state(const StateRecord& record) {
  return FieldWriter()
      .number(1, static_cast<std::uint64_t>(record.state))
      .number(2, record.reign)
      .number(3, record.version)
      .signed_number(4, to_micros(record.changed_at))
      .text(5, record.changed_by)
      .number(6, static_cast<std::uint64_t>(record.origin))
      .take();
}

Result<StateRecord> decode_state(BytesView plain) {
  TRY(const auto fields, FieldReader::parse(plain));
  constexpr std::string_view record = "app state record";
  // An unknown state must not be read as a permission, and nor must one that is missing.
  TRY(const auto state, enumerator_of(fields, record, 1, AppState::fenced, AppState{}));
  TRY(const auto reign, number_of<std::uint32_t>(fields, record, 2));
  TRY(const auto origin, enumerator_of(fields, record, 6, StateOrigin::promotion, StateOrigin{}));
  return StateRecord{.state = state,
                     .reign = reign,
                     .version = fields.number(3),
                     .changed_at = from_micros(fields.signed_number(4)),
                     .changed_by = fields.text(5),
                     .origin = origin};
}

Bytes photo_prefix(const AppId& app, std::string_view photo) {
  return storage::KeyWriter().text(app.str()).text(photo).take();
}

Bytes comment_key(const AppId& app, std::string_view photo, const CommentCursor& at) {
  return storage::KeyWriter()
      .text(app.str())
      .text(photo)
      .u64(static_cast<std::uint64_t>(to_micros(at.created_at)))
      .fixed(to_bytes(at.id))
      .take();
}

Bytes encode_comment(const Comment& comment) {
  return FieldWriter().text(1, comment.user).text(2, comment.author.str()).text(3, comment.message).take();
}

Result<Comment> decode_comment(BytesView key, BytesView plain) {
  storage::KeyReader reader(key);
  reader.text();
  auto photo = reader.text();
  const auto micros = reader.u64();
  const auto id = reader.fixed(comment_id_bytes);
  TRY_VOID(reader.finish("comment key"));
  TRY(const auto fields, FieldReader::parse(plain));
  return Comment{.id = comment_id_of(id),
                 .photo = std::move(photo),
                 .user = fields.text(1),
                 .author = UserId(fields.text(2)),
                 .message = fields.text(3),
                 .created_at = from_micros(static_cast<std::int64_t>(micros))};
}

Bytes comment_id_key(const AppId& app, const CommentId& id) {
  return storage::KeyWriter().text(app.str()).fixed(to_bytes(id)).take();
}

Bytes encode_comment_place(const CommentPlace& place) {
  return FieldWriter().text(1, place.photo).signed_number(2, to_micros(place.created_at)).take();
}

Result<CommentPlace> decode_comment_place(BytesView plain) {
  TRY(const auto fields, FieldReader::parse(plain));
  return CommentPlace{.photo = fields.text(1), .created_at = from_micros(fields.signed_number(2))};
}

}  // namespace holdfast::apps
