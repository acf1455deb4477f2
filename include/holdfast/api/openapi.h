#pragma once

#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "holdfast/base/bytes.h"
#include "holdfast/http/router.h"

namespace holdfast::api {

/// A listener as the OpenAPI document tells of it.
struct DescribedListener {
  std::string_view tag;  ///< "public"
  std::string url;       ///< where clients reach it
  const http::Router* router;
};

/// The route tables as an OpenAPI 3.1 document: every row is an operation, and nothing else is. What two
/// listeners both serve (health) is told of the first. Two of the tables' own defects are std::logic_error,
/// at start: a row without a summary, and two paths that differ in parameters' names alone.
nlohmann::json openapi_document(std::string_view version, const std::vector<DescribedListener>& listeners);

/// Adds `GET /openapi.json` to the table. Its text is put in place when all rows are there, before the first
/// request.
std::shared_ptr<Bytes> add_openapi_row(http::Router& router);

}  // namespace holdfast::api
