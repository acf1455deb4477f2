#include "holdfast/identity/sealed_token.h"

#include "holdfast/base/codec.h"
#include "holdfast/base/encoding.h"
#include "holdfast/crypto/aead.h"
#include "holdfast/identity/user_rules.h"

namespace holdfast::identity {
namespace {

constexpr std::uint8_t sealed_token_format = 1;

enum ClaimField : std::uint32_t {
  claim_pool = 1,
  claim_client = 2,
  claim_user = 3,
  claim_origin_jti = 4,
  claim_generation = 5,
  claim_branch = 6,
  claim_credential_version = 7,
  claim_region = 8,
  claim_issued_at = 9,
  claim_expires_at = 10,
  claim_recorded = 11,
  claim_started_at = 12,
  claim_scope = 13,
  claim_challenge = 14,
};

std::unexpected<Error> bad_token(std::string detail) {
  return fail(ErrorKind::unauthenticated, "invalid_token", "the token is not valid", std::move(detail));
}

Bytes token_aad(const ClusterId& cluster, std::uint8_t kind, std::uint32_t key_id) {
  return ByteWriter().bytes("holdfast-token-v1").bytes(cluster.str()).u8(kind).u32(key_id).take();
}

struct Envelope {
  std::uint32_t key_id = 0;
  Bytes nonce;
  Bytes sealed;
};

Result<Envelope> read_envelope(SealedKind kind, std::string_view token) {
  if (token.size() > max_sealed_token_size) return bad_token("sealed token: too long");
  const auto bytes = from_base64url(token);
  if (!bytes) return bad_token("sealed token: not base64url");
  ByteReader reader(*bytes);
  const auto format = reader.u8();
  const auto found_kind = reader.u8();
  Envelope envelope;
  envelope.key_id = reader.u32();
  envelope.nonce = Bytes(reader.raw(crypto::aead_nonce_size));
  envelope.sealed = Bytes(reader.rest());
  if (!reader.ok() || format != sealed_token_format || found_kind != static_cast<std::uint8_t>(kind)) {
    return bad_token("sealed token: another format or kind");
  }
  return envelope;
}

Bytes uuid_or_nothing(std::string_view uuid) { return uuid_bytes(uuid).value_or(Bytes()); }

}  // namespace

Bytes encode_claims(const SealedClaims& claims) {
  FieldWriter fields;
  fields.text(claim_pool, claims.pool.str())
      .text(claim_client, claims.client.str())
      .text(claim_user, uuid_or_nothing(claims.user.str()))
      .text(claim_origin_jti, uuid_or_nothing(claims.origin_jti))
      .number(claim_generation, claims.generation)
      .text(claim_branch, claims.branch.str())
      .number(claim_credential_version, claims.credential_version)
      .text(claim_region, claims.region.str())
      .signed_number(claim_issued_at, to_micros(claims.issued_at))
      .signed_number(claim_expires_at, to_micros(claims.expires_at))
      .flag(claim_recorded, claims.recorded)
      .signed_number(claim_started_at, to_micros(claims.started_at));
  for (const std::string& scope : claims.scopes) fields.text(claim_scope, scope);
  if (!claims.challenge.empty()) fields.text(claim_challenge, claims.challenge);
  return fields.take();
}

Result<SealedClaims> decode_claims(BytesView plain) {
  TRY(const auto fields, FieldReader::parse(plain));
  SealedClaims claims;
  claims.pool = PoolId(fields.text(claim_pool));
  claims.client = ClientId(fields.text(claim_client));
  claims.user = UserId(uuid_text(fields.text(claim_user)));
  claims.origin_jti = uuid_text(fields.text(claim_origin_jti));
  claims.generation = fields.number(claim_generation);
  claims.branch = RegionName(fields.text(claim_branch));
  claims.credential_version = fields.number(claim_credential_version);
  claims.region = RegionName(fields.text(claim_region));
  claims.issued_at = from_micros(fields.signed_number(claim_issued_at));
  claims.expires_at = from_micros(fields.signed_number(claim_expires_at));
  claims.recorded = fields.flag(claim_recorded);
  claims.started_at = from_micros(fields.signed_number(claim_started_at));
  fields.all(claim_scope, [&](BytesView scope) { claims.scopes.emplace_back(scope); });
  claims.challenge = fields.text(claim_challenge);
  return claims;
}

std::string seal_token(const ClusterId& cluster, SealedKind kind, std::uint32_t key_id, const Secret& key,
                       BytesView nonce, BytesView plain) {
  const auto number = static_cast<std::uint8_t>(kind);
  const Bytes sealed = crypto::seal(key, nonce, token_aad(cluster, number, key_id), plain);
  return to_base64url(
      ByteWriter().u8(sealed_token_format).u8(number).u32(key_id).raw(nonce).raw(sealed).view());
}

Result<std::uint32_t> sealed_token_key(SealedKind kind, std::string_view token) {
  TRY(const auto envelope, read_envelope(kind, token));
  return envelope.key_id;
}

Result<Bytes> open_token(const ClusterId& cluster, SealedKind kind, const Secret& key,
                         std::string_view token) {
  TRY(const auto envelope, read_envelope(kind, token));
  const Bytes aad = token_aad(cluster, static_cast<std::uint8_t>(kind), envelope.key_id);
  auto plain = crypto::open(key, envelope.nonce, aad, envelope.sealed);
  if (!plain) return bad_token("sealed token: does not open");
  return *std::move(plain);
}

}  // namespace holdfast::identity
