#pragma once

#include <chrono>
#include <functional>
#include <map>

#include "holdfast/base/clock.h"
#include "holdfast/storage/blob_store.h"

namespace holdfast::storage {

/// Removes blobs, whole or received in part, that no row names. A blob is older than the row that will name
/// it, and a blob from another region may be here before its row is, so a blob goes only after it was seen
/// unreferenced for a whole grace period **of this process's steady clock**: no jump of the wall clock and no
/// file time can take a blob away early, and a restart merely begins the grace again. One thread at a time.
class BlobCollector {
 public:
  /// Whether a row names the blob; asked again right before removal. An error keeps the blob.
  using IsReferenced = std::function<Result<bool>(const BlobId& id)>;

  BlobCollector(const BlobStore& store, const Clock& clock, std::chrono::seconds grace,
                IsReferenced is_referenced);

  struct Sweep {
    std::uint64_t seen = 0;
    std::uint64_t waiting = 0;  ///< unreferenced, within their grace
    std::uint64_t removed = 0;
    std::uint64_t removed_bytes = 0;
  };
  /// Goes through all blobs once. Blocking; call it every few minutes.
  Result<Sweep> sweep();

 private:
  const BlobStore& store_;
  const Clock& clock_;
  std::chrono::seconds grace_;
  IsReferenced is_referenced_;
  std::map<BlobId, SteadyTime> unreferenced_since_;
};

}  // namespace holdfast::storage
