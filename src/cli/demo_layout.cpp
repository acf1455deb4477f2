#include "demo_layout.h"

#include <array>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "holdfast/base/files.h"
#include "holdfast/base/json.h"
#include "ports.h"
#include "quoting.h"

namespace holdfast::cli {
namespace {

constexpr std::array<std::string_view, 6> demo_region_names = {"us-east-1", "eu-west-1",  "ap-south-1",
                                                               "sa-east-1", "eu-north-1", "af-south-1"};
constexpr std::size_t ports_per_region = 6;

using PortMember = std::pair<const char*, std::uint16_t DemoPorts::*>;
constexpr std::array<PortMember, ports_per_region> port_members = {{
    {"public", &DemoPorts::public_port},
    {"objects", &DemoPorts::objects_port},
    {"admin", &DemoPorts::admin_port},
    {"replication", &DemoPorts::replication_port},
    {"publicProxy", &DemoPorts::public_proxy_port},
    {"objectsProxy", &DemoPorts::objects_proxy_port},
}};

std::filesystem::path layout_file(const std::filesystem::path& dir) { return dir / "demo-layout.json"; }

DemoRegion place_region(const std::filesystem::path& dir, std::string_view name) {
  return {.name = std::string(name), .dir = dir / name, .ports = {}};
}

Result<DemoLayout> read_layout(const std::filesystem::path& dir, std::size_t secondaries) {
  TRY(const auto text, read_file(layout_file(dir)));
  TRY(const auto json, parse_json(text));
  DemoLayout layout{.dir = dir, .is_new = false};
  JsonFields fields(json);
  layout.front_port = static_cast<std::uint16_t>(fields.number("frontDoor", 1, 65535));
  layout.objects_front_port = static_cast<std::uint16_t>(fields.number("objectsFrontDoor", 1, 65535));
  const auto* regions = fields.array("regions");
  TRY_VOID(fields.finish());
  for (const auto& entry : *regions) {
    JsonFields region_fields(entry);
    DemoRegion region = place_region(dir, region_fields.text("name"));
    for (const auto& [name, member] : port_members) {
      region.ports.*member = static_cast<std::uint16_t>(region_fields.number(name, 1, 65535));
    }
    TRY_VOID(region_fields.finish());
    layout.regions.push_back(std::move(region));
  }
  if (layout.regions.size() != secondaries + 1) {
    return fail(ErrorKind::invalid, "invalid_argument",
                dir.string() + " holds a demo of " + std::to_string(layout.regions.size()) +
                    " regions: give the same --secondaries, or another --dir");
  }
  return layout;
}

Result<> write_layout(const DemoLayout& layout) {
  nlohmann::json regions = nlohmann::json::array();
  for (const auto& region : layout.regions) {
    nlohmann::json entry{{"name", region.name}};
    for (const auto& [name, member] : port_members) entry[name] = region.ports.*member;
    regions.push_back(std::move(entry));
  }
  const nlohmann::json json{{"frontDoor", layout.front_port},
                            {"objectsFrontDoor", layout.objects_front_port},
                            {"regions", std::move(regions)}};
  return write_private_file(layout_file(layout.dir), json.dump(2) + "\n");
}

Result<DemoLayout> new_layout(const std::filesystem::path& dir, std::size_t secondaries,
                              std::uint16_t base_port) {
  if (secondaries + 1 > demo_region_names.size()) {
    return fail(ErrorKind::invalid, "invalid_argument", "--secondaries takes a number from 0 to 5");
  }
  const std::size_t regions = secondaries + 1;
  TRY(const auto ports, free_ports(base_port, regions * ports_per_region + 2));
  DemoLayout layout{.dir = dir};
  auto next = ports.begin();
  for (std::size_t i = 0; i < regions; ++i) {
    layout.regions.push_back(place_region(dir, demo_region_names[i]));
    for (const auto& [name, member] : port_members) layout.regions.back().ports.*member = *next++;
  }
  layout.front_port = *next++;
  layout.objects_front_port = *next;
  TRY_VOID(write_layout(layout));
  return layout;
}

constexpr std::string_view haproxy_defaults =
    R"(# Written by `holdfast demo`; config/haproxy.cfg explains each line.
global
  maxconn 4096
defaults
  mode tcp
  timeout connect 500ms
  timeout client 60s
  timeout server 60s
  timeout check 400ms
  retries 2
  option redispatch 1
  balance first
  option httpchk
)";

std::string server_line(const DemoRegion& region, std::uint16_t port, std::uint16_t check_port,
                        std::string_view suffix) {
  std::ostringstream line;
  line << "  server " << region.name << suffix << " 127.0.0.1:" << port;
  if (suffix.empty()) {
    line << " check port " << check_port;
  } else {
    line << " backup track signin/" << region.name;
  }
  line << "\n";
  return line.str();
}

void write_backend(std::ostream& out, const DemoLayout& layout, std::string_view name, bool objects) {
  out << "frontend " << name
      << "-in\n  bind 127.0.0.1:" << (objects ? layout.objects_front_port : layout.front_port)
      << "\n  default_backend " << name << "\nbackend " << name
      << "\n  http-check send meth GET uri /health/traffic?role=primary ver HTTP/1.1 hdr Host localhost\n"
         "  http-check expect status 200\n";
  for (const std::string_view suffix : {"", "-any"}) {
    for (const auto& region : layout.regions) {
      const auto port = objects ? region.ports.objects_proxy_port : region.ports.public_proxy_port;
      out << server_line(region, port, region.ports.public_proxy_port, suffix);
    }
  }
}

}  // namespace

std::string localhost_url(std::uint16_t port) { return "https://localhost:" + std::to_string(port); }
std::string DemoLayout::front_url() const { return localhost_url(front_port); }
std::string DemoLayout::objects_front_url() const { return localhost_url(objects_front_port); }

Result<DemoLayout> prepare_layout(const std::filesystem::path& dir, std::size_t secondaries,
                                  std::uint16_t base_port) {
  if (std::filesystem::exists(layout_file(dir))) return read_layout(dir, secondaries);
  return new_layout(dir, secondaries, base_port);
}

std::string haproxy_config(const DemoLayout& layout) {
  std::ostringstream out;
  out << haproxy_defaults
      << "  default-server inter 500ms fastinter 200ms fall 2 rise 1 observe layer4 on-error mark-down "
         "on-marked-down shutdown-sessions check-ssl verify required ca-file "
      << shell_quoted(layout.ca_file().string())
      << " check-sni localhost verifyhost localhost send-proxy-v2 check-send-proxy\n";
  write_backend(out, layout, "holdfast", false);
  write_backend(out, layout, "objects", true);
  out << "backend signin\n  http-check send meth GET uri /health/traffic ver HTTP/1.1 hdr Host localhost\n"
         "  http-check expect status 200\n";
  for (const auto& region : layout.regions) {
    out << server_line(region, region.ports.public_proxy_port, region.ports.public_proxy_port, "");
  }
  return out.str();
}

}  // namespace holdfast::cli
