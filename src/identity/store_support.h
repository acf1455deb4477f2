#pragma once

#include <functional>
#include <initializer_list>
#include <map>
#include <string>

#include "holdfast/base/encoding.h"
#include "holdfast/base/result.h"
#include "holdfast/identity/actor.h"
#include "holdfast/identity/foundation.h"
#include "holdfast/identity/page.h"
#include "holdfast/identity/page_token.h"
#include "holdfast/storage/transaction.h"

namespace holdfast::identity {

/// A record as read, with what `require_unchanged` needs.
template <class T>
struct Loaded {
  T value;
  storage::RowTag tag;
};

/// What a write answers when the row that it was based on has changed under it.
inline Error changed_meanwhile() {
  return {.kind = ErrorKind::conflict,
          .code = "changed_meanwhile",
          .message = "it was changed by another request at the same time: read it again",
          .detail = {}};
}
inline Error not_found(std::string message) {
  return {.kind = ErrorKind::not_found, .code = "not_found", .message = std::move(message), .detail = {}};
}
inline Error already_exists(std::string message) {
  return {.kind = ErrorKind::conflict, .code = "already_exists", .message = std::move(message), .detail = {}};
}

/// An audit event of this room; `details` never hold secrets or personal data beyond ids.
inline storage::AuditEvent audit_event(const Foundation& base, const Actor& actor, std::string kind,
                                       std::string target_kind, std::string target,
                                       std::map<std::string, std::string> details = {}) {
  return {.time = base.clock.now(),
          .kind = std::move(kind),
          .actor_kind = actor.kind,
          .actor = actor.id,
          .target_kind = std::move(target_kind),
          .target = std::move(target),
          .region = base.region.str(),
          .request_id = actor.request_id,
          .details = std::move(details)};
}

/// The key that a page starts behind.
inline Result<Bytes> page_start(std::string_view list, const PageQuery& query) {
  if (query.limit == 0 || query.limit > max_page_size) {
    return fail(ErrorKind::invalid, "invalid_limit", "limit must be between 1 and 200");
  }
  return page_key(list, query.next);
}

/// Pages through the rows under `prefix`. `take(key, stored)` gives Result<std::optional<T>>, empty for a row
/// to leave out. At most `scan_limit` rows are looked at.
template <class T, class Take>
Result<Page<T>> read_page(const storage::Reader& reader, const storage::Table& table, BytesView prefix,
                          const PageQuery& query, std::size_t scan_limit, Take take) {
  TRY(const Bytes after, page_start(table.name, query));
  // A token of another pool's list would start outside this one.
  if (!after.empty() && !after.starts_with(prefix)) {
    return fail(ErrorKind::invalid, "invalid_next", "next is not one that this list gave");
  }
  Page<T> page;
  Bytes last;
  std::size_t seen = 0;
  bool more = false;
  Result<> taken;
  TRY_VOID(
      reader.scan(table, prefix, after, scan_limit + 1, [&](BytesView key, const storage::Stored& stored) {
        if (page.items.size() == query.limit || seen == scan_limit) {
          more = true;
          return false;
        }
        ++seen;
        last = Bytes(key);
        auto item = take(key, stored);
        if (!item) {
          taken = fail(std::move(item).error());
          return false;
        }
        if (*item) page.items.push_back(**std::move(item));
        return true;
      }));
  TRY_VOID(std::move(taken));
  if (more) page.next = page_token(table.name, last);
  return page;
}

}  // namespace holdfast::identity
