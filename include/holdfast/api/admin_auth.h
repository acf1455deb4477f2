#pragma once

#include "holdfast/http/server.h"
#include "holdfast/identity/actor.h"
#include "holdfast/identity/operator_service.h"

namespace holdfast::api {

/// The admin listener's authenticator: `Authorization: Bearer <admin token>` becomes an
/// identity::OperatorPrincipal (Request::principal). `operator_read` needs the token scope `read`,
/// `operator_write` the scope `admin` (for the rows that set an app's state, `state` is enough), `metrics`
/// the scope `metrics`. `admin` includes all others, `state` includes `read`.
///
/// 401 `unauthenticated`, in the same words whether the header is missing or malformed or the token unknown,
/// expired, another region's or its operator's disabled; 403 `forbidden` for a good token without the scope.
/// `operators` outlives the listener. Runs on I/O threads: tokens and operators are cached.
http::Authenticator admin_authenticator(identity::OperatorService& operators);

/// On whose behalf the request acts, for the audit trail: the operator that the authenticator found.
identity::Actor operator_actor(const http::Request& request);

}  // namespace holdfast::api
