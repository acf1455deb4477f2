#pragma once

#include <optional>
#include <string>

#include "holdfast/apps/app_service.h"
#include "holdfast/apps/comment_model.h"

namespace holdfast::apps {

/// The group whose members overwrite and delete what others wrote.
inline constexpr std::string_view administrators_group = "admin";

struct NewComment {
  std::optional<CommentId> id{};  ///< the client's; absent: drawn here
  std::string photo{};
  std::string message{};
};

/// Comments under photos: added, listed oldest first, deleted; never changed. Whether the token opens the app
/// was checked before (AppService::demand). Thread-safe; lives as long as the process. Reads run on the
/// disk pool.
class CommentService {
 public:
  CommentService(AppService& apps, storage::CoreDb& db, region::Writer& writer, async::DiskPool& disk,
                 const Clock& clock)
      : apps_(&apps), db_(&db), writer_(&writer), disk_(&disk), clock_(&clock) {}

  /// A page behind `next` (empty: from the oldest); `limit` is cut to 1–200. Errors: `not_found` (the app),
  /// `invalid_photo_id`, `invalid_next`.
  async::Task<Result<CommentPage>> list(AppId app, std::string photo, std::size_t limit, std::string next);

  /// Errors: `not_found` (the app), `invalid_message`, `invalid_utf8`, `invalid_photo_id`, `app_fenced`,
  /// `app_failed_over`, `read_only_region`, `already_exists` (the id, anywhere in the app).
  async::Task<Result<identity::Written<Comment>>> add(AppId app, NewComment comment,
                                                      identity::VerifiedUser author,
                                                      identity::Rider rider = {},
                                                      std::string request_id = {});

  /// By its author or a member of group `admin`; else `forbidden`. `not_found` also when it belongs to
  /// another photo, or its id was used anew meanwhile. Other errors as of `add`.
  async::Task<Result<region::CommitReceipt>> remove(AppId app, std::string photo, CommentId id,
                                                    identity::VerifiedUser caller, std::string request_id);

 private:
  [[nodiscard]] Result<CommentPage> read_page(const AppId& app, const std::string& photo, std::size_t limit,
                                              const std::string& next) const;
  /// A comment with the tag of the row that says where it is: it changes when the id is deleted and used
  /// anew.
  struct Placed {
    Comment comment{};
    storage::RowTag place{};
  };
  [[nodiscard]] Result<Placed> find_comment(const AppId& app, const std::string& photo,
                                            const CommentId& id) const;

  AppService* apps_;
  storage::CoreDb* db_;
  region::Writer* writer_;
  async::DiskPool* disk_;
  const Clock* clock_;
};

}  // namespace holdfast::apps
