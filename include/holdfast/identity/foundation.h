#pragma once

#include <chrono>
#include <string>

#include "holdfast/async/cpu_pool.h"
#include "holdfast/async/offload.h"
#include "holdfast/base/clock.h"
#include "holdfast/base/ids.h"
#include "holdfast/crypto/password_hash.h"
#include "holdfast/crypto/random.h"
#include "holdfast/region/peer_table.h"
#include "holdfast/region/writer.h"
#include "holdfast/storage/core_db.h"
#include "holdfast/storage/local_db.h"

namespace holdfast::identity {

/// What the services of this room stand on, built by the composition root. Everything referred to outlives
/// every service; the services keep a copy of this struct.
struct Foundation {
  storage::CoreDb& core;
  storage::LocalDb& local;
  region::Writer& writer;
  region::PeerTable& peers;
  async::CpuPool& hashing;  ///< Argon2id and key generation: fair per address, then per user
  async::DiskPool& disk;    ///< local.db and scans
  const Clock& clock;
  crypto::Entropy& entropy;
  RegionName region;
  std::string issuer_base;  ///< no trailing slash; the cluster record's
  crypto::Argon2Params argon2;
  /// A secondary that has not heard its primary for longer checks no passwords; zero: for ever.
  std::chrono::seconds max_stale_sign_in{0};
};

}  // namespace holdfast::identity
