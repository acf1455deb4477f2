#include "holdfast/storage/transaction.h"

#include <utility>

#include "holdfast/crypto/random.h"
#include "holdfast/storage/raw_batch.h"

namespace holdfast::storage {
namespace {

constexpr std::uint16_t audit_version = 1;
/// More than the tag, family and length bytes that WriteBatch adds to an operation.
constexpr std::size_t operation_overhead_bytes = 16;

}  // namespace

Transaction& Transaction::require_absent(const Table& table, BytesView key, Error otherwise) {
  preconditions_.push_back({Need::absent, table.family, full_key(table, key), {}, std::move(otherwise)});
  return *this;
}

Transaction& Transaction::require_present(const Table& table, BytesView key, Error otherwise) {
  preconditions_.push_back({Need::present, table.family, full_key(table, key), {}, std::move(otherwise)});
  return *this;
}

Transaction& Transaction::require_unchanged(const Table& table, BytesView key, const RowTag& tag,
                                            Error otherwise) {
  preconditions_.push_back({Need::unchanged, table.family, full_key(table, key), tag, std::move(otherwise)});
  return *this;
}

Transaction& Transaction::put(const Table& table, BytesView key, const Scope& scope, std::uint16_t version,
                              BytesView plain) {
  if (error_) return *this;
  if (table.sealing == Sealing::clear) return put_clear(table, key, version, plain);
  for (const auto& [id, pending] : pending_keys_) {
    if (pending.scope == scope) return put(table, key, id, version, plain);
  }
  const auto id = ring_->key_for(scope);
  return id ? put(table, key, *id, version, plain) : fail_with(id.error());
}

Transaction& Transaction::put(const Table& table, BytesView key, KeyId sealing_key_id, std::uint16_t version,
                              BytesView plain) {
  if (error_) return *this;
  if (plain.size() > max_record_bytes) {
    return fail_with({.kind = ErrorKind::too_large,
                      .code = "record_too_large",
                      .message = "a record is too large",
                      .detail = std::string(table.name)});
  }
  const auto secret = sealing_key(sealing_key_id);
  if (!secret) return fail_with(secret.error());
  const RecordPlace place{.cluster = ring_->cluster(), .table = table, .key = key};
  return add(table, key, seal_record(place, sealing_key_id, **secret, version, plain));
}

Transaction& Transaction::put_clear(const Table& table, BytesView key, std::uint16_t version,
                                    BytesView plain) {
  if (error_) return *this;
  if (table.sealing != Sealing::clear) {
    return fail_with({.kind = ErrorKind::internal,
                      .code = "internal",
                      .message = "internal error",
                      .detail = "clear write to sealed table " + std::string(table.name)});
  }
  return add(table, key, clear_record(version, plain));
}

Transaction& Transaction::erase(const Table& table, BytesView key) { return add(table, key, std::nullopt); }

Transaction& Transaction::for_request(std::string id) {
  request_id_ = std::move(id);
  return *this;
}

Transaction& Transaction::audit(const AuditEvent& event) {
  if (request_id_.empty()) request_id_ = event.request_id;
  const Bytes key = KeyWriter()
                        .u64(static_cast<std::uint64_t>(to_micros(event.time)))
                        .fixed(crypto::random_bytes(8))
                        .take();
  return put(audit_table, key, Scope::system(), audit_version, event.encode());
}

Transaction& Transaction::take_from_reserve() {
  takes_from_reserve_ = true;
  return *this;
}

void Transaction::add_pending_key(KeyId id, const Scope& scope, std::shared_ptr<const Secret> key) {
  pending_keys_.insert_or_assign(id, PendingKey{.scope = scope, .key = std::move(key)});
}

Result<std::shared_ptr<const Secret>> Transaction::sealing_key(KeyId id) const {
  const auto pending = pending_keys_.find(id);
  if (pending != pending_keys_.end()) return pending->second.key;
  return ring_->key(id);
}

Transaction& Transaction::add(const Table& table, BytesView key, std::optional<Bytes> value) {
  if (error_) return *this;
  Bytes whole = full_key(table, key);
  size_bytes_ += whole.size() + (value ? value->size() : 0) + operation_overhead_bytes;
  if (size_bytes_ > max_transaction_bytes) {
    return fail_with({.kind = ErrorKind::too_large,
                      .code = "transaction_too_large",
                      .message = "too much is changed at once",
                      .detail = std::string(table.name)});
  }
  operations_.push_back({.family = table.family, .key = std::move(whole), .value = std::move(value)});
  return *this;
}

Transaction& Transaction::fail_with(Error error) {
  if (!error_) error_ = std::move(error);
  return *this;
}

}  // namespace holdfast::storage
