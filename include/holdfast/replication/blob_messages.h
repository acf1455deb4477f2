#pragma once

#include <cstdint>
#include <vector>

#include "holdfast/base/ids.h"
#include "holdfast/replication/wire.h"

namespace holdfast::replication {

inline constexpr std::size_t max_blobs_in_want = 256;

/// BLOB_WANT: ids that the sender lacks. BLOB_HAVE answers with those that the receiver can give.
struct BlobWant {
  std::vector<BlobId> ids;
  [[nodiscard]] Bytes encode() const;
  static Result<BlobWant> decode(BytesView payload);
};

struct BlobHave {
  std::vector<BlobId> ids;      ///< of those asked for, the ones that are here
  std::vector<BlobId> missing;  ///< of those asked for, the ones that are not
  [[nodiscard]] Bytes encode() const;
  static Result<BlobHave> decode(BytesView payload);
};

/// BLOB_FETCH: one sealed chunk; `header` asks for the file's header too.
struct BlobFetch {
  BlobId id;
  std::uint64_t chunk = 0;
  bool header = false;
  [[nodiscard]] Bytes encode() const;
  static Result<BlobFetch> decode(BytesView payload);
};

struct BlobData {
  BlobId id;
  std::uint64_t chunk = 0;
  bool last = false;
  bool absent = false;  ///< it is not here (any more), or does not read
  Bytes header;         ///< where asked for
  Bytes sealed;         ///< one chunk as it lies on disk
  [[nodiscard]] Bytes encode() const;
  static Result<BlobData> decode(BytesView payload);
};

}  // namespace holdfast::replication
