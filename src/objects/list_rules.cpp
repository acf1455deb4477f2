#include "holdfast/objects/list_rules.h"

#include "holdfast/base/encoding.h"

namespace holdfast::objects {
namespace {

constexpr char list_token_format = 1;
// Greater than every byte of UTF-8: a key that begins with the group sorts before group ‖ 0xff.
constexpr char beyond_group = '\xff';

}  // namespace

Result<ListPage> ListPage::begin(ListQuery query) {
  ListPage page(std::move(query));
  if (page.query_.continuation.empty()) {
    page.resume_after_ = page.query_.start_after;
    return page;
  }
  auto position = from_base64url(page.query_.continuation);
  if (!position || position->size() < 2 || position->front() != list_token_format) {
    return fail(ErrorKind::invalid, "invalid_continuation_token",
                "the continuation token is not one of this service's");
  }
  page.resume_after_ = position->substr(1);
  return page;
}

std::string_view ListPage::group_of(std::string_view key) const {
  if (query_.delimiter.empty()) return {};
  const auto at = key.find(query_.delimiter, query_.prefix.size());
  return at == std::string_view::npos ? std::string_view{} : key.substr(0, at + query_.delimiter.size());
}

ListPage::Step ListPage::offer(std::string_view key) {
  if (key_count() >= query_.max_keys) {
    // With no room at all S3 answers an empty page that is complete.
    truncated_ = query_.max_keys > 0;
    return Step::finished;
  }
  const auto group = group_of(key);
  if (group.empty()) {
    ++taken_;
    resume_after_ = key;
    return Step::taken;
  }
  groups_.emplace_back(group);
  resume_after_ = std::string(group) + beyond_group;
  return Step::grouped;
}

std::string ListPage::next_token() const {
  if (!truncated_) return {};
  return to_base64url(std::string(1, list_token_format) + resume_after_);
}

}  // namespace holdfast::objects
