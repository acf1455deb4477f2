#include "key_watch.h"

#include <algorithm>

#include "holdfast/base/metrics.h"

namespace holdfast::app {
namespace {

constexpr std::size_t pools_to_watch = 1000;

metrics::Metric oldest_key{metrics::Kind::gauge, "holdfast_signing_key_oldest_timestamp_seconds",
                           "Since when the oldest active signing key of any pool signs; 0: there is none."};
metrics::Metric pending_keys{metrics::Kind::gauge, "holdfast_signing_keys_pending",
                             "Signing keys that wait until every member that is not lost has them durably."};

struct KeysSeen {
  std::int64_t oldest = 0;
  std::int64_t pending = 0;

  void look_at(const identity::SigningKeyInfo& key) {
    if (key.state == "pending") ++pending;
    if (key.state != "active") return;
    const auto since = to_seconds(key.activated_at);
    oldest = oldest == 0 ? since : std::min(oldest, since);
  }
};

}  // namespace

Result<> watch_keys(identity::Identity& identity) {
  KeysSeen seen;
  identity::PageQuery query{.limit = identity::max_page_size};
  for (std::size_t pools = 0; pools < pools_to_watch;) {
    TRY(const auto page, identity.pools.list(query));
    for (const auto& pool : page.items) {
      TRY(const auto keys, identity.keys.list(pool.id));
      std::ranges::for_each(keys, [&](const auto& key) { seen.look_at(key); });
    }
    pools += page.items.size();
    query.next = page.next;
    if (query.next.empty()) break;
  }
  oldest_key.set(seen.oldest);
  pending_keys.set(seen.pending);
  return {};
}

}  // namespace holdfast::app
