#include "holdfast/crypto/jws.h"

#include <gtest/gtest.h>

#include "holdfast/base/encoding.h"
#include "holdfast/crypto/hash.h"
#include "holdfast/crypto/jwk.h"
#include "rfc7515_keys.h"

namespace holdfast::crypto {
namespace {

VerifyingKey rfc_rsa_key() { return from_jwk(SigningAlgorithm::rs256, rfc7515::rsa_jwk()).value(); }
VerifyingKey rfc_ec_key() { return from_jwk(SigningAlgorithm::es256, rfc7515::ec_jwk()).value(); }
SigningKey rfc_rsa_signer() {
  return SigningKey::from_private_der(SigningAlgorithm::rs256, rfc7515::rsa_private_der()).value();
}
SigningKey rfc_ec_signer() {
  return SigningKey::from_private_der(SigningAlgorithm::es256, rfc7515::ec_private_der()).value();
}

// A token with any header and payload, truly signed: only the form can be at fault.
std::string signed_anyhow(const SigningKey& key, std::string_view header, std::string_view payload = "{}") {
  const std::string text = to_base64url(header) + "." + to_base64url(payload);
  return text + "." + to_base64url(key.sign(text).value());
}

std::string why_refused(std::string_view token, const VerifyingKey& key) {
  const auto outcome = verify_compact(token, key);
  if (outcome) return "accepted";
  EXPECT_EQ(outcome.error().kind, ErrorKind::unauthenticated);
  EXPECT_EQ(outcome.error().message, "the token is not valid");
  return outcome.error().detail;
}

TEST(Jws, VerifiesRfc7515AppendixA2) {
  const auto verified = verify_compact(rfc7515::rs256_token, rfc_rsa_key());
  ASSERT_TRUE(verified.has_value()) << verified.error().describe();
  EXPECT_EQ(verified->header_json, R"({"alg":"RS256"})");
  EXPECT_EQ(verified->payload, rfc7515::payload);
}

// RS256 is deterministic, so the RFC's token can be made to the byte.
TEST(Jws, SignsRfc7515AppendixA2) {
  EXPECT_EQ(sign_compact(rfc_rsa_signer(), R"({"alg":"RS256"})", rfc7515::payload),
            std::string(rfc7515::rs256_token));
}

TEST(Jws, VerifiesRfc7515AppendixA3) {
  const auto verified = verify_compact(rfc7515::es256_token, rfc_ec_key());
  ASSERT_TRUE(verified.has_value()) << verified.error().describe();
  EXPECT_EQ(verified->payload, rfc7515::payload);
}

TEST(Jws, SignsWithTheKeyOfRfc7515AppendixA3) {
  const auto token = sign_compact(rfc_ec_signer(), R"({"alg":"ES256"})", rfc7515::payload);
  ASSERT_TRUE(token.has_value());
  EXPECT_TRUE(verify_compact(*token, rfc_ec_key()).has_value());
  EXPECT_EQ(token->substr(0, token->rfind('.')), rfc7515::es256_token.substr(0, token->rfind('.')));
}

TEST(Jws, RefusesEveryChangedCharacter) {
  const auto key = rfc_ec_key();
  for (std::size_t at = 0; at < rfc7515::es256_token.size(); ++at) {
    std::string token(rfc7515::es256_token);
    token[at] = token[at] == 'A' ? 'B' : 'A';
    EXPECT_NE(why_refused(token, key), "accepted") << at;
  }
}

TEST(Jws, RefusesAnotherNumberOfParts) {
  const auto key = rfc_ec_key();
  const std::string token(rfc7515::es256_token);
  const std::string unsigned_part = token.substr(0, token.rfind('.'));
  for (const std::string& text : {std::string(), std::string("."), std::string("..."), token + ".",
                                  "." + token, unsigned_part, token + "." + token}) {
    EXPECT_EQ(why_refused(text, key), "JWS: not three parts") << text;
  }
  EXPECT_EQ(why_refused("..", key), "JWS: header is not a strict JSON object");
  EXPECT_EQ(why_refused(unsigned_part + ".", key), "JWS: wrong signature");
}

// One token, one text: otherwise a revoked or cached token could come back in another spelling.
TEST(Jws, RefusesBase64UrlThatIsNotCanonical) {
  const auto key = rfc_ec_key();
  const std::string token(rfc7515::es256_token);
  EXPECT_NE(why_refused(token + "=", key), "accepted");
  EXPECT_NE(why_refused(token + "==", key), "accepted");
  EXPECT_NE(why_refused(token + "\n", key), "accepted");
  EXPECT_NE(why_refused(" " + token, key), "accepted");
  ASSERT_EQ(token.back(), 'Q');  // two bits of it are unused and must be zero
  EXPECT_EQ(why_refused(token.substr(0, token.size() - 1) + "R", key),
            "JWS: signature is not canonical base64url");
}

TEST(Jws, NeverTakesTheAlgorithmFromTheToken) {
  const auto rsa = rfc_rsa_key();
  EXPECT_EQ(why_refused(rfc7515::es256_token, rsa), "JWS: header alg is not the key's");
  EXPECT_EQ(why_refused(rfc7515::rs256_token, rfc_ec_key()), "JWS: header alg is not the key's");
  // The classic forgeries: no signature, and an HMAC keyed with the public key.
  EXPECT_EQ(why_refused(to_base64url(R"({"alg":"none"})") + "." + to_base64url("{}") + ".", rsa),
            "JWS: header alg is not the key's");
  const std::string text = to_base64url(R"({"alg":"HS256"})") + "." + to_base64url("{}");
  EXPECT_EQ(why_refused(text + "." + to_base64url(hmac_sha256(rsa.spki_der(), text)), rsa),
            "JWS: header alg is not the key's");
  // A right header with no signature, or with another key's.
  EXPECT_EQ(why_refused(to_base64url(R"({"alg":"RS256"})") + "." + to_base64url("{}") + ".", rsa),
            "JWS: wrong signature");
  const auto other = SigningKey::generate(SigningAlgorithm::rs256).value();
  EXPECT_EQ(why_refused(signed_anyhow(other, R"({"alg":"RS256"})"), rsa), "JWS: wrong signature");
}

TEST(Jws, RefusesHeadersThatAreNotStrict) {
  const auto signer = rfc_ec_signer();
  const auto& key = signer.public_key();
  ASSERT_EQ(why_refused(signed_anyhow(signer, R"({"alg":"ES256","typ":"JWT","kid":"k"})"), key), "accepted");
  EXPECT_EQ(why_refused(signed_anyhow(signer, R"({"alg":"ES256","crit":["exp"],"exp":1})"), key),
            "JWS: header has an extension");
  EXPECT_EQ(why_refused(signed_anyhow(signer, R"({"alg":"ES256","crit":[]})"), key),
            "JWS: header has an extension");
  EXPECT_EQ(why_refused(signed_anyhow(signer, R"({"alg":"ES256","b64":false})"), key),
            "JWS: header has an extension");
  for (const std::string_view header : {R"({"alg":"es256"})", R"({"alg":"ES256 "})", R"({"alg":["ES256"]})",
                                        R"({"alg":null})", R"({"typ":"JWT"})", "{}"}) {
    EXPECT_EQ(why_refused(signed_anyhow(signer, header), key), "JWS: header alg is not the key's") << header;
  }
  for (const std::string_view header :
       {"", "null", "\"ES256\"", R"(["ES256"])", R"({"alg":"ES256"}x)", R"({"alg":"ES256",})",
        R"({"alg":"none","alg":"ES256"})", "{\"alg\":\"ES256\",\"x\":\"\xff\"}"}) {
    EXPECT_EQ(why_refused(signed_anyhow(signer, header), key), "JWS: header is not a strict JSON object")
        << header;
  }
}

TEST(Jws, BoundsTheSize) {
  const auto signer = rfc_ec_signer();
  const std::string header = R"({"alg":"ES256"})";
  const std::size_t most = (max_jws_bytes - to_base64url(header).size() - 2 - 86) / 4 * 3;
  const auto token = sign_compact(signer, header, Bytes(most, 'p'));
  ASSERT_TRUE(token.has_value());
  EXPECT_TRUE(verify_compact(*token, signer.public_key()).has_value());
  EXPECT_EQ(sign_compact(signer, header, Bytes(most + 4, 'p')).error().kind, ErrorKind::too_large);
  EXPECT_EQ(why_refused(signed_anyhow(signer, header, Bytes(most + 4, 'p')), signer.public_key()),
            "JWS: too long");
}

TEST(Jws, DoesNotSignWhatItWouldRefuse) {
  const auto signer = rfc_ec_signer();
  for (const std::string_view header : {"", "[]", R"({"alg":"RS256"})", R"({"alg":"ES256","crit":["x"]})"}) {
    EXPECT_EQ(sign_compact(signer, header, "{}").error().kind, ErrorKind::internal) << header;
  }
}

TEST(Jws, MakesAndReadsTheHeader) {
  EXPECT_EQ(jws_header(SigningAlgorithm::rs256, "key-1"), R"({"alg":"RS256","kid":"key-1"})");
  EXPECT_EQ(jws_header(SigningAlgorithm::es256, "k\"", "at+jwt"),
            R"({"alg":"ES256","kid":"k\"","typ":"at+jwt"})");
  const auto signer = rfc_ec_signer();
  EXPECT_EQ(jws_key_id(sign_compact(signer, jws_header(SigningAlgorithm::es256, "key-1"), "{}").value()),
            "key-1");
  for (const std::string_view header :
       {R"({"alg":"ES256"})", R"({"alg":"ES256","kid":7})", R"({"alg":"ES256","kid":null})", "[]", "x"}) {
    EXPECT_EQ(jws_key_id(signed_anyhow(signer, header)).error().kind, ErrorKind::unauthenticated) << header;
  }
  EXPECT_FALSE(jws_key_id(signed_anyhow(signer, jws_header(SigningAlgorithm::es256, std::string(257, 'k'))))
                   .has_value());
  EXPECT_FALSE(jws_key_id("x").has_value());
}

}  // namespace
}  // namespace holdfast::crypto
