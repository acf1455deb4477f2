#include <rocksdb/write_batch.h>

#include "batch_check.h"
#include "holdfast/storage/log_applier.h"
#include "rocks.h"

namespace holdfast::storage {
namespace {

std::unexpected<Error> refused_batch(std::string why) {
  return fail(ErrorKind::corrupt, "batch_refused", "The batch is not one that this cluster writes.",
              std::move(why));
}

/// RocksDB's record tags (db/dbformat.h) that our writers use; the ones with a family carry its number first.
enum class Tag : std::uint8_t { remove = 0x0, put = 0x1, remove_in_family = 0x4, put_in_family = 0x5 };

/// Reads a WriteBatch's operations with RocksDB's own varints. After the first impossible read everything is
/// empty.
class OperationReader {
 public:
  explicit OperationReader(BytesView operations) : rest_(operations) {}

  [[nodiscard]] bool at_end() const { return rest_.empty(); }
  [[nodiscard]] bool ok() const { return ok_; }

  std::uint8_t tag() { return ok_ && !rest_.empty() ? static_cast<std::uint8_t>(take(1).front()) : no_tag; }

  std::uint32_t number() {
    constexpr unsigned bits_a_byte = 7;
    constexpr unsigned last_shift = 28;
    std::uint32_t value = 0;
    for (unsigned shift = 0; shift <= last_shift; shift += bits_a_byte) {
      const auto part = take(1);
      if (part.empty()) return 0;
      const auto byte = static_cast<std::uint8_t>(part.front());
      value |= static_cast<std::uint32_t>(byte & 0x7fU) << shift;
      if ((byte & 0x80U) == 0) return value;
    }
    ok_ = false;
    return 0;
  }

  BytesView text() { return take(number()); }

 private:
  static constexpr std::uint8_t no_tag = 0xff;

  BytesView take(std::size_t size) {
    ok_ = ok_ && size <= rest_.size();
    if (!ok_) return {};
    const auto out = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return out;
  }

  BytesView rest_;
  bool ok_ = true;
};

/// Walks the operations before RocksDB sees them: its own Iterate aborts the process on two-phase marks in a
/// build with assertions, which is what Debian ships (seen; docs/adr/0030).
Result<> check_tags(BytesView operations) {
  OperationReader reader(operations);
  while (!reader.at_end()) {
    const auto tag = reader.tag();
    switch (static_cast<Tag>(tag)) {
      case Tag::remove_in_family:
        reader.number();
        [[fallthrough]];
      case Tag::remove:
        reader.text();
        break;
      case Tag::put_in_family:
        reader.number();
        [[fallthrough]];
      case Tag::put:
        reader.text();
        reader.text();
        break;
      default:
        return refused_batch("operation of kind " + std::to_string(tag));
    }
    if (!reader.ok()) return refused_batch("an operation runs past the end");
  }
  return {};
}

/// Takes puts and deletes in known families and ends the iteration with an error at anything else. Every
/// other kind is refused by check_tags already; its callbacks' defaults refuse too.
class StrictHandler : public rocksdb::WriteBatch::Handler {
 public:
  explicit StrictHandler(const BatchVisitor& visit) : visit_(visit) {}

  rocksdb::Status PutCF(std::uint32_t family, const rocksdb::Slice& key, const rocksdb::Slice&) override {
    return take(family, key, false);
  }
  rocksdb::Status DeleteCF(std::uint32_t family, const rocksdb::Slice& key) override {
    return take(family, key, true);
  }

  [[nodiscard]] bool ends_with_its_only_head() const { return heads_ == 1 && head_is_last_; }

 private:
  rocksdb::Status take(std::uint32_t family, const rocksdb::Slice& key, bool deleted) {
    if (family >= family_count) return rocksdb::Status::InvalidArgument("unknown family");
    if (key.size() < sizeof(std::uint16_t)) return rocksdb::Status::InvalidArgument("key without a table");
    const bool is_head = family == 0 && to_view(key) == head_key;
    if (is_head && deleted) return rocksdb::Status::InvalidArgument("deleted head");
    head_is_last_ = is_head;
    heads_ += is_head ? 1 : 0;
    if (!is_head && visit_) visit_(static_cast<Family>(family), to_view(key), deleted);
    return rocksdb::Status::OK();
  }

  const BatchVisitor& visit_;
  std::uint32_t heads_ = 0;
  bool head_is_last_ = false;
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

Result<> check_operations(const RawBatch& batch, const BatchVisitor& visit) {
  if (batch.rep.size() > max_batch_bytes) return refused_batch("too large");
  TRY(const auto head, head_at_end(batch.rep));
  if (head != batch.head) return refused_batch("another head than announced");
  const auto header = batch_header(batch.rep);
  if (header.sequence != batch.first_sequence) return refused_batch("another sequence than announced");
  if (header.count != batch.count) return refused_batch("another count than announced");
  TRY_VOID(check_tags(BytesView(batch.rep).substr(batch_header_size)));
  StrictHandler handler(visit);
  // Iterate compares the count with what it finds, and reads to the very end.
  const auto status = rocksdb::WriteBatch(batch.rep).Iterate(&handler);
  if (!status.ok()) return refused_batch(status.ToString());
  if (!handler.ends_with_its_only_head()) return refused_batch("not exactly one head, at the end");
  return {};
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
