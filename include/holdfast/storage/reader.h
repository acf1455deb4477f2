#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <type_traits>

#include "holdfast/base/bytes.h"
#include "holdfast/base/result.h"
#include "holdfast/storage/key_ring.h"
#include "holdfast/storage/position.h"
#include "holdfast/storage/record.h"
#include "holdfast/storage/table.h"

namespace holdfast::storage {

struct RocksStore;
struct RocksSnapshot;

/// Reads core.db: the latest state, or one fixed moment. Cheap to copy, thread-safe; keeps the store open, so
/// do not keep one for long (a snapshot also keeps old rows on disk). Reads may touch the disk: off the I/O
/// threads where that matters. Keys go in and out without the table id.
class Reader {
 public:
  Reader(std::shared_ptr<RocksStore> store, std::shared_ptr<KeyRing> ring,
         std::shared_ptr<const RocksSnapshot> snapshot = {});

  /// Empty when absent. `corrupt` when the row does not verify.
  [[nodiscard]] Result<std::optional<Stored>> find(const Table& table, BytesView key) const;
  /// `not_found` when absent.
  [[nodiscard]] Result<Stored> get(const Table& table, BytesView key) const;
  /// Visits rows whose key starts with `key_prefix`, in order, behind `after` (a whole key; empty: from the
  /// first), at most `limit`. `visitor(BytesView key, Stored stored)` returns void, or bool where false ends
  /// the scan.
  template <class Visitor>
  Result<> scan(const Table& table, BytesView key_prefix, BytesView after, std::size_t limit,
                Visitor visitor) const {
    return scan_rows(table, key_prefix, after, limit, [&](BytesView key, Stored stored) {
      if constexpr (std::is_same_v<std::invoke_result_t<Visitor&, BytesView, Stored>, bool>) {
        return visitor(key, std::move(stored));
      } else {
        visitor(key, std::move(stored));
        return true;
      }
    });
  }

  /// The head record at this reader's moment; the empty store's when there is none.
  [[nodiscard]] Result<Head> head() const;

  /// Raw sealed rows of a family, full keys from `from` on, until `visitor` says false: for verify, not for
  /// domains.
  Result<> scan_raw(Family family, BytesView from,
                    const std::function<bool(BytesView full_key, BytesView value)>& visitor) const;

 private:
  using RowVisitor = std::function<bool(BytesView key, Stored stored)>;
  Result<> scan_rows(const Table& table, BytesView key_prefix, BytesView after, std::size_t limit,
                     const RowVisitor& visitor) const;
  Result<Stored> open(const Table& table, BytesView key, BytesView value) const;

  std::shared_ptr<RocksStore> store_;
  std::shared_ptr<KeyRing> ring_;
  std::shared_ptr<const RocksSnapshot> snapshot_;
};

}  // namespace holdfast::storage
