#include "holdfast/crypto/jwk.h"

#include <gtest/gtest.h>
#include <openssl/err.h>

#include "rfc7515_keys.h"

namespace holdfast::crypto {
namespace {

// RFC 7638 §3.1.
constexpr std::string_view rfc7638_jwk =
    R"({"kty":"RSA","n":"0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJEC)"
    R"(PebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8)"
    R"(KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0)"
    R"(Ls1jF44-csFCur-kEgU8awapJzKnqDKgw","e":"AQAB","alg":"RS256","kid":"2011-04-29"})";

TEST(Jwk, ThumbprintMatchesRfc7638) {
  const auto key = from_jwk(SigningAlgorithm::rs256, rfc7638_jwk);
  ASSERT_TRUE(key.has_value()) << key.error().describe();
  EXPECT_EQ(jwk_thumbprint(*key), "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
}

// RFC 7515 A.3's key; the SHA-256 of its canonical form was taken with `openssl dgst`.
TEST(Jwk, ThumbprintOfAnEcKeyIsOverItsCanonicalForm) {
  const auto key = from_jwk(SigningAlgorithm::es256, rfc7515::ec_jwk());
  ASSERT_TRUE(key.has_value()) << key.error().describe();
  EXPECT_EQ(jwk_thumbprint(*key), "oKIywvGUpTVTyxMQ3bwIIeQUudfr_CkLMjCE19ECD-U");
}

TEST(Jwk, IsPinnedToTheByte) {
  const auto key = from_jwk(SigningAlgorithm::es256, rfc7515::ec_jwk()).value();
  EXPECT_EQ(
      to_jwk(key, "a\"b"),
      R"({"kty":"EC","use":"sig","alg":"ES256","kid":"a\"b","crv":"P-256",)"
      R"("x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"})");
  const auto rsa = from_jwk(SigningAlgorithm::rs256, rfc7515::rsa_jwk()).value();
  EXPECT_EQ(to_jwk(rsa, "k"), std::string(R"({"kty":"RSA","use":"sig","alg":"RS256","kid":"k","n":")")
                                  .append(rfc7515::rsa_n)
                                  .append(R"(","e":"AQAB"})"));
}

TEST(Jwk, GoesThereAndBack) {
  for (const auto algorithm : {SigningAlgorithm::rs256, SigningAlgorithm::es256}) {
    const auto key = SigningKey::generate(algorithm)->public_key();
    const auto again = from_jwk(algorithm, to_jwk(key, jwk_thumbprint(key)));
    ASSERT_TRUE(again.has_value());
    EXPECT_EQ(again->spki_der(), key.spki_der());
  }
}

TEST(Jwk, ShowsNothingOfThePrivateHalf) {
  const auto key = SigningKey::from_private_der(SigningAlgorithm::rs256, rfc7515::rsa_private_der()).value();
  const std::string jwk = to_jwk(key.public_key(), "k");
  for (const auto secret : {rfc7515::rsa_d, rfc7515::rsa_p, rfc7515::rsa_q}) {
    EXPECT_EQ(jwk.find(secret), std::string::npos);
  }
  EXPECT_EQ(key.public_key().spki_der(), from_jwk(SigningAlgorithm::rs256, jwk)->spki_der());
}

TEST(Jwk, RefusesWhatIsNotAKeyForTheAlgorithm) {
  const std::string rsa = rfc7515::rsa_jwk();
  const std::string ec = rfc7515::ec_jwk();
  const auto with = [](std::string jwk, std::string_view member) {
    return jwk.insert(1, std::string(member) + ",");
  };
  const auto point = [](std::string_view curve, std::string_view x, std::string_view y) {
    return std::string(R"({"kty":"EC","crv":")").append(curve) + R"(","x":")" + std::string(x) +
           R"(","y":")" + std::string(y) + "\"}";
  };
  const auto short_x = rfc7515::ec_x.substr(0, 42);
  for (const std::string& jwk :
       {ec, with(rsa, R"("alg":"RS512")"), with(rsa, R"("use":"enc")"), std::string("[]"), std::string("{}"),
        std::string("{"), std::string(R"({"kty":"RSA"})"),
        std::string(R"({"kty":"RSA","n":"AQAB","e":"AQAB"})"),
        std::string(R"({"kty":"RSA","n":1,"e":"AQAB"})"),
        std::string(R"({"kty":"RSA","n":")").append(rfc7515::rsa_n) + R"(","e":"AAEAAQ"})",
        std::string(R"({"kty":"RSA","n":")").append(rfc7515::rsa_n) + R"(","e":"AQ"})",
        std::string(R"({"kty":"RSA","n":")").append(rfc7515::rsa_n) + R"(","e":"Ag"})",
        std::string(R"({"kty":"RSA","n":")").append(rfc7515::rsa_n) + R"(","e":"AQAB="})"}) {
    const auto key = from_jwk(SigningAlgorithm::rs256, jwk);
    ASSERT_FALSE(key.has_value()) << jwk;
    EXPECT_EQ(key.error().kind, ErrorKind::invalid) << jwk;
  }
  for (const std::string& jwk :
       {rsa, point("P-384", rfc7515::ec_x, rfc7515::ec_y), point("P-256", short_x, rfc7515::ec_y),
        point("P-256", rfc7515::ec_y, rfc7515::ec_x),  // not on the curve
        point("P-256", "", "")}) {
    EXPECT_EQ(from_jwk(SigningAlgorithm::es256, jwk).error().kind, ErrorKind::invalid) << jwk;
  }
  EXPECT_EQ(ERR_peek_error(), 0U);
}

}  // namespace
}  // namespace holdfast::crypto
