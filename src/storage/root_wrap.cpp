#include "holdfast/storage/root_wrap.h"

#include "holdfast/base/codec.h"
#include "holdfast/base/record_numbers.h"
#include "holdfast/crypto/aead.h"
#include "holdfast/crypto/hash.h"
#include "holdfast/crypto/key_wrap.h"
#include "holdfast/crypto/node_key.h"
#include "holdfast/storage/transaction.h"

namespace holdfast::storage {
namespace {

constexpr std::uint16_t wrap_row_version = 1;

// Field numbers of docs/formats/records.md; never reused.
enum WrapField : std::uint8_t {
  wrap_kind = 1,
  wrap_name = 2,
  wrap_root_id = 3,
  wrap_target = 4,
  wrap_wrapped = 5,
  wrap_pin = 6,
  wrap_signer = 7,
  wrap_created = 8,
  wrap_signature = 9,
};

FieldWriter signed_fields(const WrapRow& row) {
  FieldWriter writer;
  writer.number(wrap_kind, static_cast<std::uint64_t>(row.kind))
      .text(wrap_name, row.name)
      .number(wrap_root_id, row.root_id)
      .text(wrap_target, row.target_spki_hash)
      .text(wrap_wrapped, row.wrapped)
      .text(wrap_pin, row.root_pin)
      .text(wrap_signer, row.signer_spki_hash)
      .signed_number(wrap_created, to_micros(row.created));
  return writer;
}

Bytes signed_bytes(const ClusterId& cluster, const WrapRow& row) {
  return ByteWriter().bytes("holdfast-wrap-v1").bytes(cluster.str()).bytes(signed_fields(row).take()).take();
}

}  // namespace

Bytes WrapRow::encode() const { return signed_fields(*this).text(wrap_signature, signature).take(); }

Result<WrapRow> WrapRow::decode(BytesView plain) {
  TRY(const auto fields, FieldReader::parse(plain));
  constexpr auto last_kind = static_cast<std::uint32_t>(WrapTarget::Kind::recovery);
  TRY(const auto kind, number_up_to(fields, "wrap row", wrap_kind, last_kind));
  TRY(const auto root_id, number_of<std::uint32_t>(fields, "wrap row", wrap_root_id));
  return WrapRow{.kind = static_cast<WrapTarget::Kind>(kind),
                 .name = fields.text(wrap_name),
                 .root_id = root_id,
                 .target_spki_hash = fields.text(wrap_target),
                 .wrapped = fields.text(wrap_wrapped),
                 .root_pin = fields.text(wrap_pin),
                 .signer_spki_hash = fields.text(wrap_signer),
                 .created = from_micros(fields.signed_number(wrap_created)),
                 .signature = fields.text(wrap_signature)};
}

Bytes root_wrap_key(WrapTarget::Kind kind, std::string_view name, KeyId root_id) {
  return KeyWriter().u8(static_cast<std::uint8_t>(kind)).text(name).u32(root_id).take();
}

Result<WrapRow> wrap_root(const ClusterId& cluster, const RootKey& root, const WrapTarget& target,
                          const crypto::NodeKey& signer, WallTime now) {
  TRY(auto wrapped, crypto::wrap_for(target.wrapping_key_der, root.bytes));
  WrapRow row{.kind = target.kind,
              .name = target.name,
              .root_id = root.id,
              .target_spki_hash = crypto::sha256(target.wrapping_key_der),
              .wrapped = std::move(wrapped),
              .root_pin = root.pin(),
              .signer_spki_hash = crypto::sha256(signer.public_spki_der()),
              .created = now,
              .signature = {}};
  row.signature = signer.sign(signed_bytes(cluster, row));
  return row;
}

Result<> verify_wrap(const ClusterId& cluster, const WrapRow& row, BytesView signer_spki_der) {
  const bool named = crypto::equal_constant_time(row.signer_spki_hash, crypto::sha256(signer_spki_der));
  if (named && crypto::NodeKey::verify(signer_spki_der, signed_bytes(cluster, row), row.signature)) return {};
  return fail(ErrorKind::corrupt, "bad_signature", "a wrapped root key is not signed by the member it names",
              "wrap row of " + row.name);
}

Result<RootKey> unwrap_root(const WrapRow& row, const crypto::KeyWrapper& region_key, BytesView pin) {
  const auto wrong_key = [&](std::string detail) {
    return fail(ErrorKind::corrupt, "wrong_region_key", "the region key does not open this region's data",
                std::move(detail));
  };
  if (row.target_spki_hash != crypto::sha256(region_key.public_key_der())) {
    return wrong_key("wrap row of " + row.name + " is for another key");
  }
  auto secret = region_key.unwrap(row.wrapped);
  if (!secret) return wrong_key(secret.error().describe());
  RootKey root{.id = row.root_id, .bytes = *std::move(secret)};
  if (root.bytes.expose().size() != crypto::aead_key_size || !crypto::equal_constant_time(root.pin(), pin)) {
    return fail(ErrorKind::corrupt, "root_pin_mismatch",
                "the root key is not the one that this region has pinned", "wrap row of " + row.name);
  }
  return root;
}

void put_wrap(Transaction& transaction, const WrapRow& row) {
  transaction.put_clear(root_wraps_table, root_wrap_key(row.kind, row.name, row.root_id), wrap_row_version,
                        row.encode());
}

}  // namespace holdfast::storage
