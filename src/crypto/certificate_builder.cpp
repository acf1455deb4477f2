#include "certificate_builder.h"

#include <openssl/x509v3.h>

#include "holdfast/crypto/random.h"

namespace holdfast::crypto {
namespace {

using SerialPtr = OpensslPtr<BIGNUM, BN_free>;
using ExtensionPtr = OpensslPtr<X509_EXTENSION, X509_EXTENSION_free>;
using GeneralNamesPtr = OpensslPtr<GENERAL_NAMES, GENERAL_NAMES_free>;
using GeneralNamePtr = OpensslPtr<GENERAL_NAME, GENERAL_NAME_free>;
using Ia5Ptr = OpensslPtr<ASN1_IA5STRING, ASN1_IA5STRING_free>;
using AddressPtr = OpensslPtr<ASN1_OCTET_STRING, ASN1_OCTET_STRING_free>;

constexpr std::chrono::minutes clock_slack{5};
constexpr int serial_size = 20;  // RFC 5280 §4.1.2.2: positive, at most 20 octets

// Fixed top bits keep the number positive and of one length; the other 158 are random.
bool set_random_serial(X509* certificate) {
  Bytes bytes = random_bytes(serial_size);
  bytes[0] = static_cast<char>((bytes[0] & 0x3f) | 0x40);
  const SerialPtr number(BN_bin2bn(octets(bytes), serial_size, nullptr));
  return number != nullptr && BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(certificate)) != nullptr;
}

// Takes `value` over when it succeeds.
bool push_general_name(GENERAL_NAMES* names, int type, void* value) {
  GeneralNamePtr name(GENERAL_NAME_new());
  if (name == nullptr || sk_GENERAL_NAME_push(names, name.get()) <= 0) return false;
  GENERAL_NAME_set0_value(name.release(), type, value);
  return true;
}

bool push_dns_name(GENERAL_NAMES* names, const std::string& dns_name) {
  Ia5Ptr text(ASN1_IA5STRING_new());
  if (text == nullptr || ASN1_STRING_set(text.get(), dns_name.data(), static_cast<int>(dns_name.size())) != 1)
    return false;
  if (!push_general_name(names, GEN_DNS, text.get())) return false;
  static_cast<void>(text.release());
  return true;
}

bool push_address(GENERAL_NAMES* names, const std::string& ip_address) {
  AddressPtr address(a2i_IPADDRESS(ip_address.c_str()));
  if (address == nullptr || !push_general_name(names, GEN_IPADD, address.get())) return false;
  static_cast<void>(address.release());
  return true;
}

}  // namespace

CertificateBuilder::CertificateBuilder(EVP_PKEY* subject_key) : certificate_(X509_new()) {
  step(certificate_ != nullptr);
  if (!fine_) return;
  step(X509_set_version(certificate_.get(), X509_VERSION_3) == 1);
  step(set_random_serial(certificate_.get()));
  step(X509_set_pubkey(certificate_.get(), subject_key) == 1);
  issuer_ = certificate_.get();
}

CertificateBuilder& CertificateBuilder::subject(std::string_view common_name) {
  if (!fine_) return *this;
  X509_NAME* name = X509_get_subject_name(certificate_.get());
  step(X509_NAME_add_entry_by_NID(name, NID_commonName, MBSTRING_UTF8, octets(common_name),
                                  static_cast<int>(common_name.size()), -1, 0) == 1);
  return *this;
}

CertificateBuilder& CertificateBuilder::issuer(X509* issuer) {
  issuer_ = issuer;
  return *this;
}

void CertificateBuilder::starts(WallTime now) {
  const auto not_before = static_cast<time_t>(to_seconds(now - clock_slack));
  step(fine_ && ASN1_TIME_set(X509_getm_notBefore(certificate_.get()), not_before) != nullptr);
}

CertificateBuilder& CertificateBuilder::valid(WallTime now, std::chrono::days age) {
  starts(now);
  // Both ends count (RFC 5280 §4.1.2.5), so that `age` is the whole of it.
  const auto not_after = static_cast<time_t>(to_seconds(now - clock_slack + age - std::chrono::seconds(1)));
  step(fine_ && ASN1_TIME_set(X509_getm_notAfter(certificate_.get()), not_after) != nullptr);
  return *this;
}

CertificateBuilder& CertificateBuilder::valid_for_ever(WallTime now) {
  starts(now);
  step(fine_ && ASN1_TIME_set_string(X509_getm_notAfter(certificate_.get()), "99991231235959Z") == 1);
  return *this;
}

CertificateBuilder& CertificateBuilder::extension(int nid, const char* value) {
  if (!fine_) return *this;
  X509V3_CTX context{};
  X509V3_set_ctx(&context, issuer_, certificate_.get(), nullptr, nullptr, 0);
  const ExtensionPtr extension(X509V3_EXT_nconf_nid(nullptr, &context, nid, value));
  step(extension != nullptr && X509_add_ext(certificate_.get(), extension.get(), -1) == 1);
  return *this;
}

CertificateBuilder& CertificateBuilder::alternative_names(const ServerNames& names) {
  if (!fine_) return *this;
  const GeneralNamesPtr list(GENERAL_NAMES_new());
  step(list != nullptr);
  for (const auto& name : names.dns_names) step(fine_ && push_dns_name(list.get(), name));
  for (const auto& address : names.ip_addresses) step(fine_ && push_address(list.get(), address));
  step(fine_ &&
       X509_add1_ext_i2d(certificate_.get(), NID_subject_alt_name, list.get(), 0, X509V3_ADD_DEFAULT) == 1);
  return *this;
}

Result<X509Ptr> CertificateBuilder::sign(EVP_PKEY* issuer_key, const EVP_MD* digest) {
  step(fine_ && X509_set_issuer_name(certificate_.get(), X509_get_subject_name(issuer_)) == 1);
  step(fine_ && X509_sign(certificate_.get(), issuer_key, digest) > 0);
  if (!fine_)
    return openssl_fail(ErrorKind::invalid, "invalid_certificate", "a certificate cannot be made from this");
  return std::move(certificate_);
}

}  // namespace holdfast::crypto
