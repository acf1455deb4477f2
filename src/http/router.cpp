#include "holdfast/http/router.h"

#include <algorithm>
#include <array>
#include <boost/container/small_vector.hpp>
#include <map>
#include <stdexcept>
#include <utility>

namespace holdfast::http {
namespace {

constexpr std::size_t method_count = static_cast<std::size_t>(Method::patch) + 1;

/// Room for more than any of our paths has, so that none is asked of the heap.
using Segments = boost::container::small_vector<std::string_view, 10>;

/// "/a/b/" has the segments "a", "b", "". The path starts with a slash.
Segments segments_of(std::string_view path) {
  Segments segments;
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

/// A parameter of a row's template.
struct Wanted {
  std::size_t segment = 0;
  std::string_view name;  ///< points into the row
  bool is_rest = false;
};

std::vector<Wanted> wanted_by(std::string_view path_template) {
  std::vector<Wanted> wanted;
  const auto segments = segments_of(path_template);
  for (std::size_t i = 0; i < segments.size(); ++i) {
    if (is_parameter(segments[i])) wanted.push_back({i, name_in(segments[i]), is_rest(segments[i])});
  }
  return wanted;
}

std::vector<PathParam> params_of(const std::vector<Wanted>& wanted, const Segments& given,
                                 std::string_view raw_path) {
  std::vector<PathParam> params;
  params.reserve(wanted.size());
  for (const Wanted& one : wanted) {
    auto raw = given[one.segment];
    if (one.is_rest) raw = raw_path.substr(static_cast<std::size_t>(raw.data() - raw_path.data()));
    // Decoding cannot fail: parse_target decoded the whole path.
    auto value = percent_decode(raw);
    params.push_back({one.name, std::string(raw), value ? *std::move(value) : std::string(raw)});
  }
  return params;
}

}  // namespace

struct Router::Node {
  struct Ending {
    const Row* row = nullptr;
    std::vector<Wanted> wanted;
  };
  std::map<std::string, std::unique_ptr<Node>, std::less<>> literals;
  std::unique_ptr<Node> parameter;
  std::unique_ptr<Node> rest;
  std::array<Ending, method_count> endings;  ///< by method
  bool has_rows = false;

  Ending& ending(Method method) { return endings.at(static_cast<std::size_t>(method)); }
  [[nodiscard]] const Ending& ending(Method method) const {
    return endings.at(static_cast<std::size_t>(method));
  }
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
  auto& ending = node->ending(kept.method);
  if (ending.row != nullptr) throw std::logic_error("route " + kept.path + ": twice");
  ending = {.row = &kept, .wanted = wanted_by(kept.path)};
  node->has_rows = true;
  return *this;
}

// Every node that the path ends in, the most literal first. `rest` holds the segments still to match, last
// one first.
void Router::collect(const Node& node, std::vector<std::string_view>& rest, std::vector<const Node*>& found) {
  if (rest.empty()) {
    if (node.has_rows) found.push_back(&node);
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
  const auto given = segments_of(raw_path);
  std::vector<std::string_view> rest(given.rbegin(), given.rend());
  std::vector<const Node*> found;
  collect(*root_, rest, found);
  for (const Method wanted : {method, Method::get}) {
    for (const Node* node : found) {
      const auto& ending = node->ending(wanted);
      if (ending.row != nullptr) return {ending.row, params_of(ending.wanted, given, raw_path), {}};
    }
    if (method != Method::head) break;
  }
  Match none;
  for (const Node* node : found) {
    for (const auto& ending : node->endings) {
      if (ending.row == nullptr) continue;
      const auto allowed = ending.row->method;
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
