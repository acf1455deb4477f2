#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "holdfast/apps/app_service.h"
#include "holdfast/objects/object_model.h"

namespace holdfast::objects {

/// The registry of buckets. A bucket belongs to exactly one app, an app has at most one bucket, and each
/// bucket has its own data key. Reading is answered from a cache that an observer keeps right. Thread-safe;
/// lives as long as the process.
class BucketService {
 public:
  BucketService(storage::CoreDb& db, region::Writer& writer, apps::AppService& apps, const Clock& clock);
  ~BucketService();

  /// Errors: `invalid_bucket_name`, `not_found` (the app), `already_exists`, `app_has_bucket`.
  async::Task<Result<identity::Written<Bucket>>> create(std::string name, AppId app, identity::Actor actor);
  /// Only an empty one (409 `bucket_not_empty`) of a fenced app (409 `app_not_fenced`: nobody can be
  /// uploading).
  async::Task<Result<region::CommitReceipt>> remove(std::string name, identity::Actor actor);

  [[nodiscard]] Result<std::optional<Bucket>> find(const std::string& name) const;
  /// `no_such_bucket` when absent.
  [[nodiscard]] Result<Bucket> get(const std::string& name) const;
  [[nodiscard]] Result<std::vector<Bucket>> list(const std::string& after, std::size_t limit) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace holdfast::objects
