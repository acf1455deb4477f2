#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "fuzz.h"
#include "holdfast/region/term_record.h"
#include "samples.h"

std::vector<holdfast::Bytes> holdfast::fuzz::seeds() { return {test::sample_term().encode()}; }

namespace {

using namespace holdfast;
using fuzz::require;

const crypto::NodeKey& fuzz_key() {
  static const auto key =
      *crypto::NodeKey::from_private_bytes(Secret(Bytes(crypto::ed25519_private_size, 'f')));
  return key;
}

const ClusterId fuzz_cluster("00112233445566778899aabbccddeeff");

bool verifies(const region::TermRecord& record) {
  static const auto spki = fuzz_key().public_spki_der();
  return region::verify_term_record(record, fuzz_cluster,
                                    [](const region::TermRecord&) { return std::optional(spki); })
      .has_value();
}

/// docs/formats/terms.md: what any verified record keeps to.
bool is_well_formed(const region::TermRecord& record) {
  const auto& [reign, incarnation] = record.term;
  const bool is_in_bounds = reign >= 1 && reign <= region::max_reign && incarnation >= 1;
  const bool has_sizes = record.nonce.size() == 16 && record.previous_head_hash.size() == 32 &&
                         record.previous_record_hash.size() == 32;
  return is_in_bounds && has_sizes && record.previous_term < record.term &&
         (reign == record.previous_term.reign || incarnation == 1);
}

/// Signed by us, it verifies if and only if it is well formed, and not with any one bit changed.
void check_signed(region::TermRecord record, BytesView input) {
  record.sign(fuzz_cluster, fuzz_key());
  require(verifies(record) == is_well_formed(record));
  Bytes bytes = record.encode();
  const auto at = (input.size() * 31 + static_cast<unsigned char>(input.back())) % bytes.size();
  bytes[at] = static_cast<char>(bytes[at] ^ (1 << (input.size() % 8)));
  const auto changed = region::TermRecord::decode(bytes);
  require(!changed || !verifies(*changed));
}

}  // namespace

// One term has one encoding, and nothing that a fuzzer makes is signed by our key.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const BytesView input(reinterpret_cast<const char*>(data), size);
  const auto record = region::TermRecord::decode(input);
  if (!record) return 0;
  require(record->encode() == input);
  require(!verifies(*record));
  static const auto spki = fuzz_key().public_spki_der();
  require(!region::TermChain::verify({*record, *record}, fuzz_cluster,
                                     [](const region::TermRecord&) { return std::optional(spki); }));
  check_signed(*record, input);
  return 0;
}
