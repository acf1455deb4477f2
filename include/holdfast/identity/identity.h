#pragma once

#include <memory>

#include "holdfast/async/task_group.h"
#include "holdfast/identity/client_service.h"
#include "holdfast/identity/foundation.h"
#include "holdfast/identity/group_service.h"
#include "holdfast/identity/idempotency_service.h"
#include "holdfast/identity/key_service.h"
#include "holdfast/identity/lockout_service.h"
#include "holdfast/identity/operator_service.h"
#include "holdfast/identity/pool_service.h"
#include "holdfast/identity/session_service.h"
#include "holdfast/identity/sign_in_service.h"
#include "holdfast/identity/token_issuer.h"
#include "holdfast/identity/token_verifier.h"
#include "holdfast/identity/user_service.h"

namespace holdfast::identity {

/// Every service of this room, built in order on one foundation: the composition root holds one of these for
/// the life of the process and hands out what others need. Destroy it off the I/O threads, before what the
/// foundation refers to.
struct Identity {
  /// Fails only when local.db cannot be read.
  static Result<std::unique_ptr<Identity>> open(const Foundation& base);
  Identity(const Identity&) = delete;
  Identity& operator=(const Identity&) = delete;

  /// Starts what runs by itself (activating signing keys, sweeping sessions and counts); `tasks` ends it.
  void start(async::TaskGroup& tasks, const async::Executor& executor);

  KeyService keys;
  PoolService pools;
  ClientService clients;
  GroupService groups;
  UserService users;
  OperatorService operators;
  LockoutService lockouts;
  std::unique_ptr<SessionService> session_service;
  SessionService& sessions;
  TokenIssuer issuer;
  Rehasher rehasher;
  SignInService sign_in;
  TokenVerifier tokens;
  IdempotencyService repeats;

 private:
  Identity(const Foundation& base, std::unique_ptr<SessionService> opened_sessions);
};

}  // namespace holdfast::identity
