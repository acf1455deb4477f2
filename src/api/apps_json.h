#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "holdfast/apps/app_service.h"
#include "holdfast/apps/comment_model.h"
#include "holdfast/http/request.h"
#include "holdfast/http/response.h"
#include "holdfast/objects/object_model.h"

/// Domain values as docs/api/apps.md shows them.
namespace holdfast::api {

nlohmann::json to_json(const apps::App& app, const apps::StateRecord& state);
/// The whole answer: it is asked for more often than any other, so no value is built first.
http::Response state_response(const apps::StateView& view);
nlohmann::json to_json(const apps::Comment& comment);
/// The text of the former, and of a page, again without a value in between.
std::string to_json_text(const apps::Comment& comment);
std::string to_json_text(const apps::CommentPage& page);
nlohmann::json to_json(const objects::Bucket& bucket);

}  // namespace holdfast::api
