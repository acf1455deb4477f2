#include "holdfast/identity/identity.h"

#include <utility>

namespace holdfast::identity {

Identity::Identity(const Foundation& base, std::unique_ptr<SessionService> opened_sessions)
    : keys(base),
      pools(base, keys),
      clients(base),
      groups(base),
      users(base, pools),
      operators(base),
      lockouts(base),
      session_service(std::move(opened_sessions)),
      sessions(*session_service),
      issuer(base, keys),
      rehasher(base, users.hasher()),
      sign_in(base, {.pools = pools,
                     .clients = clients,
                     .users = users,
                     .groups = groups,
                     .lockouts = lockouts,
                     .sessions = sessions,
                     .issuer = issuer,
                     .rehasher = rehasher}),
      tokens(base,
             {.keys = keys, .clients = clients, .users = users, .groups = groups, .sessions = sessions}),
      repeats(base.core, base.writer, base.clock) {}

Result<std::unique_ptr<Identity>> Identity::open(const Foundation& base) {
  TRY(auto sessions, SessionService::open(base));
  return std::unique_ptr<Identity>(new Identity(base, std::move(sessions)));
}

void Identity::start(async::TaskGroup& tasks, const async::Executor& executor) {
  tasks.spawn(executor, keys.run());
  tasks.spawn(executor, sessions.run());
  tasks.spawn(executor, lockouts.run());
  tasks.spawn(executor, repeats.run());
}

}  // namespace holdfast::identity
