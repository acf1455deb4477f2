#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "holdfast/base/result.h"

namespace holdfast::cli {

/// The loopback ports of one demo region.
struct DemoPorts {
  std::uint16_t public_port = 0;
  std::uint16_t objects_port = 0;
  std::uint16_t admin_port = 0;
  std::uint16_t replication_port = 0;
  std::uint16_t public_proxy_port = 0;
  std::uint16_t objects_proxy_port = 0;
};

struct DemoRegion {
  std::string name;
  std::filesystem::path dir;
  DemoPorts ports;
};

/// Where everything of a demo lives. Kept in `<dir>/demo-layout.json`, because ports are part of the issuer:
/// a directory that is used again keeps them.
struct DemoLayout {
  std::filesystem::path dir;
  std::uint16_t front_port = 0;
  std::uint16_t objects_front_port = 0;
  std::vector<DemoRegion> regions;  ///< the first one begins as primary
  bool is_new = true;

  [[nodiscard]] std::filesystem::path ca_file() const { return dir / "ca.crt"; }
  [[nodiscard]] std::string front_url() const;
  [[nodiscard]] std::string objects_front_url() const;
};

/// "https://localhost:PORT".
std::string localhost_url(std::uint16_t port);

/// Reads the layout of a directory that was used before, or makes one with free ports from `base_port` on.
Result<DemoLayout> prepare_layout(const std::filesystem::path& dir, std::size_t secondaries,
                                  std::uint16_t base_port);

/// The HAProxy front door of docs/operations (measured there): prefers the writable primary, falls back to
/// any region that signs users in, follows a promotion.
std::string haproxy_config(const DemoLayout& layout);

}  // namespace holdfast::cli
