#include "holdfast/base/codec.h"
#include "records.h"

namespace holdfast::identity {
namespace {

enum SessionField : std::uint32_t {
  session_client = 1,
  session_started = 2,
  session_expires = 3,
  session_branch = 4
};
enum BranchField : std::uint32_t { branch_region = 1, branch_oldest_unused = 2, branch_since = 3 };
enum RevocationField : std::uint32_t { revocation_at = 1, revocation_keep_until = 2 };
enum KeptAnswerField : std::uint32_t {
  kept_answer_body_hash = 1,
  kept_answer_status = 2,
  kept_answer_body = 3,
  kept_answer_expires = 4,
};
enum SigningKeyField : std::uint32_t {
  signing_key_state = 1,
  signing_key_algorithm = 2,
  signing_key_private = 3,
  signing_key_jwk = 4,
  signing_key_created = 5,
  signing_key_activated = 6,
  signing_key_retired = 7,
};

Bytes encode_branch(const Branch& branch) {
  return FieldWriter()
      .text(branch_region, branch.region.str())
      .number(branch_oldest_unused, branch.oldest_unused)
      .signed_number(branch_since, to_micros(branch.since))
      .take();
}

}  // namespace

Bytes encode(const Session& session) {
  FieldWriter fields;
  fields.text(session_client, session.client.str())
      .signed_number(session_started, to_micros(session.started_at))
      .signed_number(session_expires, to_micros(session.expires_at));
  for (const Branch& branch : session.branches) fields.text(session_branch, encode_branch(branch));
  return fields.take();
}

Result<Session> decode_session(const PoolId& pool, const UserId& user, std::string origin_jti,
                               BytesView plain) {
  TRY(const auto fields, FieldReader::parse(plain));
  Session session{.pool = pool,
                  .user = user,
                  .origin_jti = std::move(origin_jti),
                  .client = ClientId(fields.text(session_client)),
                  .started_at = from_micros(fields.signed_number(session_started)),
                  .expires_at = from_micros(fields.signed_number(session_expires)),
                  .branches = {}};
  Result<> framed;
  fields.all(session_branch, [&](BytesView one) {
    const auto branch = FieldReader::parse(one);
    if (!branch) {
      framed = fail(branch.error());
      return;
    }
    session.branches.push_back({.region = RegionName(branch->text(branch_region)),
                                .oldest_unused = branch->number(branch_oldest_unused, 1),
                                .since = from_micros(branch->signed_number(branch_since))});
  });
  TRY_VOID(std::move(framed));
  return session;
}

Bytes encode(const Revocation& revocation) {
  return FieldWriter()
      .signed_number(revocation_at, to_micros(revocation.revoked_at))
      .signed_number(revocation_keep_until, to_micros(revocation.keep_until))
      .take();
}

Result<Revocation> decode_revocation(BytesView plain) {
  TRY(const auto fields, FieldReader::parse(plain));
  return Revocation{.revoked_at = from_micros(fields.signed_number(revocation_at)),
                    .keep_until = from_micros(fields.signed_number(revocation_keep_until))};
}

Bytes encode(const KeptAnswer& answer) {
  return FieldWriter()
      .text(kept_answer_body_hash, answer.body_hash)
      .number(kept_answer_status, answer.status)
      .text(kept_answer_body, answer.body)
      .signed_number(kept_answer_expires, to_micros(answer.expires_at))
      .take();
}

Result<KeptAnswer> decode_kept_answer(BytesView plain) {
  TRY(const auto fields, FieldReader::parse(plain));
  return KeptAnswer{.body_hash = fields.text(kept_answer_body_hash),
                    .status = static_cast<std::uint16_t>(fields.number(kept_answer_status)),
                    .body = fields.text(kept_answer_body),
                    .expires_at = from_micros(fields.signed_number(kept_answer_expires))};
}

Bytes encode(const SigningKeyRecord& record) {
  return FieldWriter()
      .number(signing_key_state, static_cast<std::uint8_t>(record.state))
      .number(signing_key_algorithm, static_cast<std::uint8_t>(record.algorithm))
      .text(signing_key_private, record.private_der.expose())
      .text(signing_key_jwk, record.public_jwk)
      .signed_number(signing_key_created, to_micros(record.created_at))
      .signed_number(signing_key_activated, to_micros(record.activated_at))
      .signed_number(signing_key_retired, to_micros(record.retired_at))
      .take();
}

Result<SigningKeyRecord> decode_signing_key(BytesView plain) {
  TRY(const auto fields, FieldReader::parse(plain));
  SigningKeyRecord record;
  record.state = static_cast<SigningKeyState>(fields.number(signing_key_state, 1));
  record.algorithm = static_cast<SigningAlgorithm>(fields.number(signing_key_algorithm, 1));
  record.private_der = Secret(fields.text(signing_key_private));
  record.public_jwk = fields.text(signing_key_jwk);
  record.created_at = from_micros(fields.signed_number(signing_key_created));
  record.activated_at = from_micros(fields.signed_number(signing_key_activated));
  record.retired_at = from_micros(fields.signed_number(signing_key_retired));
  return record;
}

}  // namespace holdfast::identity
