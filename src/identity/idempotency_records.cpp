#include "record_fields.h"
#include "records.h"

namespace holdfast::identity {
namespace {

enum KeptAnswerField : std::uint32_t {
  kept_answer_body_hash = 1,
  kept_answer_status = 2,
  kept_answer_body = 3,
  kept_answer_expires = 4,
};

}  // namespace

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
  TRY(const auto status, number_of<std::uint16_t>(fields, "kept answer", kept_answer_status));
  return KeptAnswer{.body_hash = fields.text(kept_answer_body_hash),
                    .status = status,
                    .body = fields.text(kept_answer_body),
                    .expires_at = from_micros(fields.signed_number(kept_answer_expires))};
}

}  // namespace holdfast::identity
