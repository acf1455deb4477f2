#include "holdfast/region/terms.h"

#include <algorithm>
#include <deque>
#include <limits>

#include "holdfast/crypto/hash.h"
#include "holdfast/crypto/random.h"
#include "holdfast/region/tables.h"

namespace holdfast::region {
namespace {

constexpr std::uint16_t term_row_version = 1;
constexpr std::size_t term_nonce_bytes = 16;

}  // namespace

Result<TermChain> read_terms(const storage::Reader& reader, std::size_t limit) {
  // One row per start of a primary: a few thousand after years, read once.
  std::deque<TermRecord> newest;
  Result<> decoded;
  TRY_VOID(reader.scan(term_table, {}, {}, std::numeric_limits<std::size_t>::max(),
                       [&](BytesView, const storage::Stored& stored) {
                         auto record = TermRecord::decode(stored.plain);
                         if (!record) {
                           decoded = fail(std::move(record).error());
                           return false;
                         }
                         newest.push_back(*std::move(record));
                         if (newest.size() > limit) newest.pop_front();
                         return true;
                       }));
  TRY_VOID(decoded);
  return TermChain::trusted({newest.begin(), newest.end()});
}

Result<bool> has_opened_a_term(const storage::Reader& reader, const RegionName& node) {
  TRY(const auto chain, read_terms(reader, std::numeric_limits<std::size_t>::max()));
  return std::ranges::find(chain.records(), node, &TermRecord::node) != chain.records().end();
}

Result<> put_term(storage::Transaction& transaction, const TermRecord& record) {
  const auto key = storage::KeyWriter().u32(record.term.reign).u32(record.term.incarnation).take();
  transaction.require_absent(term_table, key,
                             Error{ErrorKind::conflict, "term_exists", "this term exists already", {}});
  transaction.put(term_table, key, storage::Scope::system(), term_row_version, record.encode());
  if (transaction.error()) return fail(*transaction.error());
  return {};
}

TermRecord first_term(const ClusterId& cluster, const RegionName& node, const crypto::NodeKey& key,
                      WallTime now) {
  TermRecord record;
  record.term = {.reign = 1, .incarnation = 1};
  record.nonce = crypto::random_bytes(term_nonce_bytes);
  record.previous_head_hash = Bytes(crypto::sha256_size, '\0');
  record.previous_record_hash = Bytes(crypto::sha256_size, '\0');
  record.node = node;
  record.opened_at = now;
  record.sign(cluster, key);
  return record;
}

TermRecord next_incarnation(const TermRecord& previous, const storage::Head& end, const ClusterId& cluster,
                            const crypto::NodeKey& key, WallTime now) {
  TermRecord record = previous;
  record.term.incarnation = previous.term.incarnation + 1;
  record.previous_term = previous.term;
  record.previous_index = end.index;
  record.previous_head_hash = Bytes(end.hash.begin(), end.hash.end());
  record.previous_record_hash = previous.record_hash();
  record.opened_at = now;
  record.signer = TermRecord::Signer::node;
  record.sign(cluster, key);
  return record;
}

}  // namespace holdfast::region
