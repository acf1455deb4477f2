#include "holdfast/base/codec.h"
#include "holdfast/base/record_numbers.h"
#include "holdfast/storage/local_db.h"
#include "holdfast/storage/table.h"

// The rows of local.db whose meaning storage itself knows. Field numbers: docs/formats/local-db.md; never
// reused.

namespace holdfast::storage {
namespace {

enum NodeField : std::uint8_t { node_cluster = 1, node_id_field = 2, node_region = 3, node_private_key = 4 };
enum StandingField : std::uint8_t {
  standing_role = 1,
  standing_fenced = 2,
  standing_highest_seen = 3,
  standing_promised = 4,
};
enum WatermarkField : std::uint8_t { watermark_reign = 1, watermark_incarnation = 2, watermark_index = 3 };

Bytes pin_key(std::uint32_t root_id) { return KeyWriter().u32(root_id).take(); }

}  // namespace

Bytes NodeIdentity::encode() const {
  return FieldWriter()
      .text(node_cluster, cluster.str())
      .text(node_id_field, node_id)
      .text(node_region, region.str())
      .text(node_private_key, node_key.expose())
      .take();
}

Result<NodeIdentity> NodeIdentity::decode(BytesView plain) {
  TRY(const auto fields, FieldReader::parse(plain));
  return NodeIdentity{.cluster = ClusterId(fields.text(node_cluster)),
                      .node_id = fields.text(node_id_field),
                      .region = RegionName(fields.text(node_region)),
                      .node_key = Secret(fields.text(node_private_key))};
}

Bytes Standing::encode() const {
  return FieldWriter()
      .text(standing_role, role)
      .flag(standing_fenced, fenced)
      .number(standing_highest_seen, highest_seen)
      .number(standing_promised, promised)
      .take();
}

Result<Standing> Standing::decode(BytesView plain) {
  TRY(const auto fields, FieldReader::parse(plain));
  TRY(const auto highest_seen, number_of<std::uint32_t>(fields, "standing", standing_highest_seen));
  TRY(const auto promised, number_of<std::uint32_t>(fields, "standing", standing_promised));
  return Standing{.role = fields.text(standing_role),
                  .fenced = fields.flag(standing_fenced),
                  .highest_seen = highest_seen,
                  .promised = promised};
}

Result<std::optional<NodeIdentity>> LocalDb::node() const {
  TRY(auto plain, find(local_tables::node, {}));
  if (!plain) return std::nullopt;
  auto identity = NodeIdentity::decode(*plain);
  wipe(*plain);
  return identity;
}

Result<> LocalDb::set_node(const NodeIdentity& node) {
  Bytes plain = node.encode();
  auto done = put_in_table(local_tables::node, {}, plain);
  wipe(plain);
  return done;
}

Result<Standing> LocalDb::standing() const {
  TRY(const auto plain, find(local_tables::standing, {}));
  return plain ? Standing::decode(*plain) : Standing{};
}

Result<> LocalDb::set_standing(const Standing& standing) {
  return put_in_table(local_tables::standing, {}, standing.encode());
}

Result<std::optional<Watermark>> LocalDb::watermark(std::string_view generation) const {
  TRY(const auto plain, find(local_tables::watermark, generation));
  if (!plain) return std::nullopt;
  TRY(const auto fields, FieldReader::parse(*plain));
  TRY(const auto reign, number_of<std::uint32_t>(fields, "watermark", watermark_reign));
  TRY(const auto incarnation, number_of<std::uint32_t>(fields, "watermark", watermark_incarnation));
  return Watermark{.term = {.reign = reign, .incarnation = incarnation},
                   .index = fields.number(watermark_index)};
}

Result<> LocalDb::set_watermark(std::string_view generation, const Watermark& watermark) {
  return put(local_tables::watermark, generation,
             FieldWriter()
                 .number(watermark_reign, watermark.term.reign)
                 .number(watermark_incarnation, watermark.term.incarnation)
                 .number(watermark_index, watermark.index)
                 .take());
}

Result<std::optional<Bytes>> LocalDb::root_pin(std::uint32_t root_id) const {
  return find(local_tables::root_pin, pin_key(root_id));
}

Result<> LocalDb::set_root_pin(std::uint32_t root_id, BytesView pin) {
  return put_in_table(local_tables::root_pin, pin_key(root_id), pin);
}

}  // namespace holdfast::storage
