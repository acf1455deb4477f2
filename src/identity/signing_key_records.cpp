#include "record_fields.h"
#include "records.h"

namespace holdfast::identity {
namespace {

enum SigningKeyField : std::uint32_t {
  signing_key_state = 1,
  signing_key_algorithm = 2,
  signing_key_private = 3,
  signing_key_jwk = 4,
  signing_key_created = 5,
  signing_key_activated = 6,
  signing_key_retired = 7,
};

}  // namespace

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
  TRY(record.state, enumerator_of(fields, "signing key", signing_key_state, SigningKeyState::retiring,
                                  SigningKeyState::pending));
  TRY(record.algorithm, enumerator_of(fields, "signing key", signing_key_algorithm, SigningAlgorithm::es256,
                                      SigningAlgorithm::rs256));
  record.private_der = Secret(fields.text(signing_key_private));
  record.public_jwk = fields.text(signing_key_jwk);
  record.created_at = from_micros(fields.signed_number(signing_key_created));
  record.activated_at = from_micros(fields.signed_number(signing_key_activated));
  record.retired_at = from_micros(fields.signed_number(signing_key_retired));
  return record;
}

}  // namespace holdfast::identity
