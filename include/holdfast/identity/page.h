#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace holdfast::identity {

inline constexpr std::size_t max_page_size = 200;

/// Which part of a list: at most `limit` items (1–200) behind the opaque `next` of the page before; empty:
/// from the start.
struct PageQuery {
  std::size_t limit = 60;
  std::string next;
};

/// `next` is empty on the last page. A page may be shorter than its limit, even empty, and still have a next
/// one: a filtered scan is bounded.
template <class T>
struct Page {
  std::vector<T> items;
  std::string next;
};

}  // namespace holdfast::identity
