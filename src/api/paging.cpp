#include "paging.h"

#include <charconv>

namespace holdfast::api {

Result<std::size_t> limit_of(const http::Request& request, std::size_t most, std::size_t otherwise) {
  const auto text = request.query("limit");
  if (!text) return otherwise;
  std::size_t limit = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), limit);
  if (error != std::errc{} || end != text->data() + text->size() || limit < 1 || limit > most) {
    return fail(ErrorKind::invalid, "invalid_limit",
                "limit must be a whole number from 1 to " + std::to_string(most));
  }
  return limit;
}

Result<identity::PageQuery> page_query(const http::Request& request) {
  identity::PageQuery query;
  query.next = request.query("next").value_or("");
  TRY(query.limit, limit_of(request, identity::max_page_size, query.limit));
  return query;
}

std::string number_key(std::uint64_t number) {
  constexpr std::size_t digits = 20;
  const std::string text = std::to_string(number);
  return std::string(digits - text.size(), '0') + text;
}

}  // namespace holdfast::api
