// Tokens and keys as strangers send them. Beside "no crash": what is accepted must be spelled in one way
// only, and whatever header is signed must be one that is accepted again.
#include "holdfast/crypto/jws.h"

#include "fuzz.h"
#include "holdfast/base/encoding.h"
#include "holdfast/crypto/jwk.h"

namespace {

using namespace holdfast;
using namespace holdfast::crypto;
using fuzz::require;

const SigningKey& fuzz_key() {
  static const SigningKey key = SigningKey::generate(SigningAlgorithm::es256).value();
  return key;
}

void check_token(std::string_view token) {
  static_cast<void>(jws_key_id(token));
  const auto verified = verify_compact(token, fuzz_key().public_key());
  if (!verified) {
    require(verified.error().kind == ErrorKind::unauthenticated);
    return;
  }
  require(
      token.starts_with(to_base64url(verified->header_json) + "." + to_base64url(verified->payload) + "."));
}

// The fuzzer cannot forge a signature, so it gets one for whatever parts it comes up with.
void check_signed(std::string_view header, std::string_view payload) {
  const std::string text = to_base64url(header) + "." + to_base64url(payload);
  check_token(text + "." + to_base64url(fuzz_key().sign(text).value()));
  const auto token = sign_compact(fuzz_key(), header, payload);
  if (token) require(verify_compact(*token, fuzz_key().public_key()).has_value());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  const auto input = fuzz::input_of(data, size);
  check_token(input);
  const auto cut = input.find('\n');
  check_signed(input.substr(0, cut), cut == std::string_view::npos ? "" : input.substr(cut + 1));
  for (const auto algorithm : {SigningAlgorithm::rs256, SigningAlgorithm::es256}) {
    const auto key = from_jwk(algorithm, input);
    if (key) require(from_jwk(algorithm, to_jwk(*key, "k"))->spki_der() == key->spki_der());
    static_cast<void>(VerifyingKey::from_spki_der(algorithm, input));
  }
  return 0;
}
