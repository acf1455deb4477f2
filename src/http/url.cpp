#include <boost/asio/ip/address.hpp>
#include <charconv>

#include "holdfast/base/text.h"
#include "holdfast/http/client.h"
#include "holdfast/http/target.h"
#include "request_head.h"

namespace holdfast::http {
namespace {

std::unexpected<Error> bad_url(std::string message) {
  return fail(ErrorKind::invalid, "invalid_url", std::move(message));
}

}  // namespace

std::string Url::authority() const {
  const std::string name = host.contains(':') ? "[" + host + "]" : host;
  return port == 443 ? name : name + ":" + std::to_string(port);
}

Result<Url> parse_url(std::string_view text) {
  constexpr std::string_view scheme = "https://";
  if (!equals_ignoring_ascii_case(text.substr(0, scheme.size()), scheme))
    return bad_url("the URL must begin with https://");
  text.remove_prefix(scheme.size());
  const auto end = std::min(text.find_first_of("/?#"), text.size());
  const auto authority = text.substr(0, end);
  auto name = host_name_of(authority);
  if (!name) return bad_url("the URL's host is malformed");
  Url url;
  const auto port = authority.substr(name->size());
  if (!port.empty()) {
    const auto digits = port.substr(1);
    const auto parsed = std::from_chars(digits.data(), digits.data() + digits.size(), url.port);
    if (parsed.ec != std::errc() || url.port == 0) return bad_url("the URL's port is out of range");
  }
  url.host = name->starts_with('[') ? name->substr(1, name->size() - 2) : *std::move(name);
  if (end < text.size())
    url.target = text[end] == '/' ? text.substr(end) : "/" + std::string(text.substr(end));
  if (const auto target = parse_target(url.target); !target)
    return bad_url("the URL's path: " + target.error().message);
  return url;
}

}  // namespace holdfast::http
