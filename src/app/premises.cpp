#include "premises.h"

#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>
#include <vector>

#include "holdfast/base/files.h"
#include "holdfast/net/check_address.h"
#include "host_and_port.h"
#include "region_files.h"
#include "wrong_setting.h"

namespace holdfast::app {
namespace {

constexpr std::string_view certificate_key = "tls.certificate_file";
constexpr std::string_view private_key_key = "tls.key_file";

Result<> check_tls(const Config& config) {
  TRY(const auto identity, read_tls_identity(config));
  TRY_VOID(make_server_tls(config, identity));
  return {};
}

Result<> check_data_dir(const Config& config) {
  constexpr std::string_view expected =
      "expected a directory that `holdfast init` or `holdfast join` made and that this process may write";
  const auto refuse = [&](std::string_view problem) {
    return wrong_setting(config.file, "data_dir",
                         config.data_dir.string().append(": ").append(problem).append(": ").append(expected));
  };
  std::error_code error;
  if (!std::filesystem::exists(config.data_dir, error)) return refuse("does not exist");
  if (!std::filesystem::is_directory(config.data_dir, error)) return refuse("is not a directory");
  if (access(config.data_dir.c_str(), R_OK | W_OK | X_OK) != 0) return refuse(std::strerror(errno));
  if (!std::filesystem::exists(config.data_dir / "FORMAT", error)) return refuse("holds no region's data");
  return {};
}

Result<> check_address(const Config& config, const std::string& key, const std::string& address) {
  const auto [host, port] = split_address(address);
  const auto bindable = net::check_address(host, port);
  if (bindable || bindable.error().code == "port_in_use") return {};
  return wrong_setting(config.file, key,
                       bindable.error().message +
                           ": expected an address of this host and a port that this "
                           "process may bind");
}

Result<> check_listener(const Config& config, std::string_view name, const ListenerConfig& listener) {
  if (!listener.enabled) return {};
  const std::string prefix = "listeners." + std::string(name) + ".";
  TRY_VOID(check_address(config, prefix + "address", listener.address));
  if (listener.proxy_address.empty()) return {};
  TRY_VOID(check_address(config, prefix + "proxy_address", listener.proxy_address));
  if (!listener.trusted_proxies.empty()) return {};
  return wrong_setting(config.file, prefix + "trusted_proxies",
                       "is empty: expected the front door's addresses, as proxy_address is given");
}

}  // namespace

Result<net::TlsIdentity> read_tls_identity(const Config& config) {
  auto certificate = read_file(config.certificate_file);
  if (!certificate) {
    return wrong_setting(config.file, certificate_key,
                         certificate.error().message + ": expected a certificate chain in PEM");
  }
  TRY(auto key, read_key_file(config, private_key_key, config.certificate_key_file,
                              "the certificate's private key in PEM"));
  return net::TlsIdentity{.certificate_pem = *std::move(certificate), .private_key_pem = std::move(key)};
}

Result<std::unique_ptr<net::ServerTls>> make_server_tls(const Config& config,
                                                        const net::TlsIdentity& identity) {
  auto made = net::ServerTls::create(identity);
  if (made) return made;
  const Error& error = made.error();
  if (error.code == "bad_private_key") {
    return wrong_setting(config.file, private_key_key,
                         config.certificate_key_file.string() + ": " + error.message +
                             ": expected the key of tls.certificate_file in PEM",
                         error.detail);
  }
  return wrong_setting(
      config.file, certificate_key,
      config.certificate_file.string() + ": " + error.message + ": expected a certificate chain in PEM",
      error.detail);
}

Result<> check_premises(const Config& config) {
  TRY_VOID(load_region_key(config));
  TRY_VOID(check_tls(config));
  TRY_VOID(check_listener(config, "public", config.public_listener));
  TRY_VOID(check_listener(config, "objects", config.objects_listener));
  TRY_VOID(check_listener(config, "admin", config.admin_listener));
  TRY_VOID(check_listener(config, "replication", config.replication_listener));
  return check_data_dir(config);
}

}  // namespace holdfast::app
