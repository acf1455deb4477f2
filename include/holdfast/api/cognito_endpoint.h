#pragma once

#include "holdfast/apps/web_origins.h"
#include "holdfast/http/router.h"
#include "holdfast/identity/identity.h"

namespace holdfast::api {

/// What the Cognito JSON API calls; everything outlives the router.
struct CognitoParts {
  identity::Identity& identity;
  const apps::WebOrigins& origins;
};

/// Public listener: `POST /` with `X-Amz-Target: AWSCognitoIdentityProviderService.<Operation>`. Served are
/// InitiateAuth (USER_PASSWORD_AUTH, REFRESH_TOKEN_AUTH), RespondToAuthChallenge (NEW_PASSWORD_REQUIRED),
/// GetTokensFromRefreshToken, GetUser, ChangePassword, GlobalSignOut, RevokeToken; errors and messages as the
/// AWS SDKs expect them. Web pages call it from the origins of apps that accept the client's tokens.
void add_cognito_rows(http::Router& router, const CognitoParts& parts);

}  // namespace holdfast::api
