#include "holdfast/crypto/x509.h"

#include <gtest/gtest.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <ctime>
#include <set>

#include "holdfast/base/encoding.h"
#include "holdfast/crypto/hash.h"
#include "openssl_support.h"

namespace holdfast::crypto {
namespace {

using StorePtr = OpensslPtr<X509_STORE, X509_STORE_free>;
using StoreContextPtr = OpensslPtr<X509_STORE_CTX, X509_STORE_CTX_free>;

WallTime x509_now() { return from_rfc3339("2026-11-21T09:30:00Z").value(); }

X509Ptr read_certificate(std::string_view pem) {
  const BioPtr bio = reading_bio(pem);
  return X509Ptr(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
}

Bytes x509_to_der(X509* certificate) {
  Bytes der(static_cast<std::size_t>(i2d_X509(certificate, nullptr)), '\0');
  unsigned char* at = octets(der);
  i2d_X509(certificate, &at);
  return der;
}

// What a TLS client does: a chain to the one trusted authority, strictly, at a given time. X509_V_OK or the
// reason.
int verify_server(std::string_view authority_pem, std::string_view leaf_pem, WallTime when) {
  const X509Ptr authority = read_certificate(authority_pem);
  const X509Ptr leaf = read_certificate(leaf_pem);
  const StorePtr store(X509_STORE_new());
  X509_STORE_add_cert(store.get(), authority.get());
  const StoreContextPtr context(X509_STORE_CTX_new());
  X509_STORE_CTX_init(context.get(), store.get(), leaf.get(), nullptr);
  X509_STORE_CTX_set_purpose(context.get(), X509_PURPOSE_SSL_SERVER);
  X509_VERIFY_PARAM* parameters = X509_STORE_CTX_get0_param(context.get());
  X509_VERIFY_PARAM_set_flags(parameters, X509_V_FLAG_X509_STRICT);
  X509_VERIFY_PARAM_set_time(parameters, static_cast<time_t>(to_seconds(when)));
  X509_verify_cert(context.get());
  const int reason = X509_STORE_CTX_get_error(context.get());
  ERR_clear_error();
  return reason;
}

const CertificateAuthority& shared_authority() {
  static const CertificateAuthority authority =
      CertificateAuthority::create("Holdfast test CA", x509_now()).value();
  return authority;
}

TEST(SelfSigned, CarriesTheNodesKeyAndNeverExpires) {
  const NodeKey key = NodeKey::generate().value();
  const auto pem = self_signed_certificate(key, "us-east-1", x509_now());
  ASSERT_TRUE(pem.has_value()) << pem.error().describe();
  const X509Ptr certificate = read_certificate(*pem);
  EXPECT_EQ(X509_verify(certificate.get(), X509_get0_pubkey(certificate.get())), 1);
  EXPECT_EQ(public_key_to_der(X509_get0_pubkey(certificate.get())), key.public_spki_der());
  EXPECT_EQ(BytesView(reinterpret_cast<const char*>(X509_get0_notAfter(certificate.get())->data)),
            "99991231235959Z");
  time_t slightly_before = static_cast<time_t>(to_seconds(x509_now()) - 299);
  EXPECT_LT(X509_cmp_time(X509_get0_notBefore(certificate.get()), &slightly_before), 0);
  EXPECT_EQ(X509_check_ca(certificate.get()), 0);
}

TEST(SelfSigned, HashOfItsKeyIsTheNodesHash) {
  const NodeKey key = NodeKey::generate().value();
  const std::string pem = self_signed_certificate(key, "eu-west-1", x509_now()).value();
  const Bytes expected = sha256(key.public_spki_der());
  EXPECT_EQ(spki_sha256_of_certificate(pem), expected);
  EXPECT_EQ(spki_sha256_of_certificate(x509_to_der(read_certificate(pem).get())), expected);
}

TEST(SelfSigned, RefusesNamesThatDoNotFit) {
  const NodeKey key = NodeKey::generate().value();
  for (const std::string& name : {std::string(), std::string(65, 'n'), std::string("\xff\xfe")}) {
    EXPECT_EQ(self_signed_certificate(key, name, x509_now()).error().kind, ErrorKind::invalid);
  }
  EXPECT_EQ(ERR_peek_error(), 0U);
}

TEST(CertificateAuthority, IssuesWhatAClientAccepts) {
  const ServerNames names{.dns_names = {"localhost", "*.example.org"}, .ip_addresses = {"127.0.0.1", "::1"}};
  const auto issued = shared_authority().issue_server_certificate(names, x509_now());
  ASSERT_TRUE(issued.has_value()) << issued.error().describe();
  EXPECT_EQ(verify_server(shared_authority().certificate_pem(), issued->certificate_pem, x509_now()),
            X509_V_OK);
  const X509Ptr leaf = read_certificate(issued->certificate_pem);
  EXPECT_EQ(X509_check_host(leaf.get(), "localhost", 0, 0, nullptr), 1);
  EXPECT_EQ(X509_check_host(leaf.get(), "www.example.org", 0, 0, nullptr), 1);
  EXPECT_EQ(X509_check_host(leaf.get(), "example.com", 0, 0, nullptr), 0);
  EXPECT_EQ(X509_check_ip_asc(leaf.get(), "127.0.0.1", 0), 1);
  EXPECT_EQ(X509_check_ip_asc(leaf.get(), "::1", 0), 1);
  EXPECT_EQ(X509_check_ip_asc(leaf.get(), "127.0.0.2", 0), 0);
  const PkeyPtr key = private_key_from_pem(issued->private_key_pem.expose());
  EXPECT_EQ(X509_check_private_key(leaf.get(), key.get()), 1);
}

TEST(CertificateAuthority, IssuesForEightHundredTwentyFiveDaysAtMost) {
  const ServerNames names{.dns_names = {"localhost"}, .ip_addresses = {}};
  const auto& authority = shared_authority();
  const auto issued = authority.issue_server_certificate(names, x509_now()).value();
  const auto reason_at = [&](WallTime when) {
    return verify_server(authority.certificate_pem(), issued.certificate_pem, when);
  };
  using std::chrono::days, std::chrono::minutes;
  EXPECT_EQ(reason_at(x509_now() - minutes(4)), X509_V_OK);
  EXPECT_EQ(reason_at(x509_now() - minutes(6)), X509_V_ERR_CERT_NOT_YET_VALID);
  EXPECT_EQ(reason_at(x509_now() + days(825) - minutes(6)), X509_V_OK);
  EXPECT_EQ(reason_at(x509_now() + days(825) - minutes(4)), X509_V_ERR_CERT_HAS_EXPIRED);
  EXPECT_EQ(authority.issue_server_certificate(names, x509_now(), days(826)).error().kind,
            ErrorKind::invalid);
  EXPECT_EQ(authority.issue_server_certificate(names, x509_now(), days(0)).error().kind, ErrorKind::invalid);
}

TEST(CertificateAuthority, IsNotAcceptedForAnotherOnesCertificates) {
  const auto other = CertificateAuthority::create("Holdfast test CA", x509_now()).value();
  const auto issued =
      other.issue_server_certificate({.dns_names = {"localhost"}, .ip_addresses = {}}, x509_now());
  EXPECT_NE(verify_server(shared_authority().certificate_pem(), issued->certificate_pem, x509_now()),
            X509_V_OK);
}

TEST(CertificateAuthority, DrawsFreshPositiveSerials) {
  std::set<std::string> serials;
  for (int i = 0; i < 20; ++i) {
    const auto issued = shared_authority().issue_server_certificate(
        {.dns_names = {"localhost"}, .ip_addresses = {}}, x509_now());
    const X509Ptr leaf = read_certificate(issued->certificate_pem);
    const ASN1_INTEGER* serial = X509_get0_serialNumber(leaf.get());
    EXPECT_EQ(ASN1_STRING_type(serial), V_ASN1_INTEGER);  // a negative one would be V_ASN1_NEG_INTEGER
    // RFC 5280 §4.1.2.2: 20 octets at most as encoded, so that the top bit must be clear.
    EXPECT_EQ(i2d_ASN1_INTEGER(serial, nullptr), 22);
    serials.emplace(reinterpret_cast<const char*>(ASN1_STRING_get0_data(serial)), 20);
  }
  EXPECT_EQ(serials.size(), 20U);
}

TEST(CertificateAuthority, RefusesWhatIsNoNameOrAddress) {
  const auto refused = [](ServerNames names) {
    const auto issued = shared_authority().issue_server_certificate(names, x509_now());
    return !issued && issued.error().kind == ErrorKind::invalid;
  };
  EXPECT_TRUE(refused({}));
  for (const std::string& name :
       {std::string(), std::string("a b"), std::string("a,IP:10.0.0.1"), std::string("*"), std::string("*."),
        std::string("a.*.b"), std::string("-a.org"), std::string("a-.org"), std::string("a..org"),
        std::string("a.org."), std::string("a\0.org", 6), std::string(64, 'a'),
        std::string("https://a.org")}) {
    EXPECT_TRUE(refused({.dns_names = {name}, .ip_addresses = {}})) << name;
  }
  for (const std::string& address : {std::string(), std::string("127.0.0.256"), std::string("127.0.0.1/8"),
                                     std::string("localhost"), std::string("127.0.0.1\0x", 11)}) {
    EXPECT_TRUE(refused({.dns_names = {}, .ip_addresses = {address}})) << address;
  }
}

TEST(CertificateAuthority, TakesLongNamesAndAddressesAlone) {
  const std::string longest = std::string(60, 'a') + "." + std::string(60, 'b') + ".org";
  for (const ServerNames& names : {ServerNames{.dns_names = {longest}, .ip_addresses = {}},
                                   ServerNames{.dns_names = {}, .ip_addresses = {"2001:db8::7"}}}) {
    const auto issued = shared_authority().issue_server_certificate(names, x509_now());
    ASSERT_TRUE(issued.has_value()) << issued.error().describe();
    EXPECT_EQ(verify_server(shared_authority().certificate_pem(), issued->certificate_pem, x509_now()),
              X509_V_OK);
  }
}

TEST(CertificateAuthority, GoesThroughPem) {
  const auto again = CertificateAuthority::from_pem(shared_authority().certificate_pem(),
                                                    shared_authority().private_key_pem());
  ASSERT_TRUE(again.has_value());
  const auto issued =
      again->issue_server_certificate({.dns_names = {"localhost"}, .ip_addresses = {}}, x509_now());
  EXPECT_EQ(verify_server(shared_authority().certificate_pem(), issued->certificate_pem, x509_now()),
            X509_V_OK);
  const auto other = CertificateAuthority::create("other", x509_now()).value();
  EXPECT_FALSE(CertificateAuthority::from_pem(other.certificate_pem(), shared_authority().private_key_pem()));
  EXPECT_FALSE(CertificateAuthority::from_pem(issued->certificate_pem, issued->private_key_pem))
      << "not an authority";
  EXPECT_FALSE(CertificateAuthority::from_pem("", Secret()));
}

TEST(CertificateExpiry, IsTheEndThatTheCertificateNames) {
  const auto issued = shared_authority().issue_server_certificate(
      {.dns_names = {"localhost"}, .ip_addresses = {}}, x509_now(), std::chrono::days(30));
  // Five minutes early like the beginning, and both ends count.
  const auto end = from_rfc3339("2026-12-21T09:24:59Z").value();
  EXPECT_EQ(certificate_expiry(issued->certificate_pem), end);
  EXPECT_EQ(certificate_expiry(x509_to_der(read_certificate(issued->certificate_pem).get())), end);
  const auto for_ever = self_signed_certificate(NodeKey::generate().value(), "node", x509_now()).value();
  EXPECT_EQ(certificate_expiry(for_ever), from_rfc3339("9999-12-31T23:59:59Z").value());
  EXPECT_EQ(certificate_expiry("junk").error().kind, ErrorKind::invalid);
  EXPECT_EQ(ERR_peek_error(), 0U);
}

TEST(SpkiHash, RefusesWhatIsNoCertificate) {
  for (const std::string_view text :
       {"", "junk", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"}) {
    EXPECT_EQ(spki_sha256_of_certificate(text).error().kind, ErrorKind::invalid);
  }
  const Bytes der = x509_to_der(read_certificate(shared_authority().certificate_pem()).get());
  EXPECT_FALSE(spki_sha256_of_certificate(der + '\0').has_value());
  EXPECT_FALSE(spki_sha256_of_certificate(BytesView(der).substr(0, der.size() - 1)).has_value());
  EXPECT_EQ(ERR_peek_error(), 0U);
}

}  // namespace
}  // namespace holdfast::crypto
