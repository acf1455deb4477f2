#pragma once

#include "holdfast/http/router.h"
#include "holdfast/identity/identity.h"

namespace holdfast::api {

/// What the Cognito JSON API calls; everything outlives the router.
struct CognitoParts {
  identity::Identity& identity;
};

/// Public listener: `POST /` with `X-Amz-Target: AWSCognitoIdentityProviderService.<Operation>`. Served are
/// InitiateAuth (USER_PASSWORD_AUTH, REFRESH_TOKEN_AUTH), RespondToAuthChallenge (NEW_PASSWORD_REQUIRED),
/// GetTokensFromRefreshToken, GetUser, ChangePassword, GlobalSignOut, RevokeToken; errors and messages as the
/// AWS SDKs expect them.
void add_cognito_rows(http::Router& router, const CognitoParts& parts);

}  // namespace holdfast::api
