#include <algorithm>

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

Revocation farther_of(const Revocation& a, const Revocation& b) {
  return {.revoked_at = std::max(a.revoked_at, b.revoked_at),
          .keep_until = std::max(a.keep_until, b.keep_until)};
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

}  // namespace holdfast::identity
