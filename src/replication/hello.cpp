#include "holdfast/replication/hello.h"

#include "holdfast/base/record_numbers.h"
#include "message_fields.h"

namespace holdfast::replication {
namespace {

enum HelloField : std::uint32_t {
  hello_protocol_low = 1,
  hello_protocol_high = 2,
  hello_cluster = 3,
  hello_node = 4,
  hello_node_id = 5,
  hello_purpose = 6,
  hello_family_map = 7,
  hello_rocksdb = 8,
  hello_build = 9,
  hello_role = 10,
  hello_term = 11,
  hello_applied = 12,
  hello_durable = 13,
  hello_highest_reign = 14,
  hello_snapshot = 15,
  hello_wants_stream = 16,
  hello_clock = 17,
};

}  // namespace

Bytes Hello::encode() const {
  FieldWriter writer;
  writer.number(hello_protocol_low, protocol_low)
      .number(hello_protocol_high, protocol_high)
      .text(hello_cluster, cluster.str())
      .text(hello_node, node.str())
      .text(hello_node_id, node_id)
      .number(hello_purpose, static_cast<std::uint64_t>(purpose))
      .text(hello_family_map, family_map_hash)
      .text(hello_rocksdb, rocksdb_version)
      .text(hello_build, build)
      .number(hello_role, static_cast<std::uint64_t>(role));
  fields::put_terms(writer, hello_term, terms);
  fields::put_head(writer, hello_applied, applied);
  fields::put_position(writer, hello_durable, durable);
  writer.number(hello_highest_reign, highest_reign);
  if (!snapshot.empty()) writer.text(hello_snapshot, snapshot);
  writer.flag(hello_wants_stream, wants_stream).signed_number(hello_clock, to_micros(clock));
  return writer.take();
}

Result<Hello> Hello::decode(BytesView payload) {
  TRY(const auto reader, FieldReader::parse(payload));
  Hello hello;
  TRY(hello.protocol_low, number_of<std::uint16_t>(reader, "HELLO", hello_protocol_low));
  TRY(hello.protocol_high, number_of<std::uint16_t>(reader, "HELLO", hello_protocol_high));
  hello.cluster = ClusterId(reader.text(hello_cluster));
  hello.node = RegionName(reader.text(hello_node));
  hello.node_id = reader.text(hello_node_id);
  TRY(hello.purpose, enumerator_of(reader, "HELLO", hello_purpose, Purpose::blobs, Purpose{}));
  hello.family_map_hash = reader.text(hello_family_map);
  hello.rocksdb_version = reader.text(hello_rocksdb);
  hello.build = reader.text(hello_build);
  hello.role = fields::role(reader, hello_role);
  TRY(hello.terms, fields::terms(reader, hello_term));
  TRY(hello.applied, fields::head(reader, hello_applied));
  TRY(hello.durable, fields::position(reader, hello_durable));
  TRY(hello.highest_reign, number_of<std::uint32_t>(reader, "HELLO", hello_highest_reign));
  hello.snapshot = reader.text(hello_snapshot);
  hello.wants_stream = reader.flag(hello_wants_stream);
  hello.clock = from_micros(reader.signed_number(hello_clock));
  return hello;
}

}  // namespace holdfast::replication
