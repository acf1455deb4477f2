#include <rocksdb/write_batch.h>

#include <bit>
#include <cstring>

#include "batch_check.h"
#include "holdfast/storage/log_applier.h"
#include "rocks.h"

namespace holdfast::storage {
namespace {

std::unexpected<Error> refused_batch(std::string why) {
  return fail(ErrorKind::corrupt, "batch_refused", "The batch is not one that this cluster writes.",
              std::move(why));
}

template <class Number>
Number little_endian(BytesView bytes) {
  static_assert(std::endian::native == std::endian::little);
  Number value{};
  std::memcpy(&value, bytes.data(), sizeof value);
  return value;
}

/// Takes puts and deletes in known families and ends the iteration with an error at anything else.
class StrictHandler : public rocksdb::WriteBatch::Handler {
 public:
  explicit StrictHandler(BatchVisitor visit) : visit_(std::move(visit)) {}

  rocksdb::Status PutCF(std::uint32_t family, const rocksdb::Slice& key,
                        const rocksdb::Slice& value) override {
    return take(family, key, &value);
  }
  rocksdb::Status DeleteCF(std::uint32_t family, const rocksdb::Slice& key) override {
    return take(family, key, nullptr);
  }
  rocksdb::Status SingleDeleteCF(std::uint32_t, const rocksdb::Slice&) override {
    return no("single delete");
  }
  rocksdb::Status DeleteRangeCF(std::uint32_t, const rocksdb::Slice&, const rocksdb::Slice&) override {
    return no("range delete");
  }
  rocksdb::Status MergeCF(std::uint32_t, const rocksdb::Slice&, const rocksdb::Slice&) override {
    return no("merge");
  }
  rocksdb::Status PutEntityCF(std::uint32_t, const rocksdb::Slice&, const rocksdb::Slice&) override {
    return no("wide columns");
  }
  rocksdb::Status PutBlobIndexCF(std::uint32_t, const rocksdb::Slice&, const rocksdb::Slice&) override {
    return no("blob index");
  }
  void LogData(const rocksdb::Slice&) override { log_data_ = true; }
  rocksdb::Status MarkBeginPrepare(bool) override { return no("two-phase mark"); }
  rocksdb::Status MarkEndPrepare(const rocksdb::Slice&) override { return no("two-phase mark"); }
  rocksdb::Status MarkNoop(bool) override { return no("no-op"); }
  rocksdb::Status MarkRollback(const rocksdb::Slice&) override { return no("two-phase mark"); }
  rocksdb::Status MarkCommit(const rocksdb::Slice&) override { return no("two-phase mark"); }
  rocksdb::Status MarkCommitWithTimestamp(const rocksdb::Slice&, const rocksdb::Slice&) override {
    return no("two-phase mark");
  }

  [[nodiscard]] Result<> result() const {
    if (log_data_) return refused_batch("log data");
    if (heads_ != 1 || !head_is_last_) return refused_batch("not exactly one head, at the end");
    return {};
  }

 private:
  static rocksdb::Status no(const char* what) { return rocksdb::Status::InvalidArgument(what); }

  rocksdb::Status take(std::uint32_t family, const rocksdb::Slice& key, const rocksdb::Slice* value) {
    if (family >= family_count) return no("unknown family");
    if (key.size() < sizeof(std::uint16_t)) return no("key without a table");
    const bool is_head = family == 0 && to_view(key) == head_key;
    if (is_head && value == nullptr) return no("deleted head");
    head_is_last_ = is_head;
    heads_ += is_head ? 1 : 0;
    if (!is_head && visit_) visit_(static_cast<Family>(family), to_view(key), value == nullptr);
    return {};
  }

  BatchVisitor visit_;
  std::uint32_t heads_ = 0;
  bool head_is_last_ = false;
  bool log_data_ = false;
};

}  // namespace

BatchHeader batch_header(BytesView rep) {
  return {.sequence = little_endian<std::uint64_t>(rep),
          .count = little_endian<std::uint32_t>(rep.substr(8))};
}

Result<Head> head_at_end(BytesView rep) {
  if (rep.size() < batch_header_size + head_operation_size) return refused_batch("too short for a head");
  const auto operation = rep.substr(rep.size() - head_operation_size);
  constexpr BytesView prefix("\x01\x04head\x39", 7);
  if (!operation.starts_with(prefix)) return refused_batch("no head at the end");
  return Head::decode(operation.substr(prefix.size()));
}

Result<> check_operations(const RawBatch& batch, BatchVisitor visit) {
  if (batch.rep.size() > max_batch_bytes) return refused_batch("too large");
  TRY(const auto head, head_at_end(batch.rep));
  if (head != batch.head) return refused_batch("another head than announced");
  const auto header = batch_header(batch.rep);
  if (header.sequence != batch.first_sequence) return refused_batch("another sequence than announced");
  if (header.count != batch.count) return refused_batch("another count than announced");
  StrictHandler handler(std::move(visit));
  // Iterate compares the count with what it finds, and reads to the very end.
  const auto status = rocksdb::WriteBatch(batch.rep).Iterate(&handler);
  if (!status.ok()) return refused_batch(status.ToString());
  return handler.result();
}

Result<> check_batch(const RawBatch& batch) { return check_operations(batch, {}); }

Result<RawBatch> parse_batch(Bytes rep) {
  TRY(const auto head, head_at_end(rep));
  const auto header = batch_header(rep);
  RawBatch batch{
      .first_sequence = header.sequence, .count = header.count, .rep = std::move(rep), .head = head};
  TRY_VOID(check_batch(batch));
  return batch;
}

}  // namespace holdfast::storage
