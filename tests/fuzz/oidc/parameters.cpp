// A form body, and the Authorization header before it (the first line). Every parameter that is accepted says
// exactly what its text says, once; what is written with escapes is read back.
#include "holdfast/oidc/parameters.h"

#include <algorithm>

#include "fuzz.h"
#include "holdfast/base/encoding.h"
#include "holdfast/base/text.h"
#include "holdfast/oidc/client_authenticator.h"

namespace {

using namespace holdfast;
using namespace holdfast::oidc;
using fuzz::require;

bool is_clean(std::string_view text) { return is_utf8(text) && !text.contains('\0'); }

void check_pair(const Parameters& parameters, std::string_view pair) {
  const auto equals = std::min(pair.find('='), pair.size());
  const auto name = decode_form_text(pair.substr(0, equals));
  const auto value = decode_form_text(pair.substr(std::min(equals + 1, pair.size())));
  require(name && value && is_clean(*name) && is_clean(*value));
  const auto found = parameters.find(*name);
  require(value->empty() ? !found : found == *value);
}

void check_form(std::string_view form) {
  const auto parameters = Parameters::parse(form);
  if (!parameters) {
    require(parameters.error().code == "invalid_request");
    return;
  }
  while (!form.empty()) {
    const auto end = std::min(form.find('&'), form.size());
    if (end > 0) check_pair(*parameters, form.substr(0, end));
    form.remove_prefix(std::min(end + 1, form.size()));
  }
}

std::string escaped(std::string_view text) {
  std::string out;
  for (const char byte : text) out += "%" + to_hex(std::string_view(&byte, 1));
  return out;
}

void check_written(std::string_view value) {
  const auto parameters = Parameters::parse("scope=a&state=" + escaped(value) + "&nonce=b");
  require(parameters.has_value() == is_clean(value));
  if (!parameters) return;
  require(parameters->find("scope") == "a" && parameters->find("nonce") == "b");
  require(value.empty() ? !parameters->find("state") : parameters->find("state") == value);
}

void check_credentials(std::string_view authorization, std::string_view form) {
  const auto parameters = Parameters::parse(form);
  if (!parameters) return;
  const auto credentials = read_client_credentials(authorization, *parameters);
  if (!credentials) return;
  // Two ways at once, or two different clients, are refused.
  require(!parameters->find("client_secret"));
  const auto id = parameters->find("client_id");
  require(!id || *id == credentials->id.str());
  require(is_clean(credentials->id.str()) && (!credentials->secret || is_clean(*credentials->secret)));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  const auto input = fuzz::input_of(data, size);
  check_form(input);
  check_written(input);
  const auto parts = fuzz::two_parts(input);
  check_credentials(parts.first, parts.second);
  return 0;
}
