#include "holdfast/region/member.h"

#include <algorithm>

#include "holdfast/base/codec.h"
#include "holdfast/crypto/hash.h"

namespace holdfast::region {
namespace {

constexpr std::size_t max_region_name = 32;
enum MemberField : std::uint32_t {
  field_name = 1,
  field_node_id = 2,
  field_node_spki = 3,
  field_wrapping_spki = 4,
  field_may_promote = 5,
  field_state = 6,
  field_replication_address = 7,
  field_public_url = 8,
  field_objects_url = 9,
  field_joined = 10,
};

bool is_name_character(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; }

}  // namespace

Result<RegionName> parse_region_name(std::string_view text) {
  const bool fits = !text.empty() && text.size() <= max_region_name && text.front() >= 'a' &&
                    text.front() <= 'z' && text.back() != '-' && std::ranges::all_of(text, is_name_character);
  if (!fits) {
    return fail(
        ErrorKind::invalid, "invalid_region_name",
        "a region name is 1-32 lower-case letters, digits and dashes, begins with a letter and does not end "
        "with a dash");
  }
  return RegionName(std::string(text));
}

Bytes Member::encode() const {
  FieldWriter writer;
  writer.text(field_name, name.str())
      .text(field_node_id, node_id)
      .text(field_node_spki, node_spki)
      .text(field_wrapping_spki, wrapping_spki)
      .flag(field_may_promote, may_promote)
      .number(field_state, static_cast<std::uint64_t>(state))
      .text(field_replication_address, replication_address)
      .text(field_public_url, public_url)
      .text(field_objects_url, objects_url)
      .signed_number(field_joined, to_micros(joined));
  return writer.take();
}

Result<Member> Member::decode(BytesView plain) {
  TRY(const auto fields, FieldReader::parse(plain));
  const auto state = fields.number(field_state);
  Member member{.name = RegionName(fields.text(field_name)),
                .node_id = fields.text(field_node_id),
                .node_spki = fields.text(field_node_spki),
                .wrapping_spki = fields.text(field_wrapping_spki),
                .may_promote = fields.flag(field_may_promote),
                // An unknown state of a newer build is treated as shut out, never as trusted.
                .state = state == 1 ? MemberState::active : MemberState::removed,
                .replication_address = fields.text(field_replication_address),
                .public_url = fields.text(field_public_url),
                .objects_url = fields.text(field_objects_url),
                .joined = from_micros(fields.signed_number(field_joined))};
  if (!parse_region_name(member.name.str())) {
    return fail(ErrorKind::corrupt, "corrupt", "stored or received data is damaged",
                "member without a proper name");
  }
  return member;
}

Bytes Member::spki_hash() const { return crypto::sha256(node_spki); }

}  // namespace holdfast::region
