// Rows as a damaged store or another region may hand them over. Nothing opens but what was sealed for that
// very place, to the bit; what unpacks is bounded.
#include "holdfast/storage/record.h"

#include "fuzz.h"
#include "holdfast/base/codec.h"
#include "holdfast/crypto/aead.h"

namespace {

using namespace holdfast;
using namespace holdfast::storage;
using fuzz::require;

constexpr Table fuzz_table{Family::identity, 0x0101, "fuzz"};
constexpr KeyId fuzz_key_id = 3;
constexpr std::uint16_t fuzz_version = 2;

const ClusterId& fuzz_cluster() {
  static const ClusterId cluster("00112233445566778899aabbccddeeff");
  return cluster;
}

RecordPlace fuzz_place(BytesView key = "key") {
  return {.cluster = fuzz_cluster(), .table = fuzz_table, .key = key};
}

const Secret& fuzz_key() {
  static const Secret key{Bytes(crypto::aead_key_size, 'k')};
  return key;
}

void check_received(BytesView value) {
  static_cast<void>(sealing_key_of(value));
  static_cast<void>(row_tag_of(value));
  if (const auto clear = open_clear_record(value))
    require(clear_record(clear->version, clear->plain) == value);
  const auto opened = open_record(fuzz_place(), fuzz_key(), value);
  if (!opened) {
    require(opened.error().kind == ErrorKind::corrupt);
    return;
  }
  require(sealing_key_of(value) == fuzz_key_id && opened->version == fuzz_version);
}

void check_sealed(BytesView plain) {
  Bytes value = seal_record(fuzz_place(), fuzz_key_id, fuzz_key(), fuzz_version, plain);
  const auto opened = open_record(fuzz_place(), fuzz_key(), value);
  require(opened && opened->plain == plain && opened->version == fuzz_version &&
          opened->tag == row_tag_of(value));
  require(!open_record(fuzz_place("elsewhere"), fuzz_key(), value));
  const auto at = (plain.empty() ? 0U : static_cast<unsigned char>(plain.front())) % value.size();
  value[at] = static_cast<char>(value[at] ^ (1 << (plain.size() % 8)));
  require(!open_record(fuzz_place(), fuzz_key(), value));
}

/// docs/formats/records.md, with the compressed flag.
Bytes packed_aad() {
  return ByteWriter()
      .bytes("holdfast-record-v1")
      .bytes(fuzz_cluster().str())
      .u16(fuzz_table.id)
      .bytes(full_key(fuzz_table, "key"))
      .u16(fuzz_version)
      .u8(1)
      .u32(fuzz_key_id)
      .take();
}

/// Who has the key may still pack what he likes.
Bytes packed(BytesView frame) {
  const Bytes nonce(crypto::aead_nonce_size, 'n');
  const Bytes sealed = crypto::seal(fuzz_key(), nonce, packed_aad(), frame);
  return ByteWriter().u8(1).u8(1).u32(fuzz_key_id).u16(fuzz_version).raw(nonce).raw(sealed).take();
}

/// The frame in a row of ours.
Bytes frame_of(BytesView plain) {
  const Bytes row = seal_record(fuzz_place(), fuzz_key_id, fuzz_key(), fuzz_version, plain);
  ByteReader reader(row);
  reader.raw(8);
  const auto nonce = reader.raw(crypto::aead_nonce_size);
  return crypto::open(fuzz_key(), nonce, packed_aad(), reader.rest()).value();
}

void check_packed(BytesView frame) {
  const auto opened = open_record(fuzz_place(), fuzz_key(), packed(frame));
  require(!opened || opened->plain.size() <= max_record_bytes);
}

}  // namespace

std::vector<Bytes> fuzz::seeds() {
  const Bytes row = seal_record(fuzz_place(), fuzz_key_id, fuzz_key(), fuzz_version, "plain");
  return {row, clear_record(fuzz_version, "plain"), frame_of(Bytes(400, 'z')),
          frame_of(Bytes(40, 'a') + Bytes(400, 'b'))};
}

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  const auto input = fuzz::input_of(data, size);
  check_received(input);
  check_sealed(input);
  check_packed(input);
  return 0;
}
