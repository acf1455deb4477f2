#include "holdfast/base/codec.h"
#include "holdfast/identity/user_rules.h"
#include "record_fields.h"
#include "records.h"

namespace holdfast::identity {
namespace {

enum UserField : std::uint32_t {
  user_username = 1,
  user_status = 2,
  user_enabled = 3,
  user_attribute_name = 4,  // each followed by its value
  user_attribute_value = 5,
  user_created = 6,
  user_modified = 7,
};
enum CredentialField : std::uint32_t {
  credential_phc = 1,
  credential_version = 2,
  credential_oldest_valid = 3,
  credential_changed = 4,
  credential_temporary = 5,
  credential_temporary_until = 6,
  credential_lockout_epoch = 7,
};
enum GroupField : std::uint32_t {
  group_id = 1,
  group_description = 2,
  group_precedence = 3,
  group_created = 4,
  group_modified = 5,
};
enum FailureField : std::uint32_t { failure_count = 1, failure_last = 2, failure_epoch = 3 };

}  // namespace

Bytes encode(const User& user) {
  FieldWriter fields;
  fields.text(user_username, user.username)
      .number(user_status, static_cast<std::uint8_t>(user.status))
      .flag(user_enabled, user.enabled);
  // All names, then all values, keeps the numbers ascending.
  for (const auto& [name, value] : user.attributes) fields.text(user_attribute_name, name);
  for (const auto& [name, value] : user.attributes) fields.text(user_attribute_value, value);
  fields.signed_number(user_created, to_micros(user.created_at))
      .signed_number(user_modified, to_micros(user.modified_at));
  return fields.take();
}

Result<User> decode_user(const PoolId& pool, const UserId& id, BytesView plain) {
  TRY(const auto fields, FieldReader::parse(plain));
  User user;
  user.pool = pool;
  user.id = id;
  user.username = fields.text(user_username);
  TRY(user.status,
      enumerator_of(fields, "user", user_status, UserStatus::external_provider, UserStatus::unconfirmed));
  user.enabled = fields.flag(user_enabled);
  std::vector<BytesView> names;
  std::vector<BytesView> values;
  fields.all(user_attribute_name, [&](BytesView name) { names.push_back(name); });
  fields.all(user_attribute_value, [&](BytesView value) { values.push_back(value); });
  if (names.size() != values.size()) {
    return damaged("user: attributes do not pair up");
  }
  for (std::size_t at = 0; at < names.size(); ++at) {
    user.attributes.emplace(std::string(names[at]), std::string(values[at]));
  }
  user.created_at = from_micros(fields.signed_number(user_created));
  user.modified_at = from_micros(fields.signed_number(user_modified));
  return user;
}

Bytes encode(const PasswordCredential& credential) {
  FieldWriter fields;
  fields.text(credential_phc, credential.phc)
      .number(credential_version, credential.version)
      .number(credential_oldest_valid, credential.oldest_valid_version)
      .signed_number(credential_changed, to_micros(credential.changed_at))
      .flag(credential_temporary, credential.temporary)
      .signed_number(credential_temporary_until, to_micros(credential.temporary_until))
      .number(credential_lockout_epoch, credential.lockout_epoch);
  return fields.take();
}

Result<PasswordCredential> decode_credential(BytesView plain) {
  TRY(const auto fields, FieldReader::parse(plain));
  PasswordCredential credential;
  credential.phc = fields.text(credential_phc);
  credential.version = fields.number(credential_version);
  credential.oldest_valid_version = fields.number(credential_oldest_valid);
  credential.changed_at = from_micros(fields.signed_number(credential_changed));
  credential.temporary = fields.flag(credential_temporary);
  credential.temporary_until = from_micros(fields.signed_number(credential_temporary_until));
  credential.lockout_epoch = fields.number(credential_lockout_epoch);
  return credential;
}

Bytes encode(const Group& group) {
  FieldWriter fields;
  fields.text(group_id, uuid_bytes(group.id).value_or(Bytes())).text(group_description, group.description);
  if (group.precedence) fields.number(group_precedence, *group.precedence);
  fields.signed_number(group_created, to_micros(group.created_at))
      .signed_number(group_modified, to_micros(group.modified_at));
  return fields.take();
}

Result<Group> decode_group(const PoolId& pool, std::string name, BytesView plain) {
  TRY(const auto fields, FieldReader::parse(plain));
  Group group;
  group.pool = pool;
  group.name = std::move(name);
  group.id = uuid_text(fields.text(group_id));
  group.description = fields.text(group_description);
  if (fields.find(group_precedence)) {
    TRY(group.precedence, number_of<std::uint32_t>(fields, "group", group_precedence));
  }
  group.created_at = from_micros(fields.signed_number(group_created));
  group.modified_at = from_micros(fields.signed_number(group_modified));
  return group;
}

Bytes encode(const FailureCount& count) {
  return FieldWriter()
      .number(failure_count, count.failures)
      .signed_number(failure_last, to_micros(count.last_failure))
      .number(failure_epoch, count.epoch)
      .take();
}

Result<FailureCount> decode_failure_count(BytesView plain) {
  TRY(const auto fields, FieldReader::parse(plain));
  TRY(const auto failures, number_of<std::uint32_t>(fields, "failure count", failure_count));
  return FailureCount{.failures = failures,
                      .last_failure = from_micros(fields.signed_number(failure_last)),
                      .epoch = fields.number(failure_epoch)};
}

}  // namespace holdfast::identity
