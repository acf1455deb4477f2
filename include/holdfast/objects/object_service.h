#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "holdfast/async/offload.h"
#include "holdfast/objects/bucket_service.h"
#include "holdfast/objects/checksum.h"
#include "holdfast/objects/conditional_rules.h"
#include "holdfast/objects/list_rules.h"
#include "holdfast/objects/object_model.h"
#include "holdfast/objects/object_rules.h"
#include "holdfast/region/blob_demand.h"
#include "holdfast/storage/blob_collector.h"
#include "holdfast/storage/blob_store.h"

namespace holdfast::objects {

/// Everything about an upload but its bytes.
struct PutRequest {
  std::string bucket{};
  std::string key{};
  std::string content_type{};
  UserMetadata metadata{};
  Conditions conditions{};
  Caller caller{};
  std::optional<ChecksumKind> checksum{};  ///< to compute while the bytes pass, for ExpectedContent
  std::string request_id{};
};

/// What the sender says the bytes are; checked before anything is written.
struct ExpectedContent {
  std::optional<std::uint64_t> size{};
  std::optional<Bytes> md5{};       ///< Content-MD5
  std::optional<Bytes> sha256{};    ///< x-amz-content-sha256
  std::optional<Bytes> checksum{};  ///< x-amz-checksum-… of PutRequest's kind, from header or trailer
};

class ObjectService;

/// One upload. Small objects are gathered in memory, larger ones go to a blob as they arrive, on the blocking
/// pool; memory stays within one chunk. Dropping it without `finish` leaves nothing behind. One coroutine at
/// a time.
class Upload {
 public:
  Upload(Upload&&) noexcept;
  Upload& operator=(Upload&&) noexcept;
  ~Upload();

  /// The next bytes. Errors: `object_too_large`, `storage_full`.
  async::Task<Result<>> add(Bytes bytes);
  /// Who calls, as far as is known now: `finish` goes by the rights that they have then.
  void act_for(Caller caller);
  /// Checks what was announced (`bad_digest`, `checksum_mismatch`, `incomplete_body`), syncs the blob, then
  /// commits the row. Errors as ObjectService::begin_put; conditions are judged again against what is there
  /// now.
  async::Task<Result<identity::Written<Object>>> finish(ExpectedContent expected);

 private:
  friend class ObjectService;
  struct State;
  explicit Upload(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

/// The bytes of one version, from its start or a range's. Stays readable while the object is overwritten or
/// deleted.
class Content {
 public:
  Content(Content&&) noexcept;
  Content& operator=(Content&&) noexcept;
  ~Content();

  /// The next piece (at most 1 MiB), verified; empty at the end. Runs on the disk pool, resumes on the
  /// caller's executor. One coroutine at a time.
  async::Task<Result<Bytes>> read();
  /// Bytes still to come.
  [[nodiscard]] std::uint64_t remaining() const;

 private:
  friend class ObjectService;
  struct State;
  explicit Content(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

/// An object as read, with its bytes where they are inline: both of one moment.
struct Found {
  Object object{};
  Bytes inline_bytes{};
};

/// A page of ListObjectsV2.
struct ObjectPage {
  std::vector<Object> objects{};
  std::vector<std::string> common_prefixes{};
  bool truncated = false;
  std::string next_token{};
  [[nodiscard]] std::size_t key_count() const { return objects.size() + common_prefixes.size(); }
};

/// Objects of all buckets. Up to 64 KiB live in the log, larger ones in a blob that is durable before the row
/// that names it. Whether the token opens the bucket's app was checked before. Thread-safe; lives as long as
/// the process.
class ObjectService {
 public:
  struct Parts {
    storage::CoreDb& db;
    region::Writer& writer;
    apps::AppService& apps;
    BucketService& buckets;
    const storage::BlobStore& blobs;
    async::DiskPool& disk;
    const Clock& clock;
    region::BlobDemand& demand;  ///< for objects whose bytes have not arrived yet
    std::uint64_t max_object_bytes = objects::max_object_bytes;
  };
  explicit ObjectService(Parts parts);

  /// Refuses early what would be refused at the end, so that nobody uploads a gigabyte in vain:
  /// `no_such_bucket`, `invalid_key`, `key_too_long`, `invalid_metadata`, `metadata_too_large`, `app_fenced`,
  /// `app_failed_over`, `read_only_region`, `forbidden` (someone else's object), `precondition_failed`,
  /// `object_too_large`.
  async::Task<Result<Upload>> begin_put(PutRequest request, std::optional<std::uint64_t> announced_size);

  /// Without bytes, for HEAD. `no_such_bucket`, `no_such_key`.
  async::Task<Result<Object>> head(std::string bucket, std::string key);
  /// Errors: `no_such_bucket`, `no_such_key`, `corrupt`.
  async::Task<Result<Found>> get(std::string bucket, std::string key);
  /// The bytes of what `get` gave. Errors: `content_pending` (503) when the blob has not reached this region
  /// yet.
  async::Task<Result<Content>> open(Found found, std::optional<ByteRange> range);

  /// Deleting an absent key is no error, as S3 has it (nothing is written then: no receipt). Errors as of
  /// `begin_put`.
  async::Task<Result<std::optional<region::CommitReceipt>>> remove(std::string bucket, std::string key,
                                                                   Conditions conditions, Caller caller,
                                                                   std::string request_id);

  /// Errors: `no_such_bucket`, `invalid_continuation_token`.
  async::Task<Result<ObjectPage>> list(std::string bucket, ListQuery query);

  // For replication and the collector of blobs; blocking.

  /// What the blob's row says that its bytes are; nothing when no row names it (any more).
  [[nodiscard]] Result<std::optional<storage::BlobContent>> content_of(const BlobId& blob) const;
  /// True while a row names the blob.
  [[nodiscard]] Result<bool> is_referenced(const BlobId& blob) const;
  /// Visits every blob that a row names, in order of id, behind `after`, at most `limit`.
  Result<> visit_referenced(const BlobId& after, std::size_t limit,
                            const std::function<void(const BlobId&)>& visit) const;
  /// `named` runs on the thread that wrote, whenever a row names a new blob (true) or lets one go (false).
  [[nodiscard]] storage::Subscription observe_blobs(
      std::function<void(const BlobId&, bool named)> named) const;

  struct State;

 private:
  std::shared_ptr<State> state_;
};

}  // namespace holdfast::objects
