#include "holdfast/identity/user_rules.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <utility>

#include "holdfast/base/control_characters.h"
#include "holdfast/base/encoding.h"
#include "holdfast/base/text.h"

namespace holdfast::identity {
namespace {

// OpenID Connect Core 1.0 §5.1, without `sub`, which is the user's id.
constexpr std::array<std::string_view, 19> standard_attributes = {"name",
                                                                  "given_name",
                                                                  "family_name",
                                                                  "middle_name",
                                                                  "nickname",
                                                                  "preferred_username",
                                                                  "profile",
                                                                  "picture",
                                                                  "website",
                                                                  "email",
                                                                  "gender",
                                                                  "birthdate",
                                                                  "zoneinfo",
                                                                  "locale",
                                                                  "phone_number",
                                                                  "address",
                                                                  "updated_at",
                                                                  "email_verified",
                                                                  "phone_number_verified"};

std::unexpected<Error> invalid_attribute(std::string_view name, std::string_view expected) {
  return fail(ErrorKind::invalid, "invalid_attribute",
              "attribute " + printable_or(name, "name") + " must be " + std::string(expected));
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::optional<std::int64_t> whole_number(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

bool within(const AttributeDefinition& definition, std::int64_t value) {
  return value >= definition.least.value_or(value) && value <= definition.most.value_or(value);
}

Result<> check_custom(const AttributeDefinition& definition, std::string_view value) {
  switch (definition.type) {
    case AttributeType::string:
      if (within(definition, static_cast<std::int64_t>(count_code_points(value)))) return {};
      return invalid_attribute(definition.name, "of a length within its bounds");
    case AttributeType::number: {
      const auto number = whole_number(value);
      if (number && within(definition, *number)) return {};
      return invalid_attribute(definition.name, "a whole number within its bounds");
    }
    case AttributeType::boolean:
      if (value == "true" || value == "false") return {};
      return invalid_attribute(definition.name, "true or false");
    case AttributeType::date:
      if (is_date(value)) return {};
      return invalid_attribute(definition.name, "a date, YYYY-MM-DD");
  }
  return invalid_attribute(definition.name, "of a known type");
}

Result<> check_standard(std::string_view name, std::string_view value) {
  if (name == "email" && !is_email(value)) return invalid_attribute(name, "an e-mail address");
  if (name == "phone_number" && !is_e164(value)) {
    return invalid_attribute(name, "a phone number in E.164 form, like +15550100");
  }
  if (name == "birthdate" && !is_date(value)) return invalid_attribute(name, "a date, YYYY-MM-DD");
  if (is_verified_flag(name) && value != "true" && value != "false")
    return invalid_attribute(name, "true or false");
  if (name == "updated_at" && !whole_number(value)) return invalid_attribute(name, "seconds since 1970");
  return {};
}

const AttributeDefinition* find_definition(const Pool& pool, std::string_view name) {
  const auto found = std::ranges::find(pool.custom_attributes, name, &AttributeDefinition::name);
  return found == pool.custom_attributes.end() ? nullptr : &*found;
}

bool is_required(const Pool& pool, std::string_view name) {
  return std::ranges::find(pool.required_attributes, name) != pool.required_attributes.end();
}

bool is_domain(std::string_view domain) {
  if (domain.empty() || domain.front() == '.' || domain.back() == '.' || domain.front() == '-') return false;
  if (domain.find("..") != std::string_view::npos) return false;
  return std::ranges::all_of(domain, [](char c) {
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' || c == '-' ||
           static_cast<unsigned char>(c) >= 0x80U;
  });
}

/// The digits of a UUID between its dashes (RFC 9562 §4).
struct UuidRun {
  std::size_t at;
  std::size_t size;
};
constexpr std::array<UuidRun, 5> uuid_runs = {{{0, 8}, {9, 4}, {14, 4}, {19, 4}, {24, 12}}};

}  // namespace

UserId new_user_id(crypto::Entropy& entropy) { return UserId(crypto::random_uuid(entropy)); }

bool is_uuid(std::string_view text) {
  if (text.size() != 36) return false;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const bool dash = at == 8 || at == 13 || at == 18 || at == 23;
    const bool hex = is_digit(text[at]) || (text[at] >= 'a' && text[at] <= 'f');
    if (dash ? text[at] != '-' : !hex) return false;
  }
  return true;
}

Result<Bytes> uuid_bytes(std::string_view uuid) {
  if (!is_uuid(uuid)) return fail(ErrorKind::not_found, "not_found", "no such id");
  std::string hex;
  hex.reserve(32);
  for (const auto& [at, size] : uuid_runs) hex.append(uuid.substr(at, size));
  return from_hex(hex);
}

std::string uuid_text(BytesView bytes) {
  std::string hex = to_hex(bytes);
  if (hex.size() != 32) return hex;
  std::string text;
  text.reserve(36);
  std::size_t at = 0;
  for (const auto& run : uuid_runs) {
    if (at > 0) text.push_back('-');
    text.append(hex, at, run.size);
    at += run.size;
  }
  return text;
}

std::size_t count_code_points(std::string_view utf8) {
  return static_cast<std::size_t>(
      std::ranges::count_if(utf8, [](char c) { return (static_cast<unsigned char>(c) & 0xc0U) != 0x80U; }));
}

bool is_printable(std::string_view text) { return is_utf8(text) && !has_control_character(text); }

std::string printable_or(std::string_view text, std::string_view otherwise) {
  return std::string(text.size() <= 64 && is_printable(text) ? text : otherwise);
}

Result<std::string> check_username(std::string_view username) {
  const auto invalid = [](std::string message) {
    return fail(ErrorKind::invalid, "invalid_username", std::move(message));
  };
  if (username.size() > max_username_size) return invalid("a username has at most 128 bytes");
  TRY(auto normal, to_nfc(username));
  if (normal.empty() || normal.size() > max_username_size) return invalid("a username has 1 to 128 bytes");
  if (trim(normal).size() != normal.size() || !is_printable(normal)) {
    return invalid("a username has no white space at its ends and no control characters");
  }
  if (is_uuid(to_lower_ascii(normal))) return invalid("a username must not look like a UUID");
  return normal;
}

Result<std::string> username_key(std::string_view username, bool case_sensitive) {
  return case_sensitive ? to_nfc(username) : to_folded(username);
}

Result<std::string> email_key(std::string_view email) { return to_folded(trim(email)); }

bool is_standard_attribute(std::string_view name) {
  return std::ranges::find(standard_attributes, name) != standard_attributes.end();
}

bool is_custom_attribute_name(std::string_view name) {
  constexpr std::string_view prefix = "custom:";
  if (!name.starts_with(prefix)) return false;
  const std::string_view rest = name.substr(prefix.size());
  return !rest.empty() && rest.size() <= 20 && std::ranges::all_of(rest, [](char c) {
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '-';
  });
}

bool is_verified_flag(std::string_view name) {
  return name == "email_verified" || name == "phone_number_verified";
}

bool is_email(std::string_view text) {
  const auto at = text.rfind('@');
  if (at == std::string_view::npos || at == 0 || at > 64 || text.size() > 254 || !is_printable(text))
    return false;
  const std::string_view local = text.substr(0, at);
  return local.find_first_of(" @\"(),:;<>[]\\") == std::string_view::npos && is_domain(text.substr(at + 1));
}

bool is_e164(std::string_view text) {
  return text.size() >= 3 && text.size() <= 16 && text[0] == '+' && text[1] >= '1' && text[1] <= '9' &&
         std::ranges::all_of(text.substr(1), is_digit);
}

bool is_date(std::string_view text) {
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return false;
  const auto year = whole_number(text.substr(0, 4));
  const auto month = whole_number(text.substr(5, 2));
  const auto day = whole_number(text.substr(8, 2));
  if (!year || !month || !day || *year < 1 || *month < 0 || *day < 0) return false;
  return std::chrono::year_month_day(std::chrono::year(static_cast<int>(*year)),
                                     std::chrono::month(static_cast<unsigned>(*month)),
                                     std::chrono::day(static_cast<unsigned>(*day)))
      .ok();
}

Result<> check_attribute(const Pool& pool, std::string_view name, std::string_view value) {
  if (value.size() > max_attribute_size) return invalid_attribute(name, "at most 2048 bytes");
  if (!is_utf8(value)) return invalid_attribute(name, "UTF-8");
  // An address is several lines (OpenID Connect Core 1.0 §5.1.1); nothing else is.
  if (name != "address" && !is_printable(value)) return invalid_attribute(name, "without control characters");
  if (is_standard_attribute(name)) return check_standard(name, value);
  const AttributeDefinition* definition = find_definition(pool, name);
  if (definition != nullptr) return check_custom(*definition, value);
  return fail(ErrorKind::invalid, "invalid_attribute",
              "the pool has no attribute " + printable_or(name, "of that name"));
}

namespace {

constexpr std::array<std::pair<std::string_view, std::string_view>, 2> proofs = {
    {{"email", "email_verified"}, {"phone_number", "phone_number_verified"}}};

/// Whether `attributes` say that something was proven which is not there.
bool proves_nothing(const Attributes& attributes, std::string_view address, std::string_view flag) {
  const auto said = attributes.find(std::string(flag));
  return said != attributes.end() && said->second == "true" && !attributes.contains(std::string(address));
}

Result<> check_proofs(const Attributes& attributes) {
  for (const auto& [address, flag] : proofs) {
    if (proves_nothing(attributes, address, flag))
      return invalid_attribute(flag, "\"true\" only beside " + std::string(address));
  }
  return {};
}

}  // namespace

Result<> check_new_attributes(const Pool& pool, const Attributes& attributes) {
  for (const auto& [name, value] : attributes) TRY_VOID(check_attribute(pool, name, value));
  for (const std::string& name : pool.required_attributes) {
    if (!attributes.contains(name)) return invalid_attribute(name, "given: the pool requires it");
  }
  return check_proofs(attributes);
}

Result<Attributes> change_attributes(const Pool& pool, const Attributes& before, const Attributes& change) {
  Attributes after = before;
  for (const auto& [name, value] : change) {
    const AttributeDefinition* definition = find_definition(pool, name);
    if (definition != nullptr && !definition->is_mutable && before.contains(name) &&
        before.at(name) != value) {
      return fail(ErrorKind::invalid, "immutable_attribute", "attribute " + name + " cannot be changed");
    }
    if (value.empty()) {
      if (is_required(pool, name)) return invalid_attribute(name, "there: the pool requires it");
      after.erase(name);
      continue;
    }
    TRY_VOID(check_attribute(pool, name, value));
    after[name] = value;
  }
  // An address that was never proven says nothing about the new one.
  for (const auto& [address, proof] : proofs) {
    const std::string key(address);
    const std::string flag(proof);
    const bool changed = change.contains(key) && (!before.contains(key) || before.at(key) != change.at(key));
    const bool moot = changed || proves_nothing(after, address, proof);
    if (moot && !change.contains(flag)) after.erase(flag);
  }
  TRY_VOID(check_proofs(after));
  return after;
}

std::string_view to_string(UserStatus status) {
  switch (status) {
    case UserStatus::unconfirmed:
      return "UNCONFIRMED";
    case UserStatus::confirmed:
      return "CONFIRMED";
    case UserStatus::reset_required:
      return "RESET_REQUIRED";
    case UserStatus::force_change_password:
      return "FORCE_CHANGE_PASSWORD";
    case UserStatus::external_provider:
      return "EXTERNAL_PROVIDER";
  }
  return "UNCONFIRMED";
}

}  // namespace holdfast::identity
