#include "holdfast/objects/checksum.h"

#include <array>

#include "holdfast/base/codec.h"

namespace holdfast::objects {
namespace {

// Slicing by eight: one table look-up a byte but eight bytes a step (measured against one table: about 5 x).
// Table n holds the CRC of a byte followed by n zero bytes.
template <class Word>
using SliceTables = std::array<std::array<Word, 256>, 8>;

template <class Word>
constexpr SliceTables<Word> make_tables(Word reflected_polynomial) {
  SliceTables<Word> tables{};
  for (std::size_t byte = 0; byte < 256; ++byte) {
    Word crc = byte;
    for (int bit = 0; bit < 8; ++bit) crc = (crc & 1U) != 0 ? crc >> 1U ^ reflected_polynomial : crc >> 1U;
    tables[0][byte] = crc;
  }
  for (std::size_t n = 1; n < 8; ++n) {
    for (std::size_t byte = 0; byte < 256; ++byte) {
      const Word before = tables[n - 1][byte];
      tables[n][byte] = before >> 8U ^ tables[0][before & 0xffU];
    }
  }
  return tables;
}

template <class Word>
Word slice(const SliceTables<Word>& tables, Word crc, BytesView bytes) {
  while (bytes.size() >= 8) {
    std::uint64_t block = 0;
    for (unsigned i = 0; i < 8; ++i) block |= std::uint64_t{static_cast<unsigned char>(bytes[i])} << (8 * i);
    block ^= crc;
    crc = 0;
    for (unsigned i = 0; i < 8; ++i) crc ^= tables[7 - i][block >> (8 * i) & 0xffU];
    bytes.remove_prefix(8);
  }
  for (const char c : bytes) crc = crc >> 8U ^ tables[0][(crc ^ static_cast<unsigned char>(c)) & 0xffU];
  return crc;
}

constexpr auto tables32 = make_tables<std::uint32_t>(0xedb88320U);
constexpr auto tables64 = make_tables<std::uint64_t>(0x9a6c9329ac4bc9b5ULL);

struct NamedChecksum {
  ChecksumKind kind;
  std::string_view header;
};
constexpr std::array named_checksums{NamedChecksum{ChecksumKind::crc32, "x-amz-checksum-crc32"},
                                     NamedChecksum{ChecksumKind::crc32c, "x-amz-checksum-crc32c"},
                                     NamedChecksum{ChecksumKind::crc64nvme, "x-amz-checksum-crc64nvme"},
                                     NamedChecksum{ChecksumKind::sha256, "x-amz-checksum-sha256"}};

}  // namespace

std::uint32_t crc32(BytesView bytes, std::uint32_t seed) { return ~slice(tables32, ~seed, bytes); }
std::uint64_t crc64nvme(BytesView bytes, std::uint64_t seed) { return ~slice(tables64, ~seed, bytes); }

std::optional<ChecksumKind> checksum_kind_of(std::string_view header_name) {
  for (const auto& known : named_checksums) {
    if (known.header == header_name) return known.kind;
  }
  return std::nullopt;
}

std::string_view header_name_of(ChecksumKind kind) {
  for (const auto& known : named_checksums) {
    if (known.kind == kind) return known.header;
  }
  return {};
}

Checksum::Checksum(ChecksumKind kind) : kind_(kind) {
  if (kind == ChecksumKind::sha256) sha256_.emplace();
}

void Checksum::update(BytesView bytes) {
  switch (kind_) {
    case ChecksumKind::crc32:
      crc_ = crc32(bytes, static_cast<std::uint32_t>(crc_));
      break;
    case ChecksumKind::crc32c:
      crc_ = crypto::crc32c(bytes, static_cast<std::uint32_t>(crc_));
      break;
    case ChecksumKind::crc64nvme:
      crc_ = crc64nvme(bytes, crc_);
      break;
    case ChecksumKind::sha256:
      sha256_->update(bytes);
      break;
  }
}

Bytes Checksum::finish() {
  switch (kind_) {
    case ChecksumKind::crc32:
    case ChecksumKind::crc32c:
      return ByteWriter().u32(static_cast<std::uint32_t>(crc_)).take();
    case ChecksumKind::crc64nvme:
      return ByteWriter().u64(crc_).take();
    case ChecksumKind::sha256:
      return sha256_->finish();
  }
  return {};
}

}  // namespace holdfast::objects
