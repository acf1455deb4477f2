#include "holdfast/api/metrics_token.h"

#include <utility>

#include "holdfast/base/encoding.h"
#include "holdfast/crypto/hash.h"
#include "holdfast/crypto/random.h"

namespace holdfast::api {
namespace {

constexpr std::size_t metrics_token_bytes = 32;
/// Of a hash of 256 random bits: enough to tell tokens apart, and it says nothing of them.
constexpr std::size_t metrics_token_id_bytes = 8;

}  // namespace

std::string MetricsToken::id() const {
  return "metrics-" + to_hex(BytesView(hash).substr(0, metrics_token_id_bytes));
}

Secret new_metrics_token() { return Secret("hfm_" + crypto::random_token(metrics_token_bytes)); }

Bytes metrics_token_hash(BytesView token) { return crypto::sha256(token); }

OwnMetricsToken::OwnMetricsToken(std::optional<MetricsToken> stored, std::function<Result<>()> erase)
    : token_(std::move(stored)), erase_(std::move(erase)) {}

std::optional<MetricsToken> OwnMetricsToken::current() const {
  const std::scoped_lock lock(mutex_);
  return token_;
}

bool OwnMetricsToken::admits(BytesView token, WallTime now) const {
  const std::scoped_lock lock(mutex_);
  return token_ && now < token_->expires &&
         crypto::equal_constant_time(metrics_token_hash(token), token_->hash);
}

Result<> OwnMetricsToken::revoke(std::string_view id) {
  const std::scoped_lock lock(mutex_);
  if (!token_ || token_->id() != id) return fail(ErrorKind::not_found, "not_found", "no such token");
  if (erase_) TRY_VOID(erase_());
  token_.reset();
  return {};
}

}  // namespace holdfast::api
