#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "holdfast/base/result.h"

namespace holdfast::objects {

constexpr std::size_t max_list_keys = 1000;

/// A ListObjectsV2 request. `start_after` is ignored where `continuation` is present, as S3 does.
struct ListQuery {
  std::string prefix{};
  std::string delimiter{};
  std::string start_after{};
  std::string continuation{};  ///< a token of an earlier page
  std::size_t max_keys = max_list_keys;
};

/// Walks a bucket's keys in byte order and decides, key by key, what a page shows. Pure: the caller owns the
/// store. Offer keys greater than `resume_after()` until `finished()`; after a group, jump: `resume_after()`
/// moves beyond it.
class ListPage {
 public:
  /// `invalid_continuation_token` for a token that this service did not give out.
  static Result<ListPage> begin(ListQuery query);

  /// Every key to offer begins with the prefix and is greater than this (byte order).
  [[nodiscard]] const std::string& prefix() const { return query_.prefix; }
  [[nodiscard]] const std::string& resume_after() const { return resume_after_; }

  enum class Step { taken, grouped, finished };
  /// `taken`: show this key. `grouped`: it fell into a common prefix; seek to `resume_after()`. `finished`:
  /// the page is full and this key belongs to the next one.
  Step offer(std::string_view key);

  [[nodiscard]] bool truncated() const { return truncated_; }
  [[nodiscard]] const std::vector<std::string>& common_prefixes() const { return groups_; }
  [[nodiscard]] std::size_t key_count() const { return taken_ + groups_.size(); }
  /// Of the page after this one; only when truncated.
  [[nodiscard]] std::string next_token() const;

 private:
  explicit ListPage(ListQuery query) : query_(std::move(query)) {}
  [[nodiscard]] std::string_view group_of(std::string_view key) const;

  ListQuery query_;
  std::string resume_after_;
  std::vector<std::string> groups_;
  std::size_t taken_ = 0;
  bool truncated_ = false;
};

}  // namespace holdfast::objects
