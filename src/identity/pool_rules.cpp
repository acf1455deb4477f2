#include "holdfast/identity/pool_rules.h"

#include <algorithm>
#include <array>
#include <set>
#include <string>
#include <utility>

#include "holdfast/base/text.h"
#include "holdfast/identity/user_rules.h"
#include "random_text.h"

namespace holdfast::identity {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr std::string_view lower_letters = "abcdefghijklmnopqrstuvwxyz";
constexpr std::string_view upper_letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
constexpr std::string_view digits = "0123456789";
// Cognito's list; a space counts too unless it leads or trails, which its console cannot even type.
constexpr std::string_view symbols = "^$*.[]{}()?\"!@#%&/\\,><':;|_~`=+- ";
// Easy to type and safe in a shell's single quotes, in JSON and in mail.
constexpr std::string_view generated_symbols = "!@#%&*+-=?_~";

std::unexpected<Error> invalid_pool(std::string message) {
  return fail(ErrorKind::invalid, "invalid_pool", std::move(message));
}

std::unexpected<Error> invalid_password(std::string message) {
  return fail(ErrorKind::invalid, "invalid_password", std::move(message));
}

Result<> check_between(std::string_view field, seconds value, seconds least, seconds most) {
  if (value >= least && value <= most) return {};
  return invalid_pool(std::string(field) + " must be between " + std::to_string(least.count()) + " and " +
                      std::to_string(most.count()) + " seconds");
}

bool has_any_of(std::string_view text, std::string_view wanted) {
  return text.find_first_of(wanted) != std::string_view::npos;
}

bool has_symbol(std::string_view password) {
  return has_any_of(password.substr(0, 1), symbols.substr(0, symbols.size() - 1)) ||
         (password.size() > 1 && has_any_of(password.substr(1, password.size() - 2), symbols)) ||
         has_any_of(password.substr(password.size() - 1), symbols.substr(0, symbols.size() - 1));
}

Result<> check_custom_attributes(const std::vector<AttributeDefinition>& attributes) {
  if (attributes.size() > max_custom_attributes) return invalid_pool("customAttributes must be at most 50");
  std::set<std::string_view> names;
  for (const AttributeDefinition& attribute : attributes) {
    if (!is_custom_attribute_name(attribute.name)) {
      return invalid_pool("a custom attribute's name must be custom: and 1 to 20 letters, digits, _ or -");
    }
    if (!names.insert(attribute.name).second)
      return invalid_pool("custom attribute " + attribute.name + " is there twice");
    const bool has_bounds = attribute.least || attribute.most;
    if (has_bounds && attribute.type != AttributeType::string && attribute.type != AttributeType::number) {
      return invalid_pool("only string and number attributes have bounds: " + attribute.name);
    }
    if (attribute.least && attribute.most && *attribute.least > *attribute.most) {
      return invalid_pool("the bounds of " + attribute.name + " are crossed");
    }
  }
  return {};
}

}  // namespace

PoolId new_pool_id(const RegionName& region, crypto::Entropy& entropy) {
  return PoolId(region.str() + "_" +
                random_text("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789", 9, entropy));
}

bool is_pool_id(std::string_view text) {
  const auto underscore = text.find('_');
  if (underscore == std::string_view::npos || underscore == 0 || underscore > 32) return false;
  const std::string_view region = text.substr(0, underscore);
  const std::string_view suffix = text.substr(underscore + 1);
  const bool region_fits =
      region.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") == std::string_view::npos;
  return region_fits && suffix.size() == 9 &&
         suffix.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789") ==
             std::string_view::npos;
}

Result<> check_lifetimes(const Lifetimes& lifetimes) {
  TRY_VOID(check_between("accessTokenSeconds", lifetimes.access, minutes(5), longest_access_lifetime));
  TRY_VOID(check_between("idTokenSeconds", lifetimes.id, minutes(5), longest_access_lifetime));
  TRY_VOID(check_between("refreshTokenSeconds", lifetimes.refresh, hours(1), longest_refresh_lifetime));
  TRY_VOID(check_between("challengeSeconds", lifetimes.challenge, minutes(3), minutes(15)));
  if (lifetimes.refresh < lifetimes.access || lifetimes.refresh < lifetimes.id) {
    return invalid_pool("refreshTokenSeconds must not be shorter than accessTokenSeconds or idTokenSeconds");
  }
  return {};
}

Result<> check_pool(const Pool& pool) {
  if (pool.name.empty() || pool.name.size() > max_pool_name_size || !is_printable(pool.name)) {
    return invalid_pool("name must be 1 to 128 printable bytes");
  }
  const PasswordPolicy& policy = pool.password;
  if (policy.minimum_length < 6 || policy.minimum_length > 99) {
    return invalid_pool("minimumLength must be between 6 and 99");
  }
  TRY_VOID(check_between("temporaryPasswordSeconds", policy.temporary_validity, hours(1), days(365)));
  TRY_VOID(check_lifetimes(pool.lifetimes));
  for (const std::string& name : pool.required_attributes) {
    if (!is_standard_attribute(name) || is_verified_flag(name)) {
      return invalid_pool("requiredAttributes takes standard attributes, not " + printable_or(name, "that"));
    }
  }
  return check_custom_attributes(pool.custom_attributes);
}

Result<> check_pool_change(const Pool& before, const Pool& after) {
  const auto immutable = [](std::string message) {
    return fail(ErrorKind::invalid, "immutable_field", std::move(message));
  };
  if (before.usernames_are_case_sensitive != after.usernames_are_case_sensitive) {
    return immutable("whether usernames are case-sensitive is fixed when the pool is made");
  }
  for (const AttributeDefinition& old : before.custom_attributes) {
    const auto kept = std::ranges::find(after.custom_attributes, old.name, &AttributeDefinition::name);
    if (kept == after.custom_attributes.end())
      return immutable("custom attribute " + old.name + " cannot be removed");
    if (kept->type != old.type) return immutable("custom attribute " + old.name + " cannot change its type");
  }
  return check_pool(after);
}

Result<std::string> normalize_password(std::string_view password) {
  if (password.size() > max_password_size) return invalid_password("a password has at most 256 bytes");
  TRY(auto normal, to_nfc(password));
  if (normal.size() > max_password_size) return invalid_password("a password has at most 256 bytes");
  return normal;
}

Result<> check_password(const PasswordPolicy& policy, std::string_view password) {
  TRY(const auto normal, normalize_password(password));
  if (count_code_points(normal) < policy.minimum_length) {
    return invalid_password("Password did not conform with policy: Password not long enough");
  }
  if (std::ranges::any_of(normal,
                          [](char c) { return static_cast<unsigned char>(c) < 0x20U || c == 0x7f; })) {
    return invalid_password(
        "Password did not conform with policy: Password must not have control characters");
  }
  if (policy.needs_lower && !has_any_of(normal, lower_letters)) {
    return invalid_password("Password did not conform with policy: Password must have lowercase characters");
  }
  if (policy.needs_upper && !has_any_of(normal, upper_letters)) {
    return invalid_password("Password did not conform with policy: Password must have uppercase characters");
  }
  if (policy.needs_digit && !has_any_of(normal, digits)) {
    return invalid_password("Password did not conform with policy: Password must have numeric characters");
  }
  if (policy.needs_symbol && !has_symbol(normal)) {
    return invalid_password("Password did not conform with policy: Password must have symbol characters");
  }
  return {};
}

std::string new_temporary_password(const PasswordPolicy& policy, crypto::Entropy& entropy) {
  const std::string all = std::string(lower_letters) + std::string(upper_letters) + std::string(digits) +
                          std::string(generated_symbols);
  const std::size_t size = std::max<std::size_t>(20, policy.minimum_length);
  // Drawing again until every class is there keeps each accepted password equally likely.
  for (;;) {
    std::string password = random_text(all, size, entropy);
    if (has_any_of(password, lower_letters) && has_any_of(password, upper_letters) &&
        has_any_of(password, digits) && has_any_of(password, generated_symbols)) {
      return password;
    }
  }
}

std::string_view to_string(AttributeType type) {
  switch (type) {
    case AttributeType::string:
      return "string";
    case AttributeType::number:
      return "number";
    case AttributeType::boolean:
      return "boolean";
    case AttributeType::date:
      return "date";
  }
  return "string";
}

Result<AttributeType> parse_attribute_type(std::string_view text) {
  for (const AttributeType type :
       {AttributeType::string, AttributeType::number, AttributeType::boolean, AttributeType::date}) {
    if (to_string(type) == text) return type;
  }
  return invalid_pool("a custom attribute's type must be string, number, boolean or date");
}

}  // namespace holdfast::identity
