#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>

#include "admin_client.h"
#include "commands.h"
#include "holdfast/http/target.h"
#include "output.h"
#include "region_status.h"

namespace holdfast::cli {
namespace {

struct RegionArguments {
  AdminOptions admin;
  bool json = false;
};

Result<nlohmann::json> call_region(const RegionArguments& arguments, http::Method method,
                                   const std::string& path, const nlohmann::json& body = nullptr) {
  TRY(const auto target, arguments.admin.resolve());
  TRY(auto client, AdminClient::open(target));
  if (method == http::Method::get) return client.get(path);
  return client.send(method, path, body);
}

int show_status(const RegionArguments& arguments, const Result<nlohmann::json>& region) {
  if (!region) return report_failure(region.error(), arguments.json);
  if (arguments.json) {
    print_result(*region, true);
  } else {
    std::cout << render_region_status(*region) << std::flush;
  }
  return exit_done;
}

void print_reports(const nlohmann::json& answer) {
  for (const auto& report : answer.at("reports")) {
    if (const auto error = report.find("error"); error != report.end()) {
      std::cout << report.value("region", "") << ": NOT COMPARED, " << error->value("detail", "") << "\n";
      continue;
    }
    std::cout << report.value("region", "") << ": "
              << (report.value("identical", false) ? "identical" : "DIFFERENT") << ", " << report.at("rows")
              << " rows compared at position " << report.value("position", "") << "\n";
    for (const auto& range : report.value("different", nlohmann::json::array()))
      std::cout << "  differs: " << range.dump() << "\n";
  }
}

std::shared_ptr<RegionArguments> region_arguments(CLI::App& command) {
  auto arguments = std::make_shared<RegionArguments>();
  arguments->admin.add_to(command);
  command.add_flag("--json", arguments->json, "Print the answer as JSON");
  return arguments;
}

std::string removal_path(const std::string& name, bool force) {
  return "/admin/v1/region/members/" + http::percent_encode(name) + (force ? "?force=true" : "");
}

}  // namespace

void add_region_commands(CLI::App& program, int& status) {
  auto* family = program.add_subcommand("region", "Role, term and lag of a running region; fencing");
  family->require_subcommand(1);
  auto* show = family->add_subcommand("status", "Who is primary, who is behind, by how much");
  show->callback([arguments = region_arguments(*show), &status] {
    status = show_status(*arguments, call_region(*arguments, http::Method::get, "/admin/v1/region"));
  });
  auto* fence =
      family->add_subcommand("fence", "Stop all writes at this region until `unfence`; sign-ins go on");
  fence->callback([arguments = region_arguments(*fence), &status] {
    status = show_status(*arguments, call_region(*arguments, http::Method::post, "/admin/v1/region/fence"));
  });
  auto* unfence =
      family->add_subcommand("unfence", "Ask the other members again whether this region may write");
  unfence->callback([arguments = region_arguments(*unfence), &status] {
    status = show_status(*arguments, call_region(*arguments, http::Method::post, "/admin/v1/region/unfence"));
  });
  auto* remove = family->add_subcommand("remove", "At the primary: shut a member out for good");
  auto name = std::make_shared<std::string>();
  auto force = std::make_shared<bool>(false);
  remove->add_option("name", *name, "The member's name")->required();
  remove->add_flag("--force", *force, "Also a member that is heard now");
  remove->callback([arguments = region_arguments(*remove), name, force, &status] {
    const auto path = removal_path(*name, *force);
    status = show_status(*arguments, call_region(*arguments, http::Method::del, path));
  });
}

void add_verify_command(CLI::App& program, int& status) {
  auto* command =
      program.add_subcommand("verify", "Compare the primary's store with its secondaries' at one position");
  auto arguments = region_arguments(*command);
  auto region = std::make_shared<std::string>();
  command->add_option("--region", *region, "Only this secondary; default: all");
  command->callback([arguments, region, &status] {
    const auto body = region->empty() ? nlohmann::json::object() : nlohmann::json{{"region", *region}};
    const auto answer = call_region(*arguments, http::Method::post, "/admin/v1/region/verify", body);
    if (!answer) {
      status = report_failure(answer.error(), arguments->json);
      return;
    }
    if (arguments->json) {
      print_result(*answer, true);
    } else {
      print_reports(*answer);
    }
    status = answer->value("identical", false) ? exit_done : exit_failed;
  });
}

}  // namespace holdfast::cli
