#include "holdfast/crypto/random.h"

#include <sodium.h>

#include "defect.h"
#include "holdfast/base/encoding.h"
#include "sodium_ready.h"

namespace holdfast::crypto {
namespace {

class KernelEntropy : public Entropy {
 public:
  void fill(char* out, std::size_t size) override {
    ensure_sodium();
    randombytes_buf(out, size);
  }
};

}  // namespace

void ensure_sodium() {
  static const bool ready = sodium_init() >= 0;
  must(ready, "libsodium does not start");
}

Entropy& system_entropy() {
  static KernelEntropy entropy;
  return entropy;
}

Bytes random_bytes(std::size_t size, Entropy& entropy) {
  Bytes bytes(size, '\0');
  entropy.fill(bytes.data(), bytes.size());
  return bytes;
}

Secret random_secret(std::size_t size, Entropy& entropy) { return Secret(random_bytes(size, entropy)); }

std::string random_uuid(Entropy& entropy) {
  Bytes bytes = random_bytes(16, entropy);
  bytes[6] = static_cast<char>((bytes[6] & 0x0f) | 0x40);  // RFC 9562 §5.4: version 4
  bytes[8] = static_cast<char>((bytes[8] & 0x3f) | 0x80);  // §4.1: variant
  std::string text = to_hex(bytes);
  for (const std::size_t at : {20U, 16U, 12U, 8U}) text.insert(at, 1, '-');
  return text;
}

std::string random_token(std::size_t bytes, Entropy& entropy) {
  return to_base64url(random_bytes(bytes, entropy));
}

}  // namespace holdfast::crypto
