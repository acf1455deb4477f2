#include "demo_regions.h"

#include <algorithm>
#include <iostream>
#include <nlohmann/json.hpp>

#include "demo_wait.h"
#include "holdfast/app/init.h"
#include "holdfast/app/join.h"
#include "holdfast/base/clock.h"
#include "holdfast/base/files.h"
#include "holdfast/base/json.h"
#include "holdfast/crypto/x509.h"

namespace holdfast::cli {
namespace {

using namespace std::chrono_literals;
constexpr auto stop_patience = 15s;

void say(std::string_view what) { std::cerr << "demo: " << what << std::endl; }

Result<> make_authority(const DemoLayout& layout) {
  const auto key_file = layout.dir / "ca.key";
  if (std::filesystem::exists(key_file)) return {};
  TRY(const auto authority, crypto::CertificateAuthority::create("Holdfast demo", system_clock().now()));
  TRY_VOID(write_public_file(layout.ca_file(), authority.certificate_pem()));
  return write_private_file(key_file, authority.private_key_pem().expose());
}

/// A server certificate for one region, as files for init or join to copy.
Result<app::TlsFiles> issue_certificate(const DemoLayout& layout, const DemoRegion& region) {
  TRY(const auto ca_pem, read_file(layout.ca_file()));
  TRY(auto key_pem, read_file(layout.dir / "ca.key"));
  TRY(const auto authority, crypto::CertificateAuthority::from_pem(ca_pem, Secret(std::move(key_pem))));
  TRY(const auto issued,
      authority.issue_server_certificate({.dns_names = {"localhost"}, .ip_addresses = {"127.0.0.1"}},
                                         system_clock().now()));
  app::TlsFiles files{.certificate = layout.dir / (region.name + ".crt"),
                      .key = layout.dir / (region.name + ".key"),
                      .authority = layout.ca_file()};
  TRY_VOID(write_public_file(files.certificate, issued.certificate_pem));
  TRY_VOID(write_private_file(files.key, issued.private_key_pem.expose()));
  return files;
}

std::vector<app::Override> settings_of(const DemoLayout& layout, const DemoRegion& region,
                                       const std::vector<app::Override>& extra) {
  const auto at = [](std::uint16_t port) { return "127.0.0.1:" + std::to_string(port); };
  std::vector<app::Override> settings = {
      {"region", region.name},
      {"issuer_base", layout.front_url()},
      {"hosts", R"(["localhost"])"},
      {"listeners.public.address", at(region.ports.public_port)},
      {"listeners.public.url", localhost_url(region.ports.public_port)},
      {"listeners.public.proxy_address", at(region.ports.public_proxy_port)},
      {"listeners.objects.address", at(region.ports.objects_port)},
      {"listeners.objects.url", localhost_url(region.ports.objects_port)},
      {"listeners.objects.proxy_address", at(region.ports.objects_proxy_port)},
      {"listeners.admin.address", at(region.ports.admin_port)},
      {"listeners.replication.address", at(region.ports.replication_port)},
      {"listeners.replication.peer_address", "localhost:" + std::to_string(region.ports.replication_port)},
  };
  settings.insert(settings.end(), extra.begin(), extra.end());
  return settings;
}

/// Whether every acknowledge rule that so many secondaries can meet is in force.
bool acknowledges_as_set(const nlohmann::json& region) {
  return std::ranges::all_of(region.at("acknowledge"), [&](const nlohmann::json& rule) {
    return rule.at("inForce") == rule.at("needed") || rule.at("of") > region.at("secondaries").size();
  });
}

bool is_made(const DemoRegion& region) { return std::filesystem::exists(region.dir / "holdfast.json"); }

}  // namespace

Result<DemoRegions> DemoRegions::start(const DemoLayout& layout, const std::vector<app::Override>& settings) {
  DemoRegions regions(layout);
  TRY_VOID(make_authority(layout));
  TRY_VOID(regions.found(settings));
  TRY_VOID(regions.start_region(0));
  TRY_VOID(regions.join_all(settings));
  for (std::size_t i = 1; i < layout.regions.size(); ++i) TRY_VOID(regions.start_region(i));
  for (std::size_t i = 0; i < layout.regions.size(); ++i) {
    TRY_VOID(regions.wait_for_region(i, "/health/ready"));
  }
  TRY_VOID(regions.start_front_door());
  TRY_VOID(regions.learn_roles());
  return regions;
}

Result<> DemoRegions::found(const std::vector<app::Override>& settings) {
  const auto& first = layout_.regions.front();
  if (is_made(first)) return app::change_config(first.dir / "holdfast.json", settings);
  say("init " + first.name);
  TRY(const auto tls, issue_certificate(layout_, first));
  TRY_VOID(app::init_region({
      .dir = first.dir,
      .settings = settings_of(layout_, first, settings),
      .tls = tls,
      .administrator = {.name = "Demo Administrator", .email = "admin@example.com", .phone = "+14155550100"},
      .recovery_key_file = layout_.dir / "recovery.key",
      .cluster_wide_token = true,
  }));
  return {};
}

Result<> DemoRegions::join_all(const std::vector<app::Override>& settings) {
  for (std::size_t i = 1; i < layout_.regions.size(); ++i) {
    const auto& region = layout_.regions[i];
    if (is_made(region)) {
      TRY_VOID(app::change_config(region.dir / "holdfast.json", settings));
      continue;
    }
    say("join " + region.name);
    TRY(auto primary, admin(0));
    TRY_VOID(wait_for_region(0, "/health/traffic?role=primary"));
    TRY(const auto token, primary.send(http::Method::post, "/admin/v1/join-tokens", {{"name", region.name}}));
    const auto token_file = layout_.dir / (region.name + ".join-token");
    TRY_VOID(write_private_file(token_file, token.at("token").get<std::string>()));
    TRY(const auto tls, issue_certificate(layout_, region));
    TRY_VOID(app::join_region({.dir = region.dir,
                               .settings = settings_of(layout_, region, settings),
                               .tls = tls,
                               .token_file = token_file}));
    std::filesystem::remove(token_file);
    TRY(const auto admin_token, read_file(layout_.regions[0].dir / "admin-token"));
    TRY_VOID(write_private_file(region.dir / "admin-token", admin_token));
  }
  return {};
}

Result<> DemoRegions::start_region(std::size_t index) {
  const auto& region = layout_.regions[index];
  say("serve " + region.name);
  TRY(auto process, ChildProcess::start({own_program().string(), "serve", "--config",
                                         (region.dir / "holdfast.json").string()},
                                        log_of(index)));
  processes_.push_back(std::move(process));
  return {};
}

std::filesystem::path DemoRegions::log_of(std::size_t index) const {
  return layout_.dir / (layout_.regions[index].name + ".log");
}

Result<> DemoRegions::wait_for_region(std::size_t index, std::string_view path) {
  const auto& region = layout_.regions[index];
  const std::string url = localhost_url(region.ports.public_port).append(path);
  TRY(auto client, admin(index));
  const Wait wait{.what = region.name, .asked = "GET " + url, .log_file = log_of(index)};
  return wait_for(wait, [&]() -> Result<Look> {
    if (!processes_[index].running())
      return fail(ErrorKind::internal, "internal", region.name + " ended before it answered GET " + url);
    return look_at(client.status_of(url));
  });
}

Result<> DemoRegions::start_front_door() {
  const auto config = layout_.dir / "haproxy.cfg";
  TRY_VOID(write_private_file(config, haproxy_config(layout_)));
  say("front door " + layout_.front_url());
  TRY(auto process,
      ChildProcess::start({"haproxy", "-db", "-f", config.string()}, layout_.dir / "haproxy.log"));
  front_door_ = std::move(process);
  TRY(auto client, admin(0));
  const Wait wait{
      .what = "the front door",
      .asked = "GET /health/live of " + layout_.front_url() + " and " + layout_.objects_front_url(),
      .log_file = layout_.dir / "haproxy.log"};
  return wait_for(wait, [&]() -> Result<Look> {
    if (!front_door_->running()) return fail(ErrorKind::internal, "internal", "haproxy ended");
    auto front = look_at(client.status_of(layout_.front_url() + "/health/live"));
    if (!front.done) return front;
    // Any status will do: the object store has no health checks of its own.
    const auto objects = client.status_of(layout_.objects_front_url() + "/health/live");
    return Look{.done = objects.has_value(), .seen = look_at(objects).seen};
  });
}

Result<> DemoRegions::learn_roles() {
  const Wait wait{
      .what = "a primary", .asked = "GET /admin/v1/region of every region", .log_file = log_of(0)};
  return wait_for(wait, [&]() -> Result<Look> {
    roles_.clear();
    Look look;
    for (std::size_t i = 0; i < layout_.regions.size(); ++i) {
      TRY(auto client, admin(i));
      TRY(const auto region, client.get("/admin/v1/region"));
      roles_.push_back(region.value("role", ""));
      look.seen += layout_.regions[i].name + " is " + roles_.back() + "; ";
    }
    look.done = std::ranges::count(roles_, "primary") == 1;
    return look;
  });
}

Result<> DemoRegions::all_running() {
  for (std::size_t i = 0; i < processes_.size(); ++i) {
    if (!processes_[i].running()) {
      return fail(ErrorKind::internal, "internal",
                  layout_.regions[i].name + " ended; its log: " + log_of(i).string());
    }
  }
  return {};
}

std::size_t DemoRegions::primary() const {
  return static_cast<std::size_t>(std::ranges::find(roles_, "primary") - roles_.begin());
}

Result<AdminClient> DemoRegions::admin(std::size_t index) const {
  const auto& region = layout_.regions[index];
  return AdminClient::open({.url = localhost_url(region.ports.admin_port),
                            .ca_file = layout_.ca_file(),
                            .token_file = layout_.regions[0].dir / "admin-token"});
}

Result<> DemoRegions::wait_caught_up() const {
  TRY(auto client, admin(primary()));
  const Wait wait{
      .what = "the secondaries, caught up",
      .asked = "GET " + localhost_url(layout_.regions[primary()].ports.admin_port) + "/admin/v1/region",
      .log_file = log_of(primary())};
  return wait_for(wait, [&]() -> Result<Look> {
    TRY(const auto region, client.get("/admin/v1/region"));
    const bool done = acknowledges_as_set(region) &&
                      std::ranges::all_of(region.at("secondaries"), [&](const nlohmann::json& secondary) {
                        return secondary.value("durablePosition", nlohmann::json()) == region.at("position");
                      });
    return Look{.done = done, .seen = to_json_text(region)};
  });
}

void DemoRegions::stop() {
  if (front_door_) front_door_->stop(stop_patience);
  for (auto& process : processes_) process.stop(stop_patience);
}

}  // namespace holdfast::cli
