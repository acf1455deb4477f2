#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "holdfast/api/json_body.h"
#include "holdfast/base/clock.h"
#include "holdfast/http/request.h"
#include "holdfast/identity/page.h"
#include "holdfast/identity/page_token.h"

/// Lists that come in pages: `limit` and `next` of a request, `next` of an answer.
namespace holdfast::api {

/// `?limit=`: 1 to `most`; absent: `otherwise`; anything else is `invalid_limit`.
Result<std::size_t> limit_of(const http::Request& request, std::size_t most, std::size_t otherwise);
/// `limit` (1–200, 60 when absent) and `next`.
Result<identity::PageQuery> page_query(const http::Request& request);

/// `{"<name>":[…],"next":"…"}`; `next` is null on the last page.
template <class T, class Describe>
nlohmann::json describe_page(std::string_view name, const identity::Page<T>& page, Describe describe) {
  nlohmann::json items = nlohmann::json::array();
  for (const T& item : page.items) items.push_back(describe(item));
  return {{name, std::move(items)}, {"next", text_or_null(page.next)}};
}

/// A page of a list that is in memory as a whole, in the order of `key`, which tells all items apart. Works
/// when items come and go between pages: the next one starts behind the last key, whether that is still there
/// or not.
template <class T, class Key>
Result<identity::Page<T>> page_by_key(std::vector<T> items, const identity::PageQuery& query, Key key) {
  constexpr std::string_view list = "by key";
  TRY(const auto after, identity::page_key(list, query.next));
  std::ranges::sort(items, {}, key);
  const auto begin =
      query.next.empty() ? items.begin() : std::ranges::upper_bound(items, std::string(after), {}, key);
  const auto left = static_cast<std::size_t>(items.end() - begin);
  const auto end = begin + static_cast<std::ptrdiff_t>(std::min(left, query.limit));
  identity::Page<T> page{.items = {std::make_move_iterator(begin), std::make_move_iterator(end)}, .next = {}};
  if (left > query.limit) page.next = identity::page_token(list, key(page.items.back()));
  return page;
}

/// A page of a list that was read in order with one item more than `query` asks for: whether there is that
/// one tells whether a page follows. `list` names it to page_token, `key` is what the next page starts
/// behind.
template <class T, class Key>
identity::Page<T> cut_page(std::string_view list, std::vector<T> items, const identity::PageQuery& query,
                           Key key) {
  identity::Page<T> page{.items = std::move(items), .next = {}};
  if (page.items.size() <= query.limit) return page;
  page.items.erase(page.items.begin() + static_cast<std::ptrdiff_t>(query.limit), page.items.end());
  page.next = identity::page_token(list, key(page.items.back()));
  return page;
}

/// A number as a key that sorts as the number does.
std::string number_key(std::uint64_t number);
inline std::string time_key(WallTime time) { return number_key(static_cast<std::uint64_t>(to_micros(time))); }

}  // namespace holdfast::api
