#include "holdfast/base/codec.h"
#include "record_fields.h"
#include "records.h"

namespace holdfast::identity {
namespace {

enum PoolField : std::uint32_t {
  pool_name = 1,
  pool_algorithm = 2,
  pool_case_sensitive = 3,
  pool_minimum_length = 4,
  pool_password_classes = 5,
  pool_temporary_seconds = 6,
  pool_access_seconds = 7,
  pool_id_seconds = 8,
  pool_refresh_seconds = 9,
  pool_challenge_seconds = 10,
  pool_required_attribute = 11,
  pool_custom_attribute = 12,
  pool_created = 13,
  pool_modified = 14,
};
enum AttributeField : std::uint32_t {
  attribute_name = 1,
  attribute_type = 2,
  attribute_mutable = 3,
  attribute_least = 4,
  attribute_most = 5,
};
enum PasswordClass : std::uint8_t { class_lower = 1, class_upper = 2, class_digit = 4, class_symbol = 8 };
constexpr std::uint64_t every_class = class_lower | class_upper | class_digit | class_symbol;

std::uint64_t password_classes(const PasswordPolicy& policy) {
  return (policy.needs_lower ? class_lower : 0U) | (policy.needs_upper ? class_upper : 0U) |
         (policy.needs_digit ? class_digit : 0U) | (policy.needs_symbol ? class_symbol : 0U);
}

void set_password_classes(PasswordPolicy& policy, std::uint64_t bits) {
  policy.needs_lower = (bits & class_lower) != 0;
  policy.needs_upper = (bits & class_upper) != 0;
  policy.needs_digit = (bits & class_digit) != 0;
  policy.needs_symbol = (bits & class_symbol) != 0;
}

Bytes encode_attribute(const AttributeDefinition& attribute) {
  FieldWriter fields;
  fields.text(attribute_name, attribute.name)
      .number(attribute_type, static_cast<std::uint8_t>(attribute.type))
      .flag(attribute_mutable, attribute.is_mutable);
  if (attribute.least) fields.signed_number(attribute_least, *attribute.least);
  if (attribute.most) fields.signed_number(attribute_most, *attribute.most);
  return fields.take();
}

Result<AttributeDefinition> decode_attribute(BytesView plain) {
  TRY(const auto fields, FieldReader::parse(plain));
  AttributeDefinition attribute;
  attribute.name = fields.text(attribute_name);
  TRY(attribute.type,
      enumerator_of(fields, "attribute", attribute_type, AttributeType::date, AttributeType::string));
  attribute.is_mutable = fields.flag(attribute_mutable, true);
  if (fields.find(attribute_least)) attribute.least = fields.signed_number(attribute_least);
  if (fields.find(attribute_most)) attribute.most = fields.signed_number(attribute_most);
  return attribute;
}

std::uint64_t whole_seconds(std::chrono::seconds duration) {
  return static_cast<std::uint64_t>(duration.count());
}

}  // namespace

Bytes encode(const Pool& pool) {
  FieldWriter fields;
  fields.text(pool_name, pool.name)
      .number(pool_algorithm, static_cast<std::uint8_t>(pool.algorithm))
      .flag(pool_case_sensitive, pool.usernames_are_case_sensitive)
      .number(pool_minimum_length, pool.password.minimum_length)
      .number(pool_password_classes, password_classes(pool.password))
      .number(pool_temporary_seconds, whole_seconds(pool.password.temporary_validity))
      .number(pool_access_seconds, whole_seconds(pool.lifetimes.access))
      .number(pool_id_seconds, whole_seconds(pool.lifetimes.id))
      .number(pool_refresh_seconds, whole_seconds(pool.lifetimes.refresh))
      .number(pool_challenge_seconds, whole_seconds(pool.lifetimes.challenge));
  for (const std::string& name : pool.required_attributes) fields.text(pool_required_attribute, name);
  for (const AttributeDefinition& attribute : pool.custom_attributes) {
    fields.text(pool_custom_attribute, encode_attribute(attribute));
  }
  fields.signed_number(pool_created, to_micros(pool.created_at))
      .signed_number(pool_modified, to_micros(pool.modified_at));
  return fields.take();
}

Result<Pool> decode_pool(const PoolId& id, BytesView plain) {
  TRY(const auto fields, FieldReader::parse(plain));
  Pool pool;
  pool.id = id;
  pool.name = fields.text(pool_name);
  TRY(pool.algorithm,
      enumerator_of(fields, "pool", pool_algorithm, SigningAlgorithm::es256, SigningAlgorithm::rs256));
  pool.usernames_are_case_sensitive = fields.flag(pool_case_sensitive);
  PasswordPolicy& policy = pool.password;
  TRY(policy.minimum_length, number_of(fields, "pool", pool_minimum_length, policy.minimum_length));
  // A class that this build does not know would be one that nobody asks for.
  TRY(const auto classes, number_up_to(fields, "pool", pool_password_classes, every_class, every_class));
  set_password_classes(policy, classes);
  TRY(policy.temporary_validity,
      seconds_of(fields, "pool", pool_temporary_seconds, policy.temporary_validity));
  Lifetimes& lifetimes = pool.lifetimes;
  TRY(lifetimes.access, seconds_of(fields, "pool", pool_access_seconds, lifetimes.access));
  TRY(lifetimes.id, seconds_of(fields, "pool", pool_id_seconds, lifetimes.id));
  TRY(lifetimes.refresh, seconds_of(fields, "pool", pool_refresh_seconds, lifetimes.refresh));
  TRY(lifetimes.challenge, seconds_of(fields, "pool", pool_challenge_seconds, lifetimes.challenge));
  fields.all(pool_required_attribute, [&](BytesView name) { pool.required_attributes.emplace_back(name); });
  Result<> attributes;
  fields.all(pool_custom_attribute, [&](BytesView one) {
    auto attribute = decode_attribute(one);
    if (attribute) {
      pool.custom_attributes.push_back(*std::move(attribute));
    } else {
      attributes = fail(attribute.error());
    }
  });
  TRY_VOID(std::move(attributes));
  pool.created_at = from_micros(fields.signed_number(pool_created));
  pool.modified_at = from_micros(fields.signed_number(pool_modified));
  return pool;
}

}  // namespace holdfast::identity
