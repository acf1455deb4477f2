#pragma once

#include <map>
#include <memory>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <vector>

#include "holdfast/identity/pool_model.h"

namespace holdfast::oidc {

/// The pool's provider metadata (OpenID Connect Discovery 1.0 §3, RFC 8414 §2) as JSON text: what this
/// version serves and nothing else. The same in every region.
std::string discovery_document(std::string_view issuer_base, const identity::Pool& pool,
                               const std::vector<std::string>& grant_types);

/// The same, kept for each pool until its record changes: every client asks for it, and it is 1 KiB of JSON.
/// Thread-safe.
class DiscoveryCache {
 public:
  DiscoveryCache(std::string issuer_base, std::vector<std::string> grant_types);

  /// `pool` as PoolService gives it: another record is another pointer.
  std::shared_ptr<const std::string> document(const std::shared_ptr<const identity::Pool>& pool);

 private:
  struct Entry {
    std::shared_ptr<const identity::Pool> pool;
    std::shared_ptr<const std::string> text;
  };
  std::string issuer_base_;
  std::vector<std::string> grant_types_;
  std::shared_mutex mutex_;
  std::map<PoolId, Entry> entries_;  ///< forgotten as a whole when it grows too large
};

}  // namespace holdfast::oidc
