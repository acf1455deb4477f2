#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "holdfast/objects/object_service.h"
#include "object_records.h"

namespace holdfast::objects {

Error no_such_bucket();
Error no_such_key();

/// The newest version with the tag of its row, for preconditions.
struct StoredObject {
  Object object{};
  storage::RowTag tag{};
};

/// What uploads, readers and the service share. Member functions block on the store: on the disk pool.
struct ObjectService::State {
  Parts parts;

  [[nodiscard]] Result<std::optional<StoredObject>> find(const std::string& bucket,
                                                         const std::string& key) const;
  [[nodiscard]] Result<Found> get(const std::string& bucket, const std::string& key) const;
  [[nodiscard]] Result<ObjectPage> list(const std::string& bucket, ListQuery query) const;

  /// Whether the caller may put or delete this key now, and that the commit will judge the same state:
  /// everything that can be refused without the bytes. Gives the version that is to be replaced.
  [[nodiscard]] Result<std::optional<StoredObject>> judge_change(const std::string& bucket,
                                                                 const std::string& key,
                                                                 const Conditions& conditions,
                                                                 const Caller& caller,
                                                                 storage::Transaction& transaction) const;
  /// What an administrator does to somebody else's object is in the audit trail.
  void audit_if_anothers(std::string_view kind, const Object& object, const Caller& caller,
                         const std::string& request_id, storage::Transaction& transaction) const;
  /// Takes the current version out of the transaction's way: its blob's name and its inline bytes.
  static void retire(const StoredObject& current, storage::Transaction& transaction);
};

/// True for the errors that call for judging again.
bool is_object_race(const Error& error);

constexpr int object_attempts = 4;

}  // namespace holdfast::objects
