#include "local_listener.h"

namespace holdfast::cli {

LocalListener local_listener(const app::Config& config, const app::ListenerConfig& listener) {
  const auto colon = listener.address.rfind(':');
  auto host = listener.address.substr(0, colon);
  if (host.starts_with('[')) host = host.substr(1, host.size() - 2);
  if (host == "0.0.0.0") host = "127.0.0.1";
  if (host == "::") host = "::1";
  const std::string name = config.hosts.empty() ? "localhost" : config.hosts.front();
  return {.url = "https://" + name + listener.address.substr(colon),
          .connect_host = std::move(host),
          .ca_file = config.certificate_file.parent_path() / "ca.crt"};
}

}  // namespace holdfast::cli
