#include "resource_command.h"

#include <CLI/CLI.hpp>
#include <charconv>
#include <filesystem>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>

#include "admin_client.h"
#include "given_files.h"
#include "holdfast/base/files.h"
#include "holdfast/base/text.h"
#include "holdfast/http/target.h"
#include "output.h"

namespace holdfast::cli {
namespace {

/// What one invocation was given, by option.
struct ResourceArguments {
  AdminOptions admin;
  std::map<std::string_view, std::vector<std::string>> texts;
  std::map<std::string_view, bool> flags;
  bool json = false;
};

Result<nlohmann::json> pairs_of(const std::vector<std::string>& texts, std::string_view flag) {
  nlohmann::json object = nlohmann::json::object();
  for (const auto& text : texts) {
    const auto equals = text.find('=');
    if (equals == std::string::npos) {
      return fail(ErrorKind::invalid, "invalid_argument",
                  std::string(flag) + " " + text + ": expected NAME=VALUE");
    }
    object[text.substr(0, equals)] = text.substr(equals + 1);
  }
  return object;
}

Result<nlohmann::json> number_of(const std::string& text, std::string_view flag) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error == std::errc() && end == text.data() + text.size()) return number;
  return fail(ErrorKind::invalid, "invalid_argument", std::string(flag) + ": expected a whole number");
}

Result<nlohmann::json> truth_of(const std::string& text, std::string_view flag) {
  if (text == "true" || text == "false") return text == "true";
  return fail(ErrorKind::invalid, "invalid_argument", std::string(flag) + ": expected true or false");
}

Result<nlohmann::json> value_of(const ResourceOption& option, const std::vector<std::string>& texts) {
  switch (option.kind) {
    case OptionKind::texts:
      return nlohmann::json(texts);
    case OptionKind::pairs:
      return pairs_of(texts, option.flag);
    case OptionKind::number:
      return number_of(texts.front(), option.flag);
    case OptionKind::truth:
      return truth_of(texts.front(), option.flag);
    case OptionKind::secret: {
      TRY(const auto content, read_given(texts.front()));
      return nlohmann::json(std::string(trim(content)));
    }
    case OptionKind::text:
      return nlohmann::json(texts.front());
    case OptionKind::path:
    case OptionKind::flag:
    case OptionKind::document:
    case OptionKind::query:
    case OptionKind::save:
      break;
  }
  return fail(ErrorKind::internal, "internal", std::string(option.flag) + " is no member of the body");
}

struct Call {
  std::string path;
  nlohmann::json body;
};

/// A secret that was made must not be lost because there is no place to put it.
Result<> check_save_place(const std::string& file) {
  const auto place = std::filesystem::absolute(file).parent_path();
  std::error_code error;
  if (std::filesystem::is_directory(place, error)) return {};
  return fail(ErrorKind::invalid, "invalid_argument", file + ": there is no directory " + place.string());
}

Result<Call> compose_call(const ResourceCommand& command, const ResourceArguments& arguments) {
  Call call{.path = std::string(command.path), .body = {}};
  std::string query;
  for (const auto& option : command.options) {
    const auto given = arguments.texts.find(option.flag);
    if (option.kind != OptionKind::document || given == arguments.texts.end() || given->second.empty())
      continue;
    TRY(call.body, document_of(given->second.front(), option.flag));
  }
  for (const auto& option : command.options) {
    const auto given = arguments.texts.find(option.flag);
    const bool has_text = given != arguments.texts.end() && !given->second.empty();
    if (option.kind == OptionKind::path) {
      const std::string slot = "{" + std::string(option.field) + "}";
      call.path.replace(call.path.find(slot), slot.size(), http::percent_encode(given->second.front()));
    } else if (option.kind == OptionKind::query) {
      if (has_text) {
        query.append(query.empty() ? "?" : "&")
            .append(option.field)
            .append("=")
            .append(http::percent_encode(given->second.front()));
      }
    } else if (option.kind == OptionKind::flag) {
      if (arguments.flags.at(option.flag)) call.body[std::string(option.field)] = true;
    } else if (option.kind == OptionKind::save) {
      if (has_text) TRY_VOID(check_save_place(given->second.front()));
    } else if (option.kind != OptionKind::document && has_text) {
      TRY(call.body[std::string(option.field)], value_of(option, given->second));
    }
  }
  call.path += query;
  const bool has_body = command.method == http::Method::post || command.method == http::Method::put ||
                        command.method == http::Method::patch;
  if (has_body && call.body.is_null()) call.body = nlohmann::json::object();
  return call;
}

/// Moves what an answer holds of secrets into the files that were asked for.
Result<> save_fields(const ResourceCommand& command, const ResourceArguments& arguments,
                     nlohmann::json& answer) {
  for (const auto& option : command.options) {
    const auto given = arguments.texts.find(option.flag);
    if (option.kind != OptionKind::save || given == arguments.texts.end() || given->second.empty()) continue;
    const std::string field(option.field);
    if (!answer.is_object() || !answer.contains(field) || !answer[field].is_string()) continue;
    TRY_VOID(write_private_file(given->second.front(), answer[field].get<std::string>() + "\n"));
    answer.erase(field);
    answer[field + "File"] = given->second.front();
  }
  return {};
}

Result<nlohmann::json> run_resource(const ResourceCommand& command, const ResourceArguments& arguments) {
  TRY(const auto call, compose_call(command, arguments));
  TRY(const auto target, arguments.admin.resolve());
  TRY(auto client, AdminClient::open(target));
  if (command.method == http::Method::get) return client.get(call.path);
  TRY(auto answer, client.send(command.method, call.path, call.body));
  TRY_VOID(save_fields(command, arguments, answer));
  return answer;
}

using Families = std::map<std::string_view, CLI::App*>;

CLI::App& family_of(CLI::App& program, Families& families, std::string_view resource) {
  auto*& family = families[resource];
  if (family == nullptr) {
    const std::string name(resource);
    family = program.add_subcommand(name, "Commands that call the admin API of a running region; `holdfast " +
                                              name + " --help` lists them");
    family->require_subcommand(1);
  }
  return *family;
}

constexpr const char* stdin_hint = "; - reads standard input";

void add_option(CLI::App& command, const ResourceOption& option, ResourceArguments& arguments) {
  const std::string flag(option.flag);
  const std::string help = std::string(option.help) + (option.kind == OptionKind::secret ? stdin_hint : "");
  if (option.kind == OptionKind::flag) {
    command.add_flag(flag, arguments.flags[option.flag], help);
    return;
  }
  auto* added = command.add_option(flag, arguments.texts[option.flag], help);
  if (option.kind != OptionKind::texts && option.kind != OptionKind::pairs) added->expected(1);
  if (option.required || option.kind == OptionKind::path) added->required();
}

}  // namespace

void add_resource_commands(CLI::App& program, int& status) {
  Families families;
  for (const auto& row : resource_commands()) {
    auto* command = family_of(program, families, row.resource)
                        .add_subcommand(std::string(row.verb), std::string(row.help));
    auto arguments = std::make_shared<ResourceArguments>();
    for (const auto& option : row.options) add_option(*command, option, *arguments);
    arguments->admin.add_to(*command);
    command->add_flag("--json", arguments->json, "Print the answer as JSON");
    command->callback([arguments, &row, &status] {
      status = print_outcome(run_resource(row, *arguments), arguments->json);
    });
  }
}

}  // namespace holdfast::cli
