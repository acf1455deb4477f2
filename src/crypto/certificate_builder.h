#pragma once

#include <chrono>
#include <string_view>

#include "holdfast/base/clock.h"
#include "holdfast/crypto/x509.h"
#include "openssl_support.h"

namespace holdfast::crypto {

/// Fills one certificate step by step. Like the readers of base it goes straight through: after a step that
/// OpenSSL refuses the others do nothing and `sign` reports. One certificate per object, one thread.
class CertificateBuilder {
 public:
  /// A version 3 certificate with a fresh random serial number for `subject_key`; the caller keeps the key
  /// alive.
  explicit CertificateBuilder(EVP_PKEY* subject_key);

  CertificateBuilder& subject(std::string_view common_name);
  /// Whose certificate signs it; without a call the certificate signs itself.
  CertificateBuilder& issuer(X509* issuer);
  /// From five minutes before `now`.
  CertificateBuilder& valid(WallTime now, std::chrono::days age);
  CertificateBuilder& valid_for_ever(WallTime now);
  /// `value` in OpenSSL's configuration syntax: fixed texts only, never input.
  CertificateBuilder& extension(int nid, const char* value);
  CertificateBuilder& alternative_names(const ServerNames& names);

  [[nodiscard]] Result<X509Ptr> sign(EVP_PKEY* issuer_key, const EVP_MD* digest);

 private:
  void step(bool done) { fine_ = fine_ && done; }
  void starts(WallTime now);

  X509Ptr certificate_;
  X509* issuer_ = nullptr;
  bool fine_ = true;
};

}  // namespace holdfast::crypto
