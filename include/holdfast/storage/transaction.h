#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "holdfast/base/bytes.h"
#include "holdfast/base/error.h"
#include "holdfast/base/result.h"
#include "holdfast/storage/audit_event.h"
#include "holdfast/storage/key_ring.h"
#include "holdfast/storage/record.h"
#include "holdfast/storage/table.h"

namespace holdfast::storage {

/// Preconditions and the writes that happen only if all of them hold. Built on the caller's thread (sealing
/// included), checked and written by the commit thread. Not thread-safe; moved into `commit`. The first thing
/// that goes wrong while building (unknown key, over max_transaction_bytes) sticks and is what the commit
/// answers, so callers chain calls.
class Transaction {
 public:
  explicit Transaction(std::shared_ptr<const KeyRing> ring) : ring_(std::move(ring)) {}
  Transaction(Transaction&&) = default;
  Transaction& operator=(Transaction&&) = default;

  /// Each carries the error that the caller is answered when it does not hold at commit time. Checked in
  /// order, before any of this transaction's own writes count.
  Transaction& require_absent(const Table& table, BytesView key, Error otherwise);
  Transaction& require_present(const Table& table, BytesView key, Error otherwise);
  /// The row is still the one that was read with this tag.
  Transaction& require_unchanged(const Table& table, BytesView key, const RowTag& tag, Error otherwise);

  /// Seals with the scope's newest key (or, for clear tables, stores as it is: scope unused).
  Transaction& put(const Table& table, BytesView key, const Scope& scope, std::uint16_t version,
                   BytesView plain);
  Transaction& put(const Table& table, BytesView key, KeyId sealing_key, std::uint16_t version,
                   BytesView plain);
  /// For tables with Sealing::clear.
  Transaction& put_clear(const Table& table, BytesView key, std::uint16_t version, BytesView plain);
  /// Erasing an absent row is not an error; require_present where that matters.
  Transaction& erase(const Table& table, BytesView key);
  Transaction& audit(const AuditEvent& event);
  /// The request that this is written for, for the log's lines about it; audit() tells it, too.
  Transaction& for_request(std::string id);
  /// May be written below the free-space floor, out of what the floor keeps back: for the few small records
  /// without which a region cannot go on serving (a term), never for users' data.
  Transaction& take_from_reserve();

  /// The first error of building, if any.
  [[nodiscard]] const std::optional<Error>& error() const { return error_; }
  /// Nothing to write. Committing it checks the preconditions only and answers the current head.
  [[nodiscard]] bool empty() const { return operations_.empty(); }
  [[nodiscard]] std::size_t size_bytes() const { return size_bytes_; }
  [[nodiscard]] bool takes_from_reserve() const { return takes_from_reserve_; }
  /// Empty when no request asked for it.
  [[nodiscard]] const std::string& request_id() const { return request_id_; }

  enum class Need : std::uint8_t { absent, present, unchanged };
  struct Precondition {
    Need need;
    Family family;
    Bytes key;  ///< with the table id
    RowTag tag{};
    Error otherwise;
  };
  struct Operation {
    Family family;
    Bytes key;                   ///< with the table id
    std::optional<Bytes> value;  ///< absent: delete
  };
  [[nodiscard]] const std::vector<Precondition>& preconditions() const { return preconditions_; }
  [[nodiscard]] const std::vector<Operation>& operations() const { return operations_; }

 private:
  friend class KeyRing;
  void add_pending_key(KeyId id, const Scope& scope, std::shared_ptr<const Secret> key);
  Result<std::shared_ptr<const Secret>> sealing_key(KeyId id) const;
  Transaction& add(const Table& table, BytesView key, std::optional<Bytes> value);
  Transaction& fail_with(Error error);

  struct PendingKey {
    Scope scope;
    std::shared_ptr<const Secret> key;
  };
  std::shared_ptr<const KeyRing> ring_;
  std::map<KeyId, PendingKey> pending_keys_;
  std::vector<Precondition> preconditions_;
  std::vector<Operation> operations_;
  std::size_t size_bytes_ = 0;
  bool takes_from_reserve_ = false;
  std::string request_id_;
  std::optional<Error> error_;
};

}  // namespace holdfast::storage
