#include "holdfast/storage/reader.h"

#include <algorithm>

#include "rocks.h"

namespace holdfast::storage {
namespace {

rocksdb::ReadOptions read_options(const RocksSnapshot* snapshot) {
  rocksdb::ReadOptions options;
  if (snapshot != nullptr) options.snapshot = snapshot->snapshot;
  return options;
}

/// The first key behind every key that starts with `prefix`; empty when there is none.
Bytes behind_prefix(Bytes prefix) {
  while (!prefix.empty() && prefix.back() == '\xff') prefix.pop_back();
  if (!prefix.empty()) ++prefix.back();
  return prefix;
}

}  // namespace

Reader::Reader(std::shared_ptr<RocksStore> store, std::shared_ptr<KeyRing> ring,
               std::shared_ptr<const RocksSnapshot> snapshot)
    : store_(std::move(store)), ring_(std::move(ring)), snapshot_(std::move(snapshot)) {}

Result<Stored> Reader::open(const Table& table, BytesView key, BytesView value) const {
  if (table.sealing == Sealing::clear) return open_clear_record(value);
  if (!ring_)
    return fail(ErrorKind::internal, "internal", "internal error", "sealed table read before unlock");
  TRY(const auto id, sealing_key_of(value));
  auto secret = ring_->key(id);
  if (!secret && (id & root_key_bit) == 0) {
    // The row is visible a moment before the ring's observer has run.
    TRY_VOID(ring_->refresh(*this, id));
    secret = ring_->key(id);
  }
  if (!secret) return fail(std::move(secret).error());
  return open_record({.cluster = ring_->cluster(), .table = table, .key = key}, **secret, value);
}

Result<std::optional<Stored>> Reader::find(const Table& table, BytesView key) const {
  const Bytes whole = full_key(table, key);
  rocksdb::PinnableSlice value;
  const auto status =
      store_->db->Get(read_options(snapshot_.get()), store_->family(table.family), to_slice(whole), &value);
  if (status.IsNotFound()) return std::nullopt;
  if (!status.ok()) return fail(to_error(status, "read"));
  return open(table, key, to_view(value));
}

Result<Stored> Reader::get(const Table& table, BytesView key) const {
  TRY(auto found, find(table, key));
  if (!found) {
    return fail(ErrorKind::not_found, "not_found", "there is no such thing", "in " + std::string(table.name));
  }
  return *std::move(found);
}

Result<> Reader::scan_rows(const Table& table, BytesView key_prefix, BytesView after, std::size_t limit,
                           const RowVisitor& visitor) const {
  const Bytes prefix = full_key(table, key_prefix);
  const Bytes start = full_key(table, std::max(key_prefix, after));
  const Bytes end = behind_prefix(prefix);
  const rocksdb::Slice upper_bound(end);
  auto options = read_options(snapshot_.get());
  if (!end.empty()) options.iterate_upper_bound = &upper_bound;
  const std::unique_ptr<rocksdb::Iterator> row(
      store_->db->NewIterator(options, store_->family(table.family)));
  for (row->Seek(start); limit > 0 && row->Valid(); row->Next()) {
    const BytesView key = to_view(row->key()).substr(2);
    if (!after.empty() && key == after) continue;
    TRY(auto stored, open(table, key, to_view(row->value())));
    if (!visitor(key, std::move(stored))) break;
    --limit;
  }
  if (!row->status().ok()) return fail(to_error(row->status(), "scan"));
  return {};
}

Result<Head> Reader::head() const {
  std::string value;
  const auto status = store_->db->Get(read_options(snapshot_.get()), store_->family(Family::standard),
                                      to_slice(head_key), &value);
  if (status.IsNotFound()) return Head{};
  if (!status.ok()) return fail(to_error(status, "read head"));
  return Head::decode(value);
}

Result<> Reader::scan_raw(Family family, BytesView from,
                          const std::function<bool(BytesView full_key, BytesView value)>& visitor) const {
  auto options = read_options(snapshot_.get());
  options.fill_cache = false;
  const std::unique_ptr<rocksdb::Iterator> row(store_->db->NewIterator(options, store_->family(family)));
  for (row->Seek(to_slice(from)); row->Valid(); row->Next()) {
    if (!visitor(to_view(row->key()), to_view(row->value()))) break;
  }
  if (!row->status().ok()) return fail(to_error(row->status(), "scan"));
  return {};
}

}  // namespace holdfast::storage
