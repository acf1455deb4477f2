#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "fuzz.h"
#include "holdfast/region/term_record.h"
#include "samples.h"

std::vector<holdfast::Bytes> holdfast::fuzz::seeds() { return {test::sample_term().encode()}; }

// One term has one encoding, and nothing that a fuzzer makes is signed by our key.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace holdfast;
  static const auto key =
      *crypto::NodeKey::from_private_bytes(Secret(Bytes(crypto::ed25519_private_size, 'k')));
  static const auto spki = key.public_spki_der();
  const BytesView input(reinterpret_cast<const char*>(data), size);
  const auto record = region::TermRecord::decode(input);
  if (!record) return 0;
  if (record->encode() != input) std::abort();
  (void)region::verify_term_record(*record, ClusterId("00112233445566778899aabbccddeeff"),
                                   [](const region::TermRecord&) { return std::optional(spki); });
  (void)region::TermChain::verify({*record, *record}, ClusterId("c"),
                                  [](const region::TermRecord&) { return std::optional(spki); });
  return 0;
}
