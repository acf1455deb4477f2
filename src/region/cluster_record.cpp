#include "holdfast/region/cluster_record.h"

#include "holdfast/base/codec.h"
#include "holdfast/region/tables.h"

namespace holdfast::region {
namespace {

constexpr BytesView cluster_key = "cluster";
enum ClusterField : std::uint32_t {
  cluster_id = 1,
  cluster_issuer_base = 2,
  cluster_created = 3,
  cluster_operator_key = 4
};

}  // namespace

Bytes ClusterRecord::encode() const {
  FieldWriter writer;
  writer.text(cluster_id, id.str())
      .text(cluster_issuer_base, issuer_base)
      .signed_number(cluster_created, to_micros(created));
  if (!operator_key_spki.empty()) writer.text(cluster_operator_key, operator_key_spki);
  return writer.take();
}

Result<ClusterRecord> ClusterRecord::decode(BytesView plain) {
  TRY(const auto fields, FieldReader::parse(plain));
  return ClusterRecord{.id = ClusterId(fields.text(cluster_id)),
                       .issuer_base = fields.text(cluster_issuer_base),
                       .created = from_micros(fields.signed_number(cluster_created)),
                       .operator_key_spki = fields.text(cluster_operator_key)};
}

Result<std::optional<ClusterRecord>> find_cluster_record(const storage::Reader& reader) {
  TRY(const auto stored, reader.find(cluster_table, cluster_key));
  if (!stored) return std::nullopt;
  TRY(auto record, ClusterRecord::decode(stored->plain));
  return record;
}

Result<ClusterRecord> get_cluster_record(const storage::Reader& reader) {
  TRY(auto record, find_cluster_record(reader));
  if (!record) return fail(ErrorKind::not_found, "not_found", "this store holds no cluster record yet");
  return *std::move(record);
}

Result<> create_cluster_record(storage::Transaction& transaction, const ClusterRecord& record) {
  transaction.require_absent(cluster_table, cluster_key,
                             Error{ErrorKind::conflict, "already_exists", "the cluster exists already", {}});
  transaction.put(cluster_table, cluster_key, storage::Scope::system(), ClusterRecord::version,
                  record.encode());
  return {};
}

}  // namespace holdfast::region
