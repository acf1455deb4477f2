#include "holdfast/apps/comment_service.h"

#include <algorithm>

#include "app_records.h"
#include "holdfast/crypto/random.h"

namespace holdfast::apps {
namespace {

constexpr int comment_attempts = 3;

Error no_such_comment() { return {ErrorKind::not_found, "not_found", "no such comment", {}}; }

Comment to_comment(NewComment wanted, const identity::VerifiedUser& author, WallTime now) {
  return {.id = wanted.id ? *std::move(wanted.id) : CommentId(crypto::random_uuid()),
          .photo = std::move(wanted.photo),
          .user = author.username,
          .author = author.user,
          .message = std::move(wanted.message),
          .created_at = now};
}

/// A drawn id has 122 random bits: only one that a client named can be there already.
void put_comment(storage::Transaction& transaction, const App& app, const Comment& comment,
                 bool id_is_drawn) {
  const auto scope = storage::Scope::pool(app.pool);
  const auto id_key = comment_id_key(app.id, comment.id);
  if (!id_is_drawn) {
    transaction.require_absent(
        comment_ids_table, id_key,
        {ErrorKind::conflict, "already_exists", "a comment of this id exists already", {}});
  }
  transaction.put(comments_table,
                  comment_key(app.id, comment.photo, {.created_at = comment.created_at, .id = comment.id}),
                  scope, comment_version, encode_comment(comment));
  transaction.put(comment_ids_table, id_key, scope, comment_id_version,
                  encode_comment_place({.photo = comment.photo, .created_at = comment.created_at}));
}

}  // namespace

async::Task<Result<CommentPage>> CommentService::list(AppId app, std::string photo, std::size_t limit,
                                                      std::string next) {
  CO_TRY_VOID(check_photo_id(photo));
  CO_TRY_VOID(apps_->registered(app));
  co_return co_await async::offload(*disk_, [&] { return read_page(app, photo, limit, next); });
}

Result<CommentPage> CommentService::read_page(const AppId& app, const std::string& photo, std::size_t limit,
                                              const std::string& next) const {
  limit = std::clamp<std::size_t>(limit, 1, max_comments_page);
  Bytes after;
  if (!next.empty()) {
    TRY(const auto cursor, parse_comment_cursor(next));
    after = comment_key(app, photo, cursor);
  }
  CommentPage page;
  Result<> decoded;
  // One more than asked for tells whether there is a next page.
  TRY_VOID(db_->reader().scan(comments_table, photo_prefix(app, photo), after, limit + 1,
                              [&](BytesView key, const storage::Stored& row) {
                                auto comment = decode_comment(key, row.plain);
                                if (!comment) {
                                  decoded = fail(std::move(comment).error());
                                  return false;
                                }
                                page.comments.push_back(*std::move(comment));
                                return true;
                              }));
  TRY_VOID(decoded);
  if (page.comments.size() > limit) {
    page.comments.pop_back();
    page.next = to_token({.created_at = page.comments.back().created_at, .id = page.comments.back().id});
  }
  return page;
}

async::Task<Result<identity::Written<Comment>>> CommentService::add(AppId app, NewComment comment,
                                                                    identity::VerifiedUser author,
                                                                    identity::Rider rider,
                                                                    std::string request_id) {
  CO_TRY_VOID(check_photo_id(comment.photo));
  CO_TRY_VOID(check_message(comment.message));
  CO_TRY(const auto registered, apps_->registered(app));
  const bool id_is_drawn = !comment.id.has_value();
  const auto written = to_comment(std::move(comment), author, clock_->now());
  for (int attempt = 1;; ++attempt) {
    auto transaction = db_->transaction();
    transaction.for_request(request_id);
    CO_TRY_VOID(apps_->require_writable(app, transaction));
    if (!writer_->may_write()) co_return fail(writer_->state().refusal());
    put_comment(transaction, *registered, written, id_is_drawn);
    CO_TRY_VOID(identity::board(rider, transaction, written));
    const auto receipt = co_await writer_->commit(std::move(transaction));
    if (receipt) co_return identity::Written<Comment>{.value = written, .receipt = *receipt};
    if (!is_state_race(receipt.error()) || attempt == comment_attempts) co_return fail(receipt.error());
  }
}

Result<CommentService::Placed> CommentService::find_comment(const AppId& app, const std::string& photo,
                                                            const CommentId& id) const {
  const auto reader = db_->snapshot();
  TRY(const auto place_row, reader.find(comment_ids_table, comment_id_key(app, id)));
  if (!place_row) return fail(no_such_comment());
  TRY(const auto place, decode_comment_place(place_row->plain));
  if (place.photo != photo) return fail(no_such_comment());
  const auto key = comment_key(app, photo, {.created_at = place.created_at, .id = id});
  TRY(const auto row, reader.get(comments_table, key));
  TRY(auto comment, decode_comment(key, row.plain));
  return Placed{.comment = std::move(comment), .place = place_row->tag};
}

async::Task<Result<region::CommitReceipt>> CommentService::remove(AppId app, std::string photo, CommentId id,
                                                                  identity::VerifiedUser caller,
                                                                  std::string request_id) {
  CO_TRY_VOID(apps_->registered(app));
  CO_TRY(const auto found, co_await async::offload(*disk_, [&] { return find_comment(app, photo, id); }));
  const auto& comment = found.comment;
  const bool is_author = !caller.user.empty() && caller.user == comment.author;
  if (!is_author && !caller.in_group(administrators_group)) {
    co_return fail(ErrorKind::forbidden, "forbidden",
                   "only the author or an administrator may delete a comment");
  }
  for (int attempt = 1;; ++attempt) {
    auto transaction = db_->transaction();
    transaction.for_request(request_id);
    CO_TRY_VOID(apps_->require_writable(app, transaction));
    if (!writer_->may_write()) co_return fail(writer_->state().refusal());
    const auto id_key = comment_id_key(app, id);
    // Ids are the clients': the one that was judged may be gone, and somebody else's be there under its id.
    transaction.require_unchanged(comment_ids_table, id_key, found.place, no_such_comment());
    transaction.erase(comment_ids_table, id_key);
    transaction.erase(comments_table, comment_key(app, photo, {.created_at = comment.created_at, .id = id}));
    if (!is_author) {
      transaction.audit({.time = clock_->now(),
                         .kind = "COMMENT_REMOVED",
                         .actor_kind = "user",
                         .actor = caller.user.str(),
                         .target_kind = "comment",
                         .target = app.str() + "/" + id.str(),
                         .region = writer_->state().view().self.str(),
                         .request_id = request_id,
                         .details = {}});
    }
    const auto receipt = co_await writer_->commit(std::move(transaction));
    if (receipt) co_return *receipt;
    if (!is_state_race(receipt.error()) || attempt == comment_attempts) co_return fail(receipt.error());
  }
}

}  // namespace holdfast::apps
