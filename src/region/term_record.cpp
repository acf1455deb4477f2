#include "holdfast/region/term_record.h"

#include <algorithm>

#include "holdfast/base/codec.h"
#include "holdfast/crypto/hash.h"
#include "holdfast/region/member.h"
#include "holdfast/region/tables.h"

namespace holdfast::region {
namespace {

constexpr std::uint8_t term_format = 1;
constexpr std::size_t nonce_bytes = 16;
constexpr BytesView term_label = "holdfast-term-v1";

std::unexpected<Error> bad_term(std::string detail) {
  return fail(ErrorKind::corrupt, "unverified_term", "a term record does not verify", std::move(detail));
}

void write_term_body(ByteWriter& writer, const TermRecord& record) {
  writer.u8(term_format)
      .u32(record.term.reign)
      .u32(record.term.incarnation)
      .raw(record.nonce)
      .u32(record.previous_term.reign)
      .u32(record.previous_term.incarnation)
      .u64(record.previous_index)
      .raw(record.previous_head_hash)
      .raw(record.previous_record_hash)
      .i64(to_micros(record.opened_at))
      .u8(static_cast<std::uint8_t>(record.signer))
      .bytes(record.node.str());
}

Result<> check_link(const TermRecord& previous, const TermRecord& next) {
  if (next.previous_term != previous.term) return bad_term("the chain names another predecessor");
  if (next.previous_record_hash != previous.record_hash())
    return bad_term("the predecessor's record was altered");
  if (next.previous_index < previous.previous_index) return bad_term("a term ends before it began");
  const bool same_reign = next.term.reign == previous.term.reign;
  if (same_reign && next.nonce != previous.nonce) return bad_term("a reign changed its nonce");
  return {};
}

}  // namespace

Bytes TermRecord::encode() const {
  ByteWriter writer;
  write_term_body(writer, *this);
  return writer.bytes(signature).take();
}

Result<TermRecord> TermRecord::decode(BytesView bytes) {
  ByteReader reader(bytes);
  const auto format = reader.u8();
  TermRecord record;
  record.term.reign = reader.u32();
  record.term.incarnation = reader.u32();
  record.nonce = reader.raw(nonce_bytes);
  record.previous_term.reign = reader.u32();
  record.previous_term.incarnation = reader.u32();
  record.previous_index = reader.u64();
  record.previous_head_hash = reader.raw(crypto::sha256_size);
  record.previous_record_hash = reader.raw(crypto::sha256_size);
  record.opened_at = from_micros(reader.i64());
  const auto signer = reader.u8();
  record.node = RegionName(std::string(reader.bytes()));
  record.signature = reader.bytes();
  TRY_VOID(reader.finish("term record"));
  if (format != term_format) return bad_term("unknown format");
  if (signer != 1 && signer != 2) return bad_term("unknown signer");
  record.signer = static_cast<Signer>(signer);
  if (record.signature.size() != crypto::ed25519_signature_size) return bad_term("signature of a wrong size");
  if (!parse_region_name(record.node.str())) return bad_term("no proper node name");
  return record;
}

Bytes TermRecord::signed_bytes(const ClusterId& cluster) const {
  ByteWriter writer;
  writer.bytes(term_label).bytes(cluster.str());
  write_term_body(writer, *this);
  return writer.take();
}

void TermRecord::sign(const ClusterId& cluster, const crypto::NodeKey& key) {
  signature = key.sign(signed_bytes(cluster));
}

Bytes TermRecord::record_hash() const { return crypto::sha256(encode()); }

Result<> verify_term_record(const TermRecord& record, const ClusterId& cluster, const TermKeyLookup& key_of) {
  if (record.term.reign == 0 || record.term.incarnation == 0) return bad_term("a term counts from one");
  if (record.term.reign > max_reign) return bad_term("the reign is beyond every honest history");
  if (record.nonce.size() != nonce_bytes || record.previous_head_hash.size() != crypto::sha256_size ||
      record.previous_record_hash.size() != crypto::sha256_size) {
    return bad_term("a field of a wrong size");
  }
  if (!(record.previous_term < record.term)) return bad_term("the term does not rise");
  const bool next_incarnation = record.term.reign == record.previous_term.reign;
  if (!next_incarnation && record.term.incarnation != 1)
    return bad_term("a reign does not begin with incarnation 1");
  const auto key = key_of(record);
  if (!key) return bad_term("node " + record.node.str() + " may not sign terms");
  if (!crypto::NodeKey::verify(*key, record.signed_bytes(cluster), record.signature)) {
    return bad_term("the signature is not that of " + record.node.str());
  }
  return {};
}

Result<TermChain> TermChain::verify(std::vector<TermRecord> records, const ClusterId& cluster,
                                    const TermKeyLookup& key_of) {
  for (std::size_t i = 0; i < records.size(); ++i) {
    TRY_VOID(verify_term_record(records[i], cluster, key_of));
    if (i > 0) TRY_VOID(check_link(records[i - 1], records[i]));
  }
  return trusted(std::move(records));
}

TermChain TermChain::trusted(std::vector<TermRecord> records) {
  TermChain chain;
  chain.records_ = std::move(records);
  return chain;
}

const TermRecord* TermChain::find(storage::Term term) const {
  const auto found = std::ranges::lower_bound(records_, term, {}, &TermRecord::term);
  return found != records_.end() && found->term == term ? &*found : nullptr;
}

const TermRecord* TermChain::successor(storage::Term term) const {
  const auto found = std::ranges::upper_bound(records_, term, {}, &TermRecord::term);
  return found != records_.end() && found->previous_term == term ? &*found : nullptr;
}

bool outranks(const TermRecord& a, const TermRecord& b) {
  if (a.term.reign != b.term.reign) return a.term.reign > b.term.reign;
  return a.nonce > b.nonce;
}

bool is_later_of_one_reign(const TermRecord& a, const TermRecord& b) {
  if (a.term.reign != b.term.reign || a.nonce != b.nonce) return false;
  return a.term == b.term ? a != b : a.term > b.term;
}

}  // namespace holdfast::region
