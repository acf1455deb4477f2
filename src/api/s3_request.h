#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

#include "holdfast/api/objects_endpoints.h"
#include "holdfast/http/request.h"
#include "holdfast/http/response.h"
#include "holdfast/objects/conditional_rules.h"
#include "holdfast/objects/object_model.h"

/// What the S3 handlers share: reading a request's parts, and those handlers that have a file of their own,
/// for the table of rows.
namespace holdfast::api {

inline std::string bucket_param(const http::Request& request) { return std::string(request.param("bucket")); }
inline std::string key_param(const http::Request& request) { return std::string(request.param("key")); }

/// Who asks, from the verified token: a user, or a machine by its client id.
objects::Caller caller_of(const http::Request& request);

objects::Conditions conditions_of(const http::Request& request);

/// Sub-resources (`?acl`, `?uploads`, `?tagging`, …) are other operations on the same path: one that is not
/// served must not be taken for the plain one. Refuses every query parameter but these and the SDKs' `x-id`
/// as `not_implemented`, and one that is there twice as `invalid_argument`.
Result<> check_s3_query(const http::Request& request, std::initializer_list<std::string_view> known);

async::Task<Result<http::Response>> put_object(ObjectEndpointParts parts, http::Request* request);
async::Task<Result<http::Response>> get_object(ObjectEndpointParts parts, http::Request* request);
async::Task<Result<http::Response>> head_object(ObjectEndpointParts parts, http::Request* request);
async::Task<Result<http::Response>> list_objects(ObjectEndpointParts parts, http::Request* request);

}  // namespace holdfast::api
