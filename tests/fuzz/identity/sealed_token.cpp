// Refresh tokens and Cognito Sessions as strangers send them. Nothing opens but what was sealed, to the bit,
// and a token of one kind opens as no other.
#include "holdfast/identity/sealed_token.h"

#include "fuzz.h"
#include "holdfast/base/codec.h"
#include "holdfast/base/encoding.h"
#include "holdfast/crypto/aead.h"

namespace {

using namespace holdfast;
using namespace holdfast::identity;
using fuzz::require;

constexpr std::uint32_t fuzz_key_id = 7;
constexpr auto fuzz_kinds = {SealedKind::refresh_token, SealedKind::challenge, SealedKind::authorization_code,
                             SealedKind::sign_in_cookie};

const ClusterId& fuzz_cluster() {
  static const ClusterId cluster("00112233445566778899aabbccddeeff");
  return cluster;
}

const Secret& fuzz_key() {
  static const Secret key{Bytes(crypto::aead_key_size, 'k')};
  return key;
}

std::string sealed(SealedKind kind, BytesView plain) {
  return seal_token(fuzz_cluster(), kind, fuzz_key_id, fuzz_key(), Bytes(crypto::aead_nonce_size, 'n'),
                    plain);
}

SealedClaims sample_claims() {
  SealedClaims claims;
  claims.pool = PoolId("eu-west-1_aBcDeFgHi");
  claims.client = ClientId("3n4b5urk1ft4fl3mg5e62d9ado");
  claims.user = UserId("6f1d3e9a-0000-4000-8000-000000000001");
  claims.origin_jti = "6f1d3e9a-0000-4000-8000-000000000002";
  claims.generation = 3;
  claims.branch = RegionName("eu-west-1");
  claims.region = RegionName("us-east-1");
  claims.issued_at = from_micros(1'795'253'400'000'000);
  claims.expires_at = from_micros(1'797'845'400'000'000);
  claims.scopes = {"aws.cognito.signin.user.admin"};
  return claims;
}

/// The fuzzer's own text. It can only open when it is one of the seeds: sealing what came out gives it back.
void check_received(std::string_view token) {
  for (const SealedKind kind : fuzz_kinds) {
    const auto plain = open_token(fuzz_cluster(), kind, fuzz_key(), token);
    if (!plain) {
      require(plain.error().kind == ErrorKind::unauthenticated);
      continue;
    }
    require(sealed_token_key(kind, token) == fuzz_key_id && sealed(kind, *plain) == token);
  }
}

/// The fuzzer's content, sealed: opens as it is, and not at all with any one bit of it changed.
void check_sealed(BytesView plain) {
  const auto token = sealed(SealedKind::refresh_token, plain);
  if (token.size() > max_sealed_token_size) return;
  require(open_token(fuzz_cluster(), SealedKind::refresh_token, fuzz_key(), token) == Bytes(plain));
  require(!open_token(fuzz_cluster(), SealedKind::challenge, fuzz_key(), token));
  require(!open_token(ClusterId("another"), SealedKind::refresh_token, fuzz_key(), token));
  Bytes bytes = *from_base64url(token);
  const auto at = plain.empty() ? 0 : static_cast<unsigned char>(plain.front()) % bytes.size();
  bytes[at] = static_cast<char>(bytes[at] ^ (1 << (plain.size() % 8)));
  require(!open_token(fuzz_cluster(), SealedKind::refresh_token, fuzz_key(), to_base64url(bytes)));
}

}  // namespace

std::vector<Bytes> fuzz::seeds() {
  const auto plain = encode_claims(sample_claims());
  return {plain, sealed(SealedKind::refresh_token, plain), sealed(SealedKind::challenge, "")};
}

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  const auto input = fuzz::input_of(data, size);
  check_received(input);
  check_sealed(input);
  fuzz::require_stable(input, decode_claims, encode_claims);
  return 0;
}
