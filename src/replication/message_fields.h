#pragma once

#include <vector>

#include "holdfast/base/codec.h"
#include "holdfast/base/damaged.h"
#include "holdfast/region/role.h"
#include "holdfast/region/term_record.h"
#include "holdfast/replication/wire.h"

// How the messages of this room put their shared parts into numbered fields. A part that a reader cannot make
// sense of is an error; a field that it does not know is skipped (docs/formats/wire.md).
namespace holdfast::replication::fields {

inline void put_head(FieldWriter& writer, std::uint32_t number, const storage::Head& head) {
  if (head.index != 0) writer.text(number, encode_head(head));
}

/// Absent: the head of an empty store.
Result<storage::Head> head(const FieldReader& reader, std::uint32_t number);

inline void put_position(FieldWriter& writer, std::uint32_t number, const storage::Position& position) {
  if (position.index != 0) writer.text(number, encode_position(position));
}

Result<storage::Position> position(const FieldReader& reader, std::uint32_t number);

void put_terms(FieldWriter& writer, std::uint32_t number, const std::vector<region::TermRecord>& terms);
/// At most max_terms_in_handshake.
Result<std::vector<region::TermRecord>> terms(const FieldReader& reader, std::uint32_t number);

/// A role that this build does not know counts as fenced.
region::Role role(const FieldReader& reader, std::uint32_t number);

/// Visits a repeated field with a function that may fail, at most `limit` times.
template <class Visitor>
Result<> each(const FieldReader& reader, std::uint32_t number, std::size_t limit, Visitor visitor) {
  Result<> outcome;
  std::size_t count = 0;
  reader.all(number, [&](BytesView value) {
    if (!outcome) return;
    outcome = ++count > limit ? Result<>(damaged("field " + std::to_string(number) + " repeats too often"))
                              : visitor(value);
  });
  return outcome;
}

}  // namespace holdfast::replication::fields
