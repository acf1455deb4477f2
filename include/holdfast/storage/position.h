#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "holdfast/base/bytes.h"
#include "holdfast/base/clock.h"
#include "holdfast/base/result.h"

namespace holdfast::storage {

/// Who wrote: only a promotion raises the reign; every start of a primary opens a new incarnation of its
/// reign. {0, 0} is the term of an empty store.
struct Term {
  std::uint32_t reign = 0;
  std::uint32_t incarnation = 0;
  auto operator<=>(const Term&) const = default;
};

/// "7.2": reign 7, incarnation 2; for logs and errors.
std::string to_string(Term term);

constexpr std::size_t head_hash_size = 32;
using HeadHash = std::array<char, head_hash_size>;

/// The record that ends every batch of the log and so is the identity of a place in history. `index` grows by
/// one per batch over the whole history and never restarts. The default value is the head of an empty store.
struct Head {
  Term term;
  std::uint64_t index = 0;
  WallTime committed_at;
  HeadHash hash{};

  static constexpr std::size_t encoded_size = 57;
  /// docs/formats/head.md: u8 version=1 ‖ u32 reign ‖ u32 incarnation ‖ u64 index ‖ i64 microseconds ‖ 32
  /// hash.
  [[nodiscard]] Bytes encode() const;
  static Result<Head> decode(BytesView record);

  bool operator==(const Head&) const = default;
};

/// The fixed key of the head record, in the default family.
constexpr std::string_view head_key = "head";

/// SHA-256(previous head record ‖ operations): the hash of the batch that follows `previous`. `operations`
/// are the bytes of the WriteBatch after its 12-byte header, without the final head Put.
HeadHash chain_hash(const Head& previous, BytesView operations);

/// A place in the log, one opaque string to clients. Two histories that differ at an index differ in
/// `hash_prefix`.
struct Position {
  Term term;
  std::uint64_t index = 0;
  std::array<char, 8> hash_prefix{};

  bool operator==(const Position&) const = default;
};

Position position_of(const Head& head);
/// base64url of u8 version=1 ‖ u32 reign ‖ u32 incarnation ‖ u64 index ‖ 8 hash bytes.
std::string to_string(const Position& position);
/// `invalid`/`invalid_position` for anything that to_string does not write.
Result<Position> parse_position(std::string_view text);

}  // namespace holdfast::storage
