#include "region_files.h"

#include <sys/stat.h>

#include "holdfast/base/clock.h"
#include "holdfast/base/files.h"
#include "holdfast/crypto/x509.h"
#include "wrong_setting.h"

namespace holdfast::app {
namespace {

/// systemd keeps a credential to root and the service's user, the latter by an access control list where the
/// file system has them; its mask then shows as the group's bits.
mode_t bits_of_others(const std::filesystem::path& file) {
  const auto credentials = credentials_directory();
  return !credentials.empty() && file.parent_path() == credentials ? 0037U : 0077U;
}

constexpr std::string_view region_key_key = "region_key_file";
constexpr std::string_view a_region_key = "an RSA private key of 3072 bits or more in PEM";

bool is_unset_credential(const std::filesystem::path& file) {
  return file.string().starts_with(credentials_variable);
}

std::unexpected<Error> unset_credential(const Config& config, std::string_view key,
                                        const std::filesystem::path& file) {
  return wrong_setting(
      config.file, key,
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

Result<Secret> read_key_file(const Config& config, std::string_view key, const std::filesystem::path& file,
                             std::string_view expected) {
  if (is_unset_credential(file)) return unset_credential(config, key, file);
  struct stat info{};
  const bool is_there = stat(file.c_str(), &info) == 0;
  if (is_there && (info.st_mode & bits_of_others(file)) != 0) {
    return wrong_setting(
        config.file, key,
        file.string() + ": others may read it: expected mode 0600 (chmod 600 " + file.string() + ")");
  }
  auto content = read_file(file);
  if (content) return Secret(*std::move(content));
  return wrong_setting(config.file, key, content.error().message + ": expected " + std::string(expected));
}

Result<NewConfig> compose_config(const std::filesystem::path& dir, const std::vector<Override>& settings) {
  const auto file = dir / "holdfast.json";
  if (std::filesystem::exists(file)) {
    return fail(ErrorKind::conflict, "already_exists",
                file.string() + ": exists already: give an empty directory");
  }
  TRY(auto text, with_settings("{}", settings));
  TRY(auto config, parse_config(text, file));
  TRY_VOID(make_directory(dir));
  return NewConfig{.config = std::move(config), .text = std::move(text)};
}

Result<> make_directory(const std::filesystem::path& dir) {
  std::error_code error;
  std::filesystem::create_directories(dir, error);
  if (!error) return {};
  return fail(ErrorKind::invalid, "invalid_configuration",
              dir.string() + ": cannot be made: " + error.message());
}

Result<crypto::RsaRegionKey> load_region_key(const Config& config) {
  TRY(const auto pem, read_key_file(config, region_key_key, config.region_key_file, a_region_key));
  auto key = crypto::RsaRegionKey::from_pem(pem.expose());
  if (key) return key;
  return wrong_setting(config.file, region_key_key,
                       config.region_key_file.string() + ": expected " + std::string(a_region_key));
}

Result<crypto::RsaRegionKey> make_region_key(const Config& config) {
  const auto& file = config.region_key_file;
  if (is_unset_credential(file)) return unset_credential(config, region_key_key, file);
  if (std::filesystem::exists(file)) return load_region_key(config);
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
