#pragma once

#include "holdfast/http/router.h"
#include "holdfast/http/server.h"
#include "holdfast/objects/object_service.h"

namespace holdfast::api {

/// What the objects listener calls; everything outlives the router.
struct ObjectEndpointParts {
  objects::ObjectService& objects;
  objects::BucketService& buckets;
  apps::AppService& apps;
  const Clock& clock;
  /// Says who calls, again, when an upload's bytes are there: app_authenticator_at_the_end.
  http::Authenticator judge_again;
};

/// The objects listener's rows: the S3 REST protocol, path style (docs/api/objects.md), with CORS for the
/// origins of each bucket's app. They need app_authenticator; s3_error_response renders their errors.
void add_object_rows(http::Router& router, ObjectEndpointParts parts);

/// An error in S3's form, also for what the edge of the objects listener refuses.
http::Response s3_error_response(const Error& error, int edge_status, const http::Request& request);

/// What every answer of the objects listener carries, errors too: nothing uploaded may run as a page of ours.
void protect_object_answer(const http::Request& request, http::Response& response);

}  // namespace holdfast::api
