#include "holdfast/replication/promise.h"

#include "holdfast/base/record_numbers.h"
#include "message_fields.h"

namespace holdfast::replication {
namespace {

enum PromiseField : std::uint32_t { promise_reign = 1, promise_nonce = 2, promise_candidate = 3 };
enum PromisedField : std::uint32_t { promised_yes = 1, promised_highest_reign = 2, promised_applied = 3 };

}  // namespace

Bytes Promise::encode() const {
  return FieldWriter()
      .number(promise_reign, reign)
      .text(promise_nonce, nonce)
      .text(promise_candidate, candidate.str())
      .take();
}

Result<Promise> Promise::decode(BytesView payload) {
  TRY(const auto reader, FieldReader::parse(payload));
  Promise promise;
  TRY(promise.reign, number_up_to<std::uint32_t>(reader, "promise", promise_reign, region::max_reign));
  promise.nonce = reader.text(promise_nonce);
  promise.candidate = RegionName(reader.text(promise_candidate));
  return promise;
}

Bytes Promised::encode() const {
  FieldWriter writer;
  writer.flag(promised_yes, promised).number(promised_highest_reign, highest_reign);
  fields::put_head(writer, promised_applied, applied);
  return writer.take();
}

Result<Promised> Promised::decode(BytesView payload) {
  TRY(const auto reader, FieldReader::parse(payload));
  Promised promised{.promised = reader.flag(promised_yes)};
  TRY(promised.highest_reign, number_of<std::uint32_t>(reader, "promise", promised_highest_reign));
  TRY(promised.applied, fields::head(reader, promised_applied));
  return promised;
}

}  // namespace holdfast::replication
