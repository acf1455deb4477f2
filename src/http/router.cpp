#include "holdfast/http/router.h"

#include <algorithm>
#include <map>
#include <stdexcept>
#include <utility>

namespace holdfast::http {
namespace {

/// "/a/b/" has the segments "a", "b", "". The path starts with a slash.
std::vector<std::string_view> segments_of(std::string_view path) {
  std::vector<std::string_view> segments;
  segments.reserve(8);  // more than any of our paths has
  path.remove_prefix(1);
  while (true) {
    const auto slash = path.find('/');
    segments.push_back(path.substr(0, slash));
    if (slash == std::string_view::npos) return segments;
    path.remove_prefix(slash + 1);
  }
}

bool is_parameter(std::string_view segment) { return segment.starts_with('{') && segment.ends_with('}'); }
bool is_rest(std::string_view segment) { return is_parameter(segment) && segment.ends_with("...}"); }
std::string_view name_in(std::string_view parameter) {
  const std::size_t behind = is_rest(parameter) ? 4 : 1;
  return parameter.substr(1, parameter.size() - 1 - behind);
}

/// Decoding cannot fail: parse_target decoded the whole path.
std::string decoded(std::string_view raw) { return percent_decode(raw).value_or(std::string(raw)); }

std::vector<PathParam> params_of(std::string_view path_template, std::string_view raw_path) {
  std::vector<PathParam> params;
  const auto given = segments_of(raw_path);
  const auto wanted = segments_of(path_template);
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    if (!is_parameter(wanted[i])) continue;
    auto raw = given[i];
    if (is_rest(wanted[i])) raw = raw_path.substr(static_cast<std::size_t>(raw.data() - raw_path.data()));
    params.push_back({name_in(wanted[i]), std::string(raw), decoded(raw)});
  }
  return params;
}

}  // namespace

struct Router::Node {
  std::map<std::string, std::unique_ptr<Node>, std::less<>> literals;
  std::unique_ptr<Node> parameter;
  std::unique_ptr<Node> rest;
  std::map<Method, const Row*> rows;
};

Router::Router() : root_(std::make_unique<Node>()) {}
Router::~Router() = default;
Router::Router(Router&&) noexcept = default;
Router& Router::operator=(Router&&) noexcept = default;

Router& Router::add(Row row) {
  const auto refuse = [&](std::string_view why) {
    throw std::logic_error("route " + std::string(to_string(row.method)) + " " + row.path + ": " +
                           std::string(why));
  };
  if (!row.path.starts_with('/')) refuse("must start with a slash");
  if (!row.handler) refuse("has no handler");
  rows_.push_back(std::make_unique<Row>(std::move(row)));
  const Row& kept = *rows_.back();
  Node* node = root_.get();
  bool ended = false;
  for (const auto segment : segments_of(kept.path)) {
    if (ended) throw std::logic_error("route " + kept.path + ": {name...} must be last");
    ended = is_rest(segment);
    auto& next = ended                   ? node->rest
                 : is_parameter(segment) ? node->parameter
                                         : node->literals[std::string(segment)];
    if (!next) next = std::make_unique<Node>();
    node = next.get();
  }
  if (!node->rows.emplace(kept.method, &kept).second)
    throw std::logic_error("route " + kept.path + ": twice");
  return *this;
}

// Every node that the path ends in, the most literal first. `rest` holds the segments still to match, last
// one first.
void Router::collect(const Node& node, std::vector<std::string_view>& rest, std::vector<const Node*>& found) {
  if (rest.empty()) {
    if (!node.rows.empty()) found.push_back(&node);
    return;
  }
  const auto segment = rest.back();
  rest.pop_back();
  if (const auto literal = node.literals.find(segment); literal != node.literals.end()) {
    collect(*literal->second, rest, found);
  }
  if (node.parameter && !segment.empty()) collect(*node.parameter, rest, found);
  if (node.rest && !(segment.empty() && rest.empty())) found.push_back(node.rest.get());
  rest.push_back(segment);
}

Router::Match Router::match(Method method, std::string_view raw_path) const {
  auto rest = segments_of(raw_path);
  std::ranges::reverse(rest);
  std::vector<const Node*> found;
  collect(*root_, rest, found);
  for (const Method wanted : {method, Method::get}) {
    for (const Node* node : found) {
      const auto row = node->rows.find(wanted);
      if (row != node->rows.end()) return {row->second, params_of(row->second->path, raw_path), {}};
    }
    if (method != Method::head) break;
  }
  Match none;
  for (const Node* node : found) {
    for (const auto& [allowed, row] : node->rows) {
      if (std::ranges::find(none.allowed, allowed) == none.allowed.end()) none.allowed.push_back(allowed);
    }
  }
  return none;
}

std::string_view to_string(AuthLevel level) {
  switch (level) {
    case AuthLevel::open:
      return "open";
    case AuthLevel::client:
      return "client";
    case AuthLevel::user:
      return "user";
    case AuthLevel::operator_read:
      return "operator_read";
    case AuthLevel::operator_write:
      return "operator_write";
    case AuthLevel::metrics:
      return "metrics";
  }
  return "open";
}

}  // namespace holdfast::http
