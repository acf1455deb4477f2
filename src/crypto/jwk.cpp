#include "holdfast/crypto/jwk.h"

#include <openssl/core_names.h>
#include <openssl/param_build.h>

#include <nlohmann/json.hpp>

#include "defect.h"
#include "holdfast/base/encoding.h"
#include "holdfast/base/json.h"
#include "holdfast/crypto/hash.h"
#include "key_access.h"

namespace holdfast::crypto {
namespace {

using JwkNumberPtr = OpensslPtr<BIGNUM, BN_free>;
using ParamBuilderPtr = OpensslPtr<OSSL_PARAM_BLD, OSSL_PARAM_BLD_free>;
using ParamsPtr = OpensslPtr<OSSL_PARAM, OSSL_PARAM_free>;

constexpr int p256_coordinate_size = 32;

// A number of the key as base64url; `size` 0 means as short as possible (RFC 7518 §6.3.1), else fixed
// (§6.2.1.2).
std::string jwk_number(EVP_PKEY* key, const char* name, int size) {
  BIGNUM* raw = nullptr;
  must(EVP_PKEY_get_bn_param(key, name, &raw) == 1, "a public key lacks a number");
  const JwkNumberPtr number(raw);
  const int width = size == 0 ? BN_num_bytes(number.get()) : size;
  Bytes bytes(static_cast<std::size_t>(width), '\0');
  must(BN_bn2binpad(number.get(), octets(bytes), width) == width, "a public key has a wrong number");
  return to_base64url(bytes);
}

struct RsaNumbers {
  std::string n, e;
};
struct P256Numbers {
  std::string x, y;
};

RsaNumbers rsa_numbers(const VerifyingKey& key) {
  EVP_PKEY* pkey = KeyAccess::of(key);
  return {.n = jwk_number(pkey, OSSL_PKEY_PARAM_RSA_N, 0), .e = jwk_number(pkey, OSSL_PKEY_PARAM_RSA_E, 0)};
}

P256Numbers p256_numbers(const VerifyingKey& key) {
  EVP_PKEY* pkey = KeyAccess::of(key);
  return {.x = jwk_number(pkey, OSSL_PKEY_PARAM_EC_PUB_X, p256_coordinate_size),
          .y = jwk_number(pkey, OSSL_PKEY_PARAM_EC_PUB_Y, p256_coordinate_size)};
}

std::unexpected<Error> refuse_jwk(std::string detail) {
  return fail(ErrorKind::invalid, "invalid_key", "not a public JWK for this algorithm", std::move(detail));
}

PkeyPtr key_from_params(const char* type, OSSL_PARAM_BLD* builder) {
  const ParamsPtr params(OSSL_PARAM_BLD_to_param(builder));
  const PkeyContextPtr context(EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr));
  EVP_PKEY* key = nullptr;
  const bool made = params != nullptr && context != nullptr && EVP_PKEY_fromdata_init(context.get()) == 1 &&
                    EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, params.get()) == 1;
  return made ? PkeyPtr(key) : nullptr;
}

PkeyPtr rsa_key_from(BytesView n, BytesView e) {
  const ParamBuilderPtr builder(OSSL_PARAM_BLD_new());
  const JwkNumberPtr modulus(BN_bin2bn(octets(n), static_cast<int>(n.size()), nullptr));
  const JwkNumberPtr exponent(BN_bin2bn(octets(e), static_cast<int>(e.size()), nullptr));
  const bool ready = builder != nullptr && modulus != nullptr && exponent != nullptr &&
                     OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, modulus.get()) == 1 &&
                     OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, exponent.get()) == 1;
  return ready ? key_from_params("RSA", builder.get()) : nullptr;
}

// OpenSSL refuses a point that is not on the curve.
PkeyPtr p256_key_from(BytesView x, BytesView y) {
  const ParamBuilderPtr builder(OSSL_PARAM_BLD_new());
  const Bytes point = Bytes("\x04").append(x).append(y);  // SEC 1 §2.3.3, uncompressed
  const bool ready =
      builder != nullptr &&
      OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, "prime256v1", 0) == 1 &&
      OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size()) ==
          1;
  return ready ? key_from_params("EC", builder.get()) : nullptr;
}

bool has_no_leading_zero(BytesView number) { return !number.empty() && number.front() != '\0'; }

Result<VerifyingKey> read_rsa(JsonFields& fields) {
  const std::string n_text = fields.text("n");
  const std::string e_text = fields.text("e");
  fields.ignore_unknown();
  TRY_VOID(fields.finish());
  TRY(const auto n, from_base64url(n_text));
  TRY(const auto e, from_base64url(e_text));
  if (!has_no_leading_zero(n) || !has_no_leading_zero(e) || n.size() > max_rsa_signing_bits / 8 ||
      e.size() > 8) {
    return refuse_jwk("RSA numbers out of bounds or with leading zeros");
  }
  return KeyAccess::verifying_key(SigningAlgorithm::rs256, rsa_key_from(n, e));
}

Result<VerifyingKey> read_p256(JsonFields& fields) {
  const std::string curve = fields.text("crv");
  const std::string x_text = fields.text("x");
  const std::string y_text = fields.text("y");
  fields.ignore_unknown();
  TRY_VOID(fields.finish());
  TRY(const auto x, from_base64url(x_text));
  TRY(const auto y, from_base64url(y_text));
  if (curve != "P-256" || x.size() != p256_coordinate_size || y.size() != p256_coordinate_size) {
    return refuse_jwk("not a P-256 point");
  }
  return KeyAccess::verifying_key(SigningAlgorithm::es256, p256_key_from(x, y));
}

}  // namespace

std::string jwk_thumbprint(const VerifyingKey& key) {
  const ErrorQueueGuard guard;
  std::string canonical;  // RFC 7638 §3.2: required members only, in this order, no white space
  if (key.algorithm() == SigningAlgorithm::rs256) {
    const auto [n, e] = rsa_numbers(key);
    canonical = R"({"e":")" + e + R"(","kty":"RSA","n":")" + n + R"("})";
  } else {
    const auto [x, y] = p256_numbers(key);
    canonical = R"({"crv":"P-256","kty":"EC","x":")" + x + R"(","y":")" + y + R"("})";
  }
  return to_base64url(sha256(canonical));
}

std::string to_jwk(const VerifyingKey& key, std::string_view kid) {
  const ErrorQueueGuard guard;
  nlohmann::ordered_json jwk;
  const bool rsa = key.algorithm() == SigningAlgorithm::rs256;
  jwk["kty"] = rsa ? "RSA" : "EC";
  jwk["use"] = "sig";
  jwk["alg"] = to_string(key.algorithm());
  jwk["kid"] = kid;
  if (rsa) {
    const auto [n, e] = rsa_numbers(key);
    jwk["n"] = n;
    jwk["e"] = e;
  } else {
    const auto [x, y] = p256_numbers(key);
    jwk["crv"] = "P-256";
    jwk["x"] = x;
    jwk["y"] = y;
  }
  return jwk.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

Result<VerifyingKey> from_jwk(SigningAlgorithm algorithm, std::string_view json) {
  const ErrorQueueGuard guard;
  TRY(const auto value, parse_json(json));
  JsonFields fields(value);
  const bool rsa = algorithm == SigningAlgorithm::rs256;
  if (fields.text("kty") != (rsa ? "RSA" : "EC")) return refuse_jwk("another kty");
  if (fields.find_text("alg").value_or(std::string(to_string(algorithm))) != to_string(algorithm)) {
    return refuse_jwk("another alg");
  }
  if (fields.find_text("use").value_or("sig") != "sig") return refuse_jwk("another use");
  return rsa ? read_rsa(fields) : read_p256(fields);
}

}  // namespace holdfast::crypto
