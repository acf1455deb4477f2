#include "holdfast/replication/join_token.h"

#include "holdfast/base/codec.h"
#include "holdfast/base/encoding.h"
#include "holdfast/base/text.h"
#include "holdfast/crypto/hash.h"
#include "holdfast/region/member.h"

namespace holdfast::replication {
namespace {

constexpr std::string_view token_prefix = "hfj1.";
constexpr std::size_t max_token_text = 4096;
enum TokenField : std::uint32_t {
  token_cluster = 1,
  token_address = 2,
  token_spki_hash = 3,
  token_node = 4,
  token_may_promote = 5,
  token_expires = 6,
  token_secret = 7,
};
enum TokenRowField : std::uint32_t {
  row_node = 1,
  row_may_promote = 2,
  row_created = 3,
  row_expires = 4,
  row_by = 5
};

std::unexpected<Error> bad_token(std::string detail) {
  return fail(ErrorKind::invalid, "invalid_join_token", "this is not a join token", std::move(detail));
}

}  // namespace

Secret JoinToken::encode() const {
  FieldWriter writer;
  writer.text(token_cluster, cluster.str())
      .text(token_address, address)
      .text(token_spki_hash, primary_spki_hash)
      .text(token_node, node.str())
      .flag(token_may_promote, may_promote)
      .signed_number(token_expires, to_micros(expires))
      .text(token_secret, secret.expose());
  Bytes plain = writer.take();
  Secret text(std::string(token_prefix) + to_base64url(plain));
  wipe(plain);
  return text;
}

Result<JoinToken> JoinToken::decode(std::string_view text) {
  text = trim(text);
  if (!text.starts_with(token_prefix) || text.size() > max_token_text) return bad_token("prefix or length");
  auto plain = from_base64url(text.substr(token_prefix.size()));
  if (!plain) return bad_token("base64url");
  const auto fields = FieldReader::parse(*plain);
  if (!fields) return bad_token("fields");
  JoinToken token;
  token.cluster = ClusterId(fields->text(token_cluster));
  token.address = fields->text(token_address);
  token.primary_spki_hash = fields->text(token_spki_hash);
  auto node = region::parse_region_name(fields->text(token_node));
  if (!node) return bad_token("region name");
  token.node = *std::move(node);
  token.may_promote = fields->flag(token_may_promote);
  token.expires = from_micros(fields->signed_number(token_expires));
  token.secret = Secret(fields->text(token_secret));
  const bool whole = token.secret.expose().size() == join_secret_bytes &&
                     token.primary_spki_hash.size() == crypto::sha256_size && !token.address.empty();
  wipe(*plain);
  if (!whole) return bad_token("missing parts");
  return token;
}

Bytes JoinTokenRow::encode() const {
  return FieldWriter()
      .text(row_node, node.str())
      .flag(row_may_promote, may_promote)
      .signed_number(row_created, to_micros(created))
      .signed_number(row_expires, to_micros(expires))
      .text(row_by, created_by)
      .take();
}

Result<JoinTokenRow> JoinTokenRow::decode(BytesView plain) {
  TRY(const auto fields, FieldReader::parse(plain));
  return JoinTokenRow{.node = RegionName(fields.text(row_node)),
                      .may_promote = fields.flag(row_may_promote),
                      .created = from_micros(fields.signed_number(row_created)),
                      .expires = from_micros(fields.signed_number(row_expires)),
                      .created_by = fields.text(row_by)};
}

Bytes join_mac(const Secret& secret, BytesView exporter, BytesView node_spki, BytesView wrapping_spki) {
  ByteWriter writer;
  writer.bytes(exporter).bytes(node_spki).bytes(wrapping_spki);
  return crypto::hmac_sha256(secret.expose(), writer.view());
}

}  // namespace holdfast::replication
