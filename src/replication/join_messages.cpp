#include "holdfast/replication/join_messages.h"

#include "holdfast/base/record_numbers.h"
#include "message_fields.h"

namespace holdfast::replication {
namespace {

enum JoinField : std::uint32_t { join_secret = 1, join_mac_field = 2, join_node = 3, join_admin_token = 4 };
enum JoinedField : std::uint32_t {
  joined_accepted = 1,
  joined_code = 2,
  joined_message = 3,
  joined_cluster = 4,
  joined_member = 5,
  joined_wrap = 6,
  joined_admin_token = 7,
};

}  // namespace

Bytes Join::encode() const {
  FieldWriter writer;
  writer.text(join_secret, secret).text(join_mac_field, mac).text(join_node, node.encode());
  if (!admin_token_hash.empty()) writer.text(join_admin_token, admin_token_hash);
  return writer.take();
}

Result<Join> Join::decode(BytesView payload) {
  TRY(const auto reader, FieldReader::parse(payload));
  Join join{.secret = reader.text(join_secret), .mac = reader.text(join_mac_field)};
  TRY(join.node, region::Member::decode(reader.text(join_node)));
  join.admin_token_hash = reader.text(join_admin_token);
  return join;
}

Bytes Joined::encode() const {
  FieldWriter writer;
  writer.flag(joined_accepted, accepted);
  if (!accepted) {
    return writer.number(joined_code, static_cast<std::uint64_t>(code)).text(joined_message, message).take();
  }
  writer.text(joined_cluster, cluster.encode());
  for (const auto& member : members) writer.text(joined_member, member.encode());
  writer.text(joined_wrap, root_wrap);
  if (admin_token_kept) writer.flag(joined_admin_token, true);
  return writer.take();
}

Result<Joined> Joined::decode(BytesView payload) {
  TRY(const auto reader, FieldReader::parse(payload));
  Joined joined{.accepted = reader.flag(joined_accepted)};
  TRY(const auto code, number_of<std::uint8_t>(reader, "JOINED", joined_code));
  joined.code = static_cast<RejectCode>(code);
  joined.message = reader.text(joined_message);
  if (!joined.accepted) return joined;
  TRY(joined.cluster, region::ClusterRecord::decode(reader.text(joined_cluster)));
  TRY_VOID(fields::each(reader, joined_member, max_members_in_joined, [&](BytesView bytes) -> Result<> {
    TRY(auto member, region::Member::decode(bytes));
    joined.members.push_back(std::move(member));
    return {};
  }));
  joined.root_wrap = reader.text(joined_wrap);
  joined.admin_token_kept = reader.flag(joined_admin_token);
  return joined;
}

}  // namespace holdfast::replication
