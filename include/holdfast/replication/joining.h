#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "holdfast/async/io_pool.h"
#include "holdfast/async/task.h"
#include "holdfast/base/clock.h"
#include "holdfast/crypto/node_key.h"
#include "holdfast/net/tls_context.h"
#include "holdfast/region/authority.h"
#include "holdfast/region/members.h"
#include "holdfast/region/writer.h"
#include "holdfast/replication/join_messages.h"
#include "holdfast/replication/join_token.h"
#include "holdfast/storage/core_db.h"
#include "holdfast/storage/key_ring.h"

namespace holdfast::replication {

/// The primary's side of joining: makes tokens, admits newcomers. Thread-safe. Lives as long as the process.
class JoinDesk {
 public:
  /// A newcomer's admin token, of which only the hash comes here.
  struct NewcomerToken {
    RegionName region;
    Bytes hash;
    std::string operator_id;  ///< who made the join token
  };
  struct Parts {
    storage::CoreDb& core;
    region::Members& members;
    region::Writer& writer;
    const Clock& clock;
    crypto::NodeKey key;
    storage::RootKey root;
    /// Adds the token to the batch that admits the newcomer; absent: newcomers get none.
    std::function<void(storage::Transaction&, const NewcomerToken&)> put_admin_token{};
  };
  explicit JoinDesk(Parts parts) : parts_(std::move(parts)) {}

  struct TokenRequest {
    RegionName node;
    bool may_promote = true;
    std::chrono::minutes age = max_join_token_age;
    std::string created_by = {};  ///< the operator, for the audit
    std::string request_id = {};  ///< of what the operator asked, for the audit
  };
  struct NewToken {
    JoinToken token;
    region::CommitReceipt receipt;
  };
  /// Errors: `invalid` (a malformed name, age over an hour), `conflict`/`already_exists` (an active member of
  /// that name), read_only.
  async::Task<Result<NewToken>> create_token(TokenRequest request);

  /// Judges a JOIN. `exporter` and `node_spki` come from the TLS connection. Consuming the token is a
  /// precondition of the node row: two connections with one token give one member.
  async::Task<Joined> admit(Join join, Bytes exporter, Bytes node_spki);

 private:
  async::Task<Result<Joined>> try_admit(Join join, Bytes exporter, Bytes node_spki);

  Parts parts_;
};

/// The newcomer's side, used by `holdfast join`.
struct JoinRequest {
  JoinToken token;
  region::Member node;  ///< name, keys, addresses; state and may_promote are the primary's to say
  crypto::NodeKey key;
  Bytes admin_token_hash;  ///< empty: no admin token is wanted
};

/// Dials the token's address, checks the pinned key, sends JOIN. Errors: `forbidden`/`join_refused` with the
/// primary's reason; `unavailable` when it cannot be reached.
async::Task<Result<Joined>> join_cluster(JoinRequest request, WallTime now, std::chrono::seconds limit);

/// What `join` leaves in local.db for the first start: members to dial and the wrap row that opens an empty
/// store.
Result<> store_bootstrap(storage::LocalDb& local, const Joined& joined);
/// Absent once nothing was stored (a region made by `init`).
Result<std::optional<Joined>> load_bootstrap(const storage::LocalDb& local);

}  // namespace holdfast::replication
