#include "s3_request.h"

#include <algorithm>

#include "holdfast/apps/comment_service.h"
#include "holdfast/identity/verified_user.h"

namespace holdfast::api {
namespace {

std::optional<std::string> header_text(const http::Request& request, std::string_view name) {
  const auto value = request.headers.find(name);
  return value ? std::optional<std::string>(*value) : std::nullopt;
}

}  // namespace

objects::Caller caller_of(const http::Request& request) {
  const auto* user = request.principal.as<identity::VerifiedUser>();
  if (user == nullptr) return {};
  if (user->is_machine()) return {.subject = user->client.str(), .name = user->client.str()};
  return {.subject = user->user.str(),
          .name = user->username,
          .administrator = user->in_group(apps::administrators_group)};
}

objects::Conditions conditions_of(const http::Request& request) {
  return {.if_match = header_text(request, "If-Match"),
          .if_none_match = header_text(request, "If-None-Match"),
          .if_modified_since = header_text(request, "If-Modified-Since"),
          .if_unmodified_since = header_text(request, "If-Unmodified-Since"),
          .if_range = header_text(request, "If-Range"),
          .range = header_text(request, "Range")};
}

Result<> check_s3_query(const http::Request& request, std::initializer_list<std::string_view> known) {
  for (const auto& [name, value] : request.target.query) {
    if (name != "x-id" && std::ranges::find(known, name) == known.end()) {
      return fail(ErrorKind::invalid, "not_implemented", "this operation is not served: ?" + name);
    }
  }
  if (const auto repeated = request.target.query.repeated()) {
    return fail(ErrorKind::invalid, "invalid_argument", std::string(*repeated) + " must be there once");
  }
  return {};
}

}  // namespace holdfast::api
