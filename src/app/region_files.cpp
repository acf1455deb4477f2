#include "region_files.h"

#include <sys/stat.h>

#include "holdfast/base/clock.h"
#include "holdfast/base/files.h"
#include "holdfast/crypto/x509.h"

namespace holdfast::app {
namespace {

/// systemd keeps a credential to root and the service's user, the latter by an access control list where the
/// file system has them; its mask then shows as the group's bits.
mode_t bits_of_others(const std::filesystem::path& file) {
  const auto credentials = credentials_directory();
  return !credentials.empty() && file.parent_path() == credentials ? 0037U : 0077U;
}

Result<> refuse_unset_credentials(const std::filesystem::path& file) {
  if (!file.string().starts_with(credentials_variable)) return {};
  return fail(ErrorKind::invalid, "invalid_configuration",
              file.string() +
                  ": CREDENTIALS_DIRECTORY is not set: systemd sets it for a service with LoadCredential=");
}

Result<> make_own_certificate(const Config& config) {
  const WallTime now = system_clock().now();
  TRY(const auto authority, crypto::CertificateAuthority::create("Holdfast " + config.region, now));
  TRY(const auto issued,
      authority.issue_server_certificate({.dns_names = config.hosts, .ip_addresses = {"127.0.0.1"}}, now));
  TRY_VOID(write_public_file(config.certificate_file.parent_path() / "ca.crt", authority.certificate_pem()));
  TRY_VOID(write_public_file(config.certificate_file, issued.certificate_pem));
  return write_private_file(config.certificate_key_file, issued.private_key_pem.expose());
}

}  // namespace

Result<> refuse_open_permissions(const std::filesystem::path& file) {
  struct stat info{};
  if (stat(file.c_str(), &info) != 0)
    return fail(ErrorKind::not_found, "not_found", file.string() + ": cannot be read");
  if ((info.st_mode & bits_of_others(file)) != 0) {
    return fail(ErrorKind::invalid, "invalid_configuration",
                file.string() + ": others may read it: expected mode 0600 (chmod 600 " + file.string() + ")");
  }
  return {};
}

Result<NewConfig> compose_config(const std::filesystem::path& dir, const std::vector<Override>& settings) {
  const auto file = dir / "holdfast.json";
  if (std::filesystem::exists(file)) {
    return fail(ErrorKind::conflict, "already_exists",
                file.string() + ": exists already: give an empty directory");
  }
  TRY(auto text, with_settings("{}", settings));
  TRY(auto config, parse_config(text, file));
  std::error_code error;
  std::filesystem::create_directories(dir, error);
  if (error) {
    return fail(ErrorKind::invalid, "invalid_configuration",
                dir.string() + ": cannot be made: " + error.message());
  }
  return NewConfig{.config = std::move(config), .text = std::move(text)};
}

Result<> make_directory(const std::filesystem::path& dir) {
  std::error_code error;
  std::filesystem::create_directories(dir, error);
  if (!error) return {};
  return fail(ErrorKind::invalid, "invalid_configuration",
              dir.string() + ": cannot be made: " + error.message());
}

Result<crypto::RsaRegionKey> load_region_key(const std::filesystem::path& file) {
  TRY_VOID(refuse_unset_credentials(file));
  TRY_VOID(refuse_open_permissions(file));
  TRY(auto pem, read_file(file));
  const Secret secret(std::move(pem));
  auto key = crypto::RsaRegionKey::from_pem(secret.expose());
  if (!key) {
    return fail(ErrorKind::invalid, "invalid_configuration",
                file.string() + ": expected an RSA private key of 3072 bits or more in PEM");
  }
  return key;
}

Result<crypto::RsaRegionKey> make_region_key(const std::filesystem::path& file) {
  TRY_VOID(refuse_unset_credentials(file));
  if (std::filesystem::exists(file)) return load_region_key(file);
  TRY_VOID(make_directory(file.parent_path()));
  TRY(auto key, crypto::RsaRegionKey::generate());
  TRY(const auto pem, key.to_pem());
  TRY_VOID(write_private_file(file, pem.expose()));
  return key;
}

Result<> place_tls_files(const Config& config, const TlsFiles& files) {
  if (std::filesystem::exists(config.certificate_file)) return {};
  TRY_VOID(make_directory(config.certificate_file.parent_path()));
  if (files.certificate.empty()) return make_own_certificate(config);
  TRY(const auto certificate, read_file(files.certificate));
  TRY(auto key, read_file(files.key));
  const Secret secret(std::move(key));
  TRY_VOID(write_public_file(config.certificate_file, certificate));
  TRY_VOID(write_private_file(config.certificate_key_file, secret.expose()));
  if (files.authority.empty()) return {};
  TRY(const auto authority, read_file(files.authority));
  return write_public_file(config.certificate_file.parent_path() / "ca.crt", authority);
}

}  // namespace holdfast::app
