#pragma once

#include <string_view>

#include "holdfast/http/request.h"
#include "holdfast/http/response.h"

namespace holdfast::api {

/// The name of the Cognito exception that an Error becomes, like `NotAuthorizedException`.
std::string_view cognito_name(const Error& error);

/// The JSON 1.1 error of the AWS SDKs: `{"__type","message"}` with x-amzn-errortype and -errormessage; status
/// 400, or 5xx for trouble on our side. For a region that may not write the message names the primary.
http::Response cognito_error(const Error& error, int edge_status, const http::Request& request);

inline constexpr std::string_view amz_json = "application/x-amz-json-1.1";

}  // namespace holdfast::api
