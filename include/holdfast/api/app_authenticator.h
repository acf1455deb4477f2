#pragma once

#include "holdfast/apps/app_service.h"
#include "holdfast/http/server.h"
#include "holdfast/identity/token_verifier.h"
#include "holdfast/objects/bucket_service.h"

namespace holdfast::api {

/// The authenticator of rows that a token opens only because of an app: with `{app}` in the path, comments;
/// with `{bucket}`, the objects of that bucket's app, for reading (GET, HEAD) or writing. Puts an
/// identity::VerifiedUser into the request. Nothing opens other rows: `unauthenticated`.
///
/// The app is looked up before the token is checked, because only the app says which tokens open it; a
/// stranger can thus tell whether an app or a bucket exists (so does `GET /state/{app}`), and nothing about
/// what is in it.
http::Authenticator app_authenticator(apps::AppService& apps, objects::BucketService& buckets,
                                      identity::TokenVerifier& tokens);

/// The same question at the end of a request that may have taken hours: all is asked again but whether the
/// token has expired since, or no large object could be uploaded in its last minutes. That counts, too, after
/// a day: what ends sessions is remembered no longer than tokens live.
http::Authenticator app_authenticator_at_the_end(apps::AppService& apps, objects::BucketService& buckets,
                                                 identity::TokenVerifier& tokens);

}  // namespace holdfast::api
