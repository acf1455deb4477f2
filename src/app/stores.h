#pragma once

#include <memory>

#include "holdfast/app/config.h"
#include "holdfast/crypto/key_wrap.h"
#include "holdfast/crypto/node_key.h"
#include "holdfast/storage/core_db.h"
#include "holdfast/storage/data_directory.h"
#include "holdfast/storage/local_db.h"

namespace holdfast::app {

/// A region's stores, open and unlocked: what every other part is built on. Opening proves that this region
/// can read its data; members are destroyed in the right order.
struct Stores {
  storage::DataDirectory directory;
  crypto::RsaRegionKey region_key;
  std::unique_ptr<storage::LocalDb> local;
  storage::NodeIdentity node;
  crypto::NodeKey node_key;
  storage::RootKey root;
  std::unique_ptr<storage::CoreDb> core;
};

/// Refusals, each one clear line: the directory's (missing, in use, newer format), `wrong_region_key`, a
/// directory of another region or cluster (`invalid_configuration`), `storage_full`, `corrupt`. The first
/// three leave both stores as they were.
Result<Stores> open_stores(const Config& config);

/// Whether a new region would have room to open its stores and to write (`storage_full` if not): asked before
/// anything of it is made, so that a refused `init` or `join` can be tried again.
Result<> check_room(const Config& config);

}  // namespace holdfast::app
