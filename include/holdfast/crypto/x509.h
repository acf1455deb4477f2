#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "holdfast/base/clock.h"
#include "holdfast/crypto/node_key.h"

/// The few certificates that Holdfast makes itself. Serial numbers are 158 random bits; all times count from
/// `now` minus five minutes, so that a peer whose clock is a little behind accepts them.
namespace holdfast::crypto {

/// A certificate and its private key, both PEM.
struct CertifiedKey {
  std::string certificate_pem;
  Secret private_key_pem;
};

/// A certificate for replication's mutual TLS: peers pin the key, so names and dates carry no trust; it never
/// expires (RFC 5280 §4.1.2.5: 99991231235959Z). `common_name` (the node's name) is 1 to 64 bytes of UTF-8.
[[nodiscard]] Result<std::string> self_signed_certificate(const NodeKey& key, std::string_view common_name,
                                                          WallTime now);

/// What a server certificate is issued for. At least one name or address.
struct ServerNames {
  std::vector<std::string> dns_names;
  std::vector<std::string> ip_addresses;  ///< IPv4 or IPv6 text
};

inline constexpr std::chrono::days max_server_certificate_age{825};

/// A small private certificate authority (P-256, path length 0, ten years) for the demo and for clusters
/// without one of their own. Immutable, thread-safe.
class CertificateAuthority {
 public:
  static Result<CertificateAuthority> create(std::string_view common_name, WallTime now);
  /// `invalid` if they do not parse or do not belong together.
  static Result<CertificateAuthority> from_pem(std::string_view certificate_pem,
                                               const Secret& private_key_pem);

  [[nodiscard]] const std::string& certificate_pem() const { return certificate_pem_; }
  [[nodiscard]] Secret private_key_pem() const;

  /// A fresh P-256 key and its TLS server certificate with exactly these subject alternative names. `invalid`
  /// for a name that is no host name (one leading `*.` label allowed), an address that does not parse, or an
  /// age outside 1–825 days.
  [[nodiscard]] Result<CertifiedKey> issue_server_certificate(
      const ServerNames& names, WallTime now, std::chrono::days age = max_server_certificate_age) const;

 private:
  CertificateAuthority(std::string certificate_pem, std::shared_ptr<const PkeyHandle> key)
      : certificate_pem_(std::move(certificate_pem)), key_(std::move(key)) {}
  std::string certificate_pem_;
  std::shared_ptr<const PkeyHandle> key_;
};

/// SHA-256 of the certificate's DER SubjectPublicKeyInfo, 32 raw bytes: what peers pin. `certificate` is DER,
/// or PEM (its first certificate). `invalid` if it does not parse.
[[nodiscard]] Result<Bytes> spki_sha256_of_certificate(BytesView certificate);

/// When the certificate ends (its notAfter). `certificate` as above; `invalid` if it does not parse.
[[nodiscard]] Result<WallTime> certificate_expiry(BytesView certificate);

}  // namespace holdfast::crypto
