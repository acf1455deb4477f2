#include "holdfast/crypto/x509.h"

#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <ctime>

#include "certificate_builder.h"
#include "defect.h"
#include "holdfast/crypto/hash.h"
#include "key_access.h"

namespace holdfast::crypto {
namespace {

constexpr std::chrono::days authority_age{3650};
constexpr std::size_t max_common_name = 64;  // RFC 5280 appendix A: ub-common-name

Result<std::string> certificate_to_pem(X509* certificate) {
  const BioPtr bio(BIO_new(BIO_s_mem()));
  if (bio == nullptr || PEM_write_bio_X509(bio.get(), certificate) != 1) {
    return openssl_fail(ErrorKind::internal, "internal", "a certificate has no PEM form");
  }
  return written(bio.get());
}

X509Ptr certificate_from_pem(std::string_view pem) {
  const BioPtr bio = reading_bio(pem);
  if (bio == nullptr) return nullptr;
  const auto no_passphrase = [](char*, int, int, void*) { return -1; };
  return X509Ptr(PEM_read_bio_X509(bio.get(), nullptr, no_passphrase, nullptr));
}

X509Ptr certificate_from_der(BytesView der) {
  const unsigned char* at = octets(der);
  X509Ptr certificate(d2i_X509(nullptr, &at, static_cast<long>(der.size())));
  if (certificate == nullptr || at != octets(der) + der.size()) return nullptr;
  return certificate;
}

/// DER, or the first certificate of a PEM text; null if it does not parse.
X509Ptr parse_certificate(BytesView certificate) {
  const bool is_pem = certificate.find("-----BEGIN CERTIFICATE-----") != BytesView::npos;
  return is_pem ? certificate_from_pem(certificate) : certificate_from_der(certificate);
}

bool is_host_label(std::string_view label) {
  const auto is_label_char = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';
  };
  return !label.empty() && label.size() <= 63 && label.front() != '-' && label.back() != '-' &&
         std::ranges::all_of(label, is_label_char);
}

bool is_host_name(std::string_view name) {
  if (name.size() > 253) return false;
  if (name.starts_with("*.")) name.remove_prefix(2);
  while (true) {
    const auto dot = name.find('.');
    if (!is_host_label(name.substr(0, dot))) return false;
    if (dot == std::string_view::npos) return true;
    name.remove_prefix(dot + 1);
  }
}

bool is_ip_address(const std::string& text) {
  if (text.find('\0') != std::string::npos) return false;  // OpenSSL would read only what is before it
  const OpensslPtr<ASN1_OCTET_STRING, ASN1_OCTET_STRING_free> parsed(a2i_IPADDRESS(text.c_str()));
  return parsed != nullptr;
}

Result<> check_server_names(const ServerNames& names, std::chrono::days age) {
  if (names.dns_names.empty() && names.ip_addresses.empty()) {
    return fail(ErrorKind::invalid, "invalid_certificate", "a server certificate needs a name or an address");
  }
  for (const auto& name : names.dns_names) {
    if (!is_host_name(name))
      return fail(ErrorKind::invalid, "invalid_certificate", "not a host name: " + name);
  }
  for (const auto& address : names.ip_addresses) {
    if (!is_ip_address(address)) {
      return fail(ErrorKind::invalid, "invalid_certificate", "not an IP address: " + address);
    }
  }
  if (age < std::chrono::days(1) || age > max_server_certificate_age) {
    return fail(ErrorKind::invalid, "invalid_certificate", "a server certificate lives 1 to 825 days");
  }
  return {};
}

Result<> check_common_name(std::string_view common_name) {
  if (!common_name.empty() && common_name.size() <= max_common_name) return {};
  return fail(ErrorKind::invalid, "invalid_certificate", "a certificate's name is 1 to 64 bytes");
}

std::string_view common_name_for(const ServerNames& names) {
  const std::string& first = names.dns_names.empty() ? names.ip_addresses.front() : names.dns_names.front();
  return first.size() <= max_common_name ? std::string_view(first) : "holdfast";
}

}  // namespace

Result<std::string> self_signed_certificate(const NodeKey& key, std::string_view common_name, WallTime now) {
  const ErrorQueueGuard guard;
  TRY_VOID(check_common_name(common_name));
  CertificateBuilder builder(KeyAccess::of(key));
  builder.subject(common_name)
      .valid_for_ever(now)
      .extension(NID_basic_constraints, "critical,CA:FALSE")
      .extension(NID_key_usage, "critical,digitalSignature")
      .extension(NID_ext_key_usage, "serverAuth,clientAuth");
  TRY(const auto certificate, builder.sign(KeyAccess::of(key), nullptr));  // Ed25519 brings its own hash
  return certificate_to_pem(certificate.get());
}

Result<CertificateAuthority> CertificateAuthority::create(std::string_view common_name, WallTime now) {
  const ErrorQueueGuard guard;
  TRY_VOID(check_common_name(common_name));
  PkeyPtr key(EVP_EC_gen("P-256"));
  if (key == nullptr)
    return openssl_fail(ErrorKind::internal, "internal", "an authority's key cannot be made");
  CertificateBuilder builder(key.get());
  builder.subject(common_name)
      .valid(now, authority_age)
      .extension(NID_basic_constraints, "critical,CA:TRUE,pathlen:0")
      .extension(NID_key_usage, "critical,keyCertSign,cRLSign")
      .extension(NID_subject_key_identifier, "hash");
  TRY(const auto certificate, builder.sign(key.get(), EVP_sha256()));
  TRY(auto pem, certificate_to_pem(certificate.get()));
  return CertificateAuthority(std::move(pem), share(std::move(key)));
}

Result<CertificateAuthority> CertificateAuthority::from_pem(std::string_view certificate_pem,
                                                            const Secret& private_key_pem) {
  const ErrorQueueGuard guard;
  const X509Ptr certificate = certificate_from_pem(certificate_pem);
  PkeyPtr key = private_key_from_pem(private_key_pem.expose());
  const bool fine = certificate != nullptr && key != nullptr &&
                    X509_check_private_key(certificate.get(), key.get()) == 1 &&
                    X509_check_ca(certificate.get()) == 1;
  if (!fine) {
    return openssl_fail(ErrorKind::invalid, "invalid_certificate",
                        "not an authority's certificate and the private key that belongs to it");
  }
  TRY(auto pem, certificate_to_pem(certificate.get()));
  return CertificateAuthority(std::move(pem), share(std::move(key)));
}

Secret CertificateAuthority::private_key_pem() const {
  const ErrorQueueGuard guard;
  return private_key_to_pem(key_->key.get());
}

Result<CertifiedKey> CertificateAuthority::issue_server_certificate(const ServerNames& names, WallTime now,
                                                                    std::chrono::days age) const {
  const ErrorQueueGuard guard;
  TRY_VOID(check_server_names(names, age));
  const X509Ptr authority = certificate_from_pem(certificate_pem_);
  const PkeyPtr key(EVP_EC_gen("P-256"));
  if (authority == nullptr || key == nullptr) {
    return openssl_fail(ErrorKind::internal, "internal", "a server's key cannot be made");
  }
  CertificateBuilder builder(key.get());
  builder.subject(common_name_for(names))
      .issuer(authority.get())
      .valid(now, age)
      .extension(NID_basic_constraints, "critical,CA:FALSE")
      .extension(NID_key_usage, "critical,digitalSignature")
      .extension(NID_ext_key_usage, "serverAuth")
      .extension(NID_subject_key_identifier, "hash")
      .extension(NID_authority_key_identifier, "keyid:always")
      .alternative_names(names);
  TRY(const auto certificate, builder.sign(key_->key.get(), EVP_sha256()));
  TRY(auto pem, certificate_to_pem(certificate.get()));
  return CertifiedKey{.certificate_pem = std::move(pem), .private_key_pem = private_key_to_pem(key.get())};
}

Result<Bytes> spki_sha256_of_certificate(BytesView certificate) {
  const ErrorQueueGuard guard;
  const X509Ptr parsed = parse_certificate(certificate);
  if (parsed == nullptr) return openssl_fail(ErrorKind::invalid, "invalid_certificate", "not a certificate");
  const int size = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(parsed.get()), nullptr);
  if (size <= 0)
    return openssl_fail(ErrorKind::invalid, "invalid_certificate", "a certificate without a key");
  Bytes spki(static_cast<std::size_t>(size), '\0');
  unsigned char* at = octets(spki);
  must(i2d_X509_PUBKEY(X509_get_X509_PUBKEY(parsed.get()), &at) == size,
       "a certificate's key changes its size");
  return sha256(spki);
}

Result<WallTime> certificate_expiry(BytesView certificate) {
  const ErrorQueueGuard guard;
  const X509Ptr parsed = parse_certificate(certificate);
  std::tm ends{};
  if (parsed == nullptr || ASN1_TIME_to_tm(X509_get0_notAfter(parsed.get()), &ends) != 1)
    return openssl_fail(ErrorKind::invalid, "invalid_certificate", "not a certificate");
  return WallTime(std::chrono::seconds(timegm(&ends)));
}

}  // namespace holdfast::crypto
