#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "holdfast/base/bytes.h"
#include "holdfast/base/clock.h"
#include "holdfast/base/ids.h"
#include "holdfast/base/result.h"
#include "holdfast/crypto/node_key.h"
#include "holdfast/storage/position.h"

namespace holdfast::region {

/// A term, as it lies in the log: the first batch of every incarnation carries the record of its term.
/// Records are chained (each names its predecessor's end and hash) and signed; nobody fences, follows or
/// streams on an unverified one. Format: docs/formats/terms.md.
struct TermRecord {
  enum class Signer : std::uint8_t { node = 1, operator_key = 2 };

  storage::Term term;
  Bytes nonce;  ///< 16 random bytes drawn when the reign begins; the same in all its incarnations
  storage::Term previous_term;       ///< {0, 0} before the first
  std::uint64_t previous_index = 0;  ///< index of the last batch of the predecessor: its end
  Bytes previous_head_hash;          ///< 32 bytes, that batch's head hash
  Bytes
      previous_record_hash;  ///< SHA-256 of the predecessor's encoded record; 32 zero bytes before the first
  RegionName node;           ///< who writes in this term
  WallTime opened_at;
  Signer signer = Signer::node;
  Bytes signature;  ///< Ed25519 over signed_bytes()

  /// The whole record, signature included: what is stored, sent and hashed.
  [[nodiscard]] Bytes encode() const;
  static Result<TermRecord> decode(BytesView bytes);
  /// What the signature covers: a label, the cluster and every field but the signature.
  [[nodiscard]] Bytes signed_bytes(const ClusterId& cluster) const;
  void sign(const ClusterId& cluster, const crypto::NodeKey& key);
  [[nodiscard]] Bytes record_hash() const;
  bool operator==(const TermRecord&) const = default;
};

/// Who may sign the terms of a node: its pinned key, or the operator key of the cluster record. Absent:
/// nobody.
using TermKeyLookup = std::function<std::optional<Bytes>(const TermRecord&)>;

/// Checks one record's shape, bounds (reign and incarnation at least 1, reign at most max_reign) and
/// signature.
Result<> verify_term_record(const TermRecord& record, const ClusterId& cluster, const TermKeyLookup& key_of);

/// Reigns above this are refused everywhere, so that a forged or damaged 2^32−1 can never be promised away.
inline constexpr std::uint32_t max_reign = 1U << 24U;

/// Verified terms in ascending order, oldest known first (a suffix of the whole chain is enough to follow a
/// peer).
class TermChain {
 public:
  TermChain() = default;
  /// Verifies every record, every link and the order. An empty chain is fine.
  static Result<TermChain> verify(std::vector<TermRecord> records, const ClusterId& cluster,
                                  const TermKeyLookup& key_of);
  /// From this region's own store, whose records were verified before they were applied.
  static TermChain trusted(std::vector<TermRecord> records);

  [[nodiscard]] bool empty() const { return records_.empty(); }
  [[nodiscard]] const std::vector<TermRecord>& records() const { return records_; }
  [[nodiscard]] const TermRecord* newest() const { return records_.empty() ? nullptr : &records_.back(); }
  [[nodiscard]] const TermRecord* find(storage::Term term) const;
  /// The record that followed `term`, whose previous_index and previous_head_hash are where `term` ended.
  [[nodiscard]] const TermRecord* successor(storage::Term term) const;
  void append(TermRecord record) { records_.push_back(std::move(record)); }

 private:
  std::vector<TermRecord> records_;
};

/// True when `a` outranks `b`: the higher reign, or in equal reigns of different nonces the one with the
/// HIGHER nonce (the lower one fences and raises an alarm).
bool outranks(const TermRecord& a, const TermRecord& b);

/// True when `a` is of the same reign as `b` and cannot come before it: a later incarnation, or the same one
/// with other content. Both were signed by the node whose reign it is.
bool is_later_of_one_reign(const TermRecord& a, const TermRecord& b);

}  // namespace holdfast::region
