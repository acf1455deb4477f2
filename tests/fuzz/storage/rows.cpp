// Heads, positions (which clients send), audit lines and wrap rows: one spelling each, or at least a stable
// one.
#include "fuzz.h"
#include "holdfast/storage/audit_event.h"
#include "holdfast/storage/position.h"
#include "holdfast/storage/root_wrap.h"

namespace {

using namespace holdfast;
using namespace holdfast::storage;
using fuzz::require;

const WallTime fuzz_time = from_micros(1'795'253'400'000'000);

}  // namespace

std::vector<Bytes> fuzz::seeds() {
  Head head{.term = {.reign = 3, .incarnation = 2}, .index = 42, .committed_at = fuzz_time};
  head.hash.fill('h');
  AuditEvent event{.time = fuzz_time, .kind = "STATE_UPDATED", .actor_kind = "operator", .actor = "op"};
  event.details = {{"old", "active"}, {"new", "fenced"}};
  const WrapRow wrap{.name = "eu-west-1",
                     .root_id = root_key_bit | 1U,
                     .target_spki_hash = Bytes(32, 't'),
                     .wrapped = "wrapped",
                     .root_pin = Bytes(32, 'p'),
                     .signer_spki_hash = Bytes(32, 's'),
                     .created = fuzz_time,
                     .signature = Bytes(64, 'g')};
  return {head.encode(), to_string(position_of(head)), event.encode(), wrap.encode()};
}

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  const auto input = fuzz::input_of(data, size);
  if (const auto head = Head::decode(input)) require(head->encode() == input);
  if (const auto position = parse_position(input)) require(to_string(*position) == input);
  fuzz::require_stable(input, AuditEvent::decode, [](const AuditEvent& event) { return event.encode(); });
  fuzz::require_stable(input, WrapRow::decode, [](const WrapRow& row) { return row.encode(); });
  return 0;
}
