#pragma once

#include <optional>
#include <string>

#include "holdfast/base/bytes.h"
#include "holdfast/base/clock.h"
#include "holdfast/base/ids.h"
#include "holdfast/base/result.h"
#include "holdfast/storage/reader.h"
#include "holdfast/storage/transaction.h"

namespace holdfast::region {

/// What every region of a cluster shares, written once by `init`. A configured issuer base that differs from
/// this one refuses the start, because tokens of the two could never be told apart from forgeries.
struct ClusterRecord {
  ClusterId id;
  std::string issuer_base;  ///< `https://auth.example.com`, no trailing slash
  WallTime created;
  /// SPKI of the offline key that signs promotions where `promotion.authority: operator_key`; empty: nodes
  /// sign.
  Bytes operator_key_spki;

  static constexpr std::uint16_t version = 1;
  [[nodiscard]] Bytes encode() const;
  static Result<ClusterRecord> decode(BytesView plain);
  bool operator==(const ClusterRecord&) const = default;
};

/// Absent only in a store that no `init` or snapshot ever filled.
Result<std::optional<ClusterRecord>> find_cluster_record(const storage::Reader& reader);
Result<ClusterRecord> get_cluster_record(const storage::Reader& reader);
/// Adds the record; the transaction fails with `already_exists` where there is one.
Result<> create_cluster_record(storage::Transaction& transaction, const ClusterRecord& record);

}  // namespace holdfast::region
