#include "holdfast/replication/fact_messages.h"

#include "message_fields.h"

namespace holdfast::replication {
namespace {

enum FactsField : std::uint32_t { facts_fact = 1 };
enum DoneField : std::uint32_t { done_id = 1 };

}  // namespace

Bytes Facts::encode() const {
  FieldWriter writer;
  for (const auto& fact : facts) writer.text(facts_fact, fact.encode());
  return writer.take();
}

Result<Facts> Facts::decode(BytesView payload) {
  TRY(const auto reader, FieldReader::parse(payload));
  Facts decoded;
  TRY_VOID(fields::each(reader, facts_fact, max_facts_in_message, [&](BytesView bytes) -> Result<> {
    TRY(auto fact, region::Fact::decode(bytes));
    decoded.facts.push_back(std::move(fact));
    return {};
  }));
  return decoded;
}

Bytes FactsDone::encode() const {
  FieldWriter writer;
  for (const auto& id : ids) writer.text(done_id, id);
  return writer.take();
}

Result<FactsDone> FactsDone::decode(BytesView payload) {
  TRY(const auto reader, FieldReader::parse(payload));
  FactsDone done;
  TRY_VOID(fields::each(reader, done_id, max_facts_in_message, [&](BytesView bytes) -> Result<> {
    done.ids.emplace_back(bytes);
    return {};
  }));
  return done;
}

}  // namespace holdfast::replication
