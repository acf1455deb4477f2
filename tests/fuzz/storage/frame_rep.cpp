// Batches as a hostile primary sends them. Beside "no crash" (RocksDB's own Iterate aborts on some): what is
// accepted has the count it says, known families only, and ends with the very head that was announced.
#include <rocksdb/write_batch.h>

#include <cstring>

#include "batch_check.h"
#include "fuzz.h"
#include "holdfast/storage/log_applier.h"
#include "replication/batches.h"

namespace {

using namespace holdfast;
using namespace holdfast::storage;
using fuzz::require;

void check(const RawBatch& batch) {
  std::uint32_t operations = 0;
  const auto result = check_operations(batch, [&](Family family, BytesView key, bool) {
    require(static_cast<std::size_t>(family) < family_count && key.size() >= 2);
    ++operations;
  });
  if (!result) {
    require(result.error().kind == ErrorKind::corrupt);
    return;
  }
  require(operations + 1 == batch.count);
  require(batch.rep.ends_with(batch.head.encode()));
  const auto parsed = parse_batch(batch.rep);
  require(parsed && parsed->head == batch.head && parsed->count == batch.count);
}

/// The fuzzer will hardly guess a head and a count, so it gets them for whatever operations it comes up with.
void check_completed(BytesView operations, std::uint32_t count) {
  const Head head{.term = {.reign = 1, .incarnation = 1}, .index = 1};
  RawBatch batch{.first_sequence = 1, .count = count, .head = head};
  batch.rep.assign(batch_header_size, '\0');
  batch.rep[0] = 1;
  std::memcpy(batch.rep.data() + sizeof(std::uint64_t), &count, sizeof count);
  batch.rep += operations;
  batch.rep += BytesView("\x01\x04head\x39", 7);
  batch.rep += head.encode();
  check(batch);
}

}  // namespace

std::vector<Bytes> fuzz::seeds() {
  const auto batch = test::make_batch({}, 1, {.reign = 1, .incarnation = 1}, {}, "key", "value");
  // A Put with a family, a Delete with one, a plain Delete.
  return {batch.rep, Bytes("\x05\x01\x03key\x05value", 12), Bytes("\x04\x03\x03key", 6),
          Bytes("\x00\x03key", 5)};
}

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  const BytesView input(reinterpret_cast<const char*>(data), size);
  if (const auto parsed = parse_batch(Bytes(input))) check(*parsed);
  for (std::uint32_t count = 1; count <= 4; ++count) check_completed(input, count);
  return 0;
}
