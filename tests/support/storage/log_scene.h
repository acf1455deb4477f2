#pragma once

#include <gtest/gtest.h>
#include <rocksdb/write_batch.h>

#include <cstring>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "holdfast/storage/core_db.h"
#include "holdfast/storage/log_applier.h"
#include "rocks.h"
#include "storage/temp_directory.h"

/// Stores and batches for tests of the log: what a primary's commit thread would write, made by hand.
namespace holdfast::test {

struct Operation {
  std::uint32_t family = 0;
  std::string key;
  std::string value;
  bool deleted = false;
};

/// Writes the number that a WriteBatch's header carries.
inline void set_batch_sequence(Bytes& rep, std::uint64_t sequence) {
  std::memcpy(rep.data(), &sequence, sizeof sequence);
}
inline void set_batch_count(Bytes& rep, std::uint32_t count) {
  std::memcpy(rep.data() + 8, &count, sizeof count);
}

/// Makes batches that follow one another, as a primary of `term` writes them.
class BatchMaker {
 public:
  explicit BatchMaker(storage::Term term = {.reign = 1, .incarnation = 1}) : term_(term) {}
  /// Goes on behind an existing head.
  BatchMaker(storage::Head head, std::uint64_t next_sequence)
      : term_(head.term), head_(head), next_sequence_(next_sequence) {}

  storage::RawBatch next(const std::vector<Operation>& operations) {
    rocksdb::WriteBatch batch;
    for (const auto& operation : operations) add(batch, operation);
    return finish(batch);
  }

  /// Ends any batch with the head that follows and takes it as written.
  storage::RawBatch finish(rocksdb::WriteBatch& batch) {
    auto head = head_;
    head.term = term_;
    ++head.index;
    head.committed_at = from_micros(1'700'000'000'000'000 + static_cast<std::int64_t>(head.index));
    head.hash = storage::chain_hash(head_, BytesView(batch.Data()).substr(storage::batch_header_size));
    EXPECT_TRUE(batch.Put(storage::to_slice(storage::head_key), head.encode()).ok());
    storage::RawBatch made{
        .first_sequence = next_sequence_, .count = batch.Count(), .rep = batch.Data(), .head = head};
    set_batch_sequence(made.rep, next_sequence_);
    next_sequence_ += made.count;
    head_ = head;
    return made;
  }

  void set_term(storage::Term term) { term_ = term; }
  [[nodiscard]] const storage::Head& head() const { return head_; }
  [[nodiscard]] std::uint64_t next_sequence() const { return next_sequence_; }

 private:
  static void add(rocksdb::WriteBatch& batch, const Operation& operation) {
    Handle handle(operation.family);
    const auto status = operation.deleted ? batch.Delete(&handle, operation.key)
                                          : batch.Put(&handle, operation.key, operation.value);
    EXPECT_TRUE(status.ok()) << status.ToString();
  }

  /// A WriteBatch wants a handle only for its number.
  class Handle : public rocksdb::ColumnFamilyHandle {
   public:
    explicit Handle(std::uint32_t id) : id_(id) {}
    [[nodiscard]] const std::string& GetName() const override { return name_; }
    [[nodiscard]] std::uint32_t GetID() const override { return id_; }
    rocksdb::Status GetDescriptor(rocksdb::ColumnFamilyDescriptor*) override {
      return rocksdb::Status::NotSupported();
    }
    [[nodiscard]] const rocksdb::Comparator* GetComparator() const override { return nullptr; }

   private:
    std::uint32_t id_;
    std::string name_;
  };

  storage::Term term_;
  storage::Head head_;
  std::uint64_t next_sequence_ = 1;
};

/// A key of the test table in `family`: any two bytes of table id, then the name.
inline std::string row_key(std::string_view name) { return std::string("\x00\x7f", 2) + std::string(name); }
inline Operation put_row(std::uint32_t family, std::string_view name, std::string value) {
  return {.family = family, .key = row_key(name), .value = std::move(value)};
}

inline std::unique_ptr<storage::CoreDb> open_store(const std::filesystem::path& path, bool create,
                                                   const storage::RocksTuning& tuning = {}) {
  auto db = storage::CoreDb::open_tuned({.path = path, .create = create, .open_floor_bytes = 0}, tuning);
  EXPECT_TRUE(db) << db.error().describe();
  return db ? *std::move(db) : nullptr;
}

/// A store written through the applier, like a secondary's.
class LogScene {
 public:
  explicit LogScene(const storage::RocksTuning& tuning = {},
                    TempDirectory::Where where = TempDirectory::Where::disk)
      : directory(where), tuning_(tuning) {
    db = open_store(path(), true, tuning_);
    applier = std::make_unique<storage::LogApplier>(*db);
  }

  [[nodiscard]] std::filesystem::path path() const { return directory / "core.db"; }

  storage::RawBatch write(const std::vector<Operation>& operations, bool sync = true) {
    auto batch = maker.next(operations);
    const auto applied = applier->apply(batch);
    EXPECT_TRUE(applied) << applied.error().describe();
    if (sync) EXPECT_TRUE(applier->sync());
    return batch;
  }

  void flush(std::uint32_t family) const {
    const auto store = db->rocks();
    EXPECT_TRUE(store->db->Flush(rocksdb::FlushOptions(), store->families.at(family)).ok());
  }
  void flush_all() const {
    for (std::uint32_t family = 0; family < storage::family_count; ++family) flush(family);
  }

  void close() {
    applier.reset();
    db.reset();
  }
  /// As a restart would: the maker goes on where the store is.
  void reopen() {
    close();
    db = open_store(path(), false, tuning_);
    applier = std::make_unique<storage::LogApplier>(*db);
    maker = BatchMaker(db->applied(), db->rocks()->db->GetLatestSequenceNumber() + 1);
    maker.set_term({.reign = 1, .incarnation = 1});
  }

  TempDirectory directory;
  std::unique_ptr<storage::CoreDb> db;
  std::unique_ptr<storage::LogApplier> applier;
  BatchMaker maker;

 private:
  storage::RocksTuning tuning_;
};

/// Every visible row of every family, as text: two stores with equal dumps hold the same.
inline std::string dump_store(const storage::CoreDb& db) {
  std::string out;
  const auto store = db.rocks();
  for (auto* family : store->families) {
    const std::unique_ptr<rocksdb::Iterator> iterator(store->db->NewIterator(rocksdb::ReadOptions(), family));
    for (iterator->SeekToFirst(); iterator->Valid(); iterator->Next()) {
      out += std::to_string(family->GetID()) + " " + iterator->key().ToString(true) + " " +
             iterator->value().ToString(true) + "\n";
    }
    EXPECT_TRUE(iterator->status().ok());
  }
  return out;
}

}  // namespace holdfast::test
