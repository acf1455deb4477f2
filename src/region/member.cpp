#include "holdfast/region/member.h"

#include <algorithm>

#include "holdfast/base/codec.h"
#include "holdfast/base/damaged.h"
#include "holdfast/crypto/hash.h"

namespace holdfast::region {
namespace {

constexpr std::size_t max_region_name = 32;
enum MemberField : std::uint32_t {
  member_name = 1,
  member_node_id = 2,
  member_node_spki = 3,
  member_wrapping_spki = 4,
  member_may_promote = 5,
  member_state = 6,
  member_replication_address = 7,
  member_public_url = 8,
  member_objects_url = 9,
  member_joined = 10,
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
  writer.text(member_name, name.str())
      .text(member_node_id, node_id)
      .text(member_node_spki, node_spki)
      .text(member_wrapping_spki, wrapping_spki)
      .flag(member_may_promote, may_promote)
      .number(member_state, static_cast<std::uint64_t>(state))
      .text(member_replication_address, replication_address)
      .text(member_public_url, public_url)
      .text(member_objects_url, objects_url)
      .signed_number(member_joined, to_micros(joined));
  return writer.take();
}

Result<Member> Member::decode(BytesView plain) {
  TRY(const auto fields, FieldReader::parse(plain));
  const auto state = fields.number(member_state);
  Member member{.name = RegionName(fields.text(member_name)),
                .node_id = fields.text(member_node_id),
                .node_spki = fields.text(member_node_spki),
                .wrapping_spki = fields.text(member_wrapping_spki),
                .may_promote = fields.flag(member_may_promote),
                // An unknown state of a newer build is treated as shut out, never as trusted.
                .state = state == 1 ? MemberState::active : MemberState::removed,
                .replication_address = fields.text(member_replication_address),
                .public_url = fields.text(member_public_url),
                .objects_url = fields.text(member_objects_url),
                .joined = from_micros(fields.signed_number(member_joined))};
  if (!parse_region_name(member.name.str())) {
    return damaged("member without a proper name");
  }
  return member;
}

Bytes Member::spki_hash() const { return crypto::sha256(node_spki); }

}  // namespace holdfast::region
