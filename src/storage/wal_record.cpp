#include "wal_record.h"

#include <algorithm>
#include <charconv>

#include "batch_check.h"
#include "files.h"
#include "holdfast/crypto/hash.h"
#include "tail_walk.h"

namespace holdfast::storage {
namespace {

// RocksDB's log: blocks of 32 KiB; in each, fragments of u32 masked CRC-32C of type and payload, u16 size, u8
// type (numbers little-endian), payload. A file begins with a fragment, and those of one record that go on in
// further blocks begin them.
constexpr std::size_t wal_block_bytes = 32UL * 1024;
constexpr std::size_t wal_fragment_header_bytes = 7;
enum WalFragment : std::uint8_t { wal_none = 0, wal_full = 1, wal_first = 2, wal_middle = 3, wal_last = 4 };

std::uint32_t masked(std::uint32_t crc) {
  constexpr std::uint32_t delta = 0xa282ead8;
  return ((crc >> 15U) | (crc << 17U)) + delta;
}

struct WalLog {
  std::uint64_t number = 0;
  std::string path;
};

std::optional<std::uint64_t> number_of_log(std::string_view name) {
  constexpr std::string_view suffix = ".log";
  if (!name.ends_with(suffix)) return std::nullopt;
  name.remove_suffix(suffix.size());
  std::uint64_t number = 0;
  const auto [end, code] = std::from_chars(name.data(), name.data() + name.size(), number);
  if (code != std::errc() || end != name.data() + name.size()) return std::nullopt;
  return number;
}

/// Oldest first.
Result<std::vector<WalLog>> logs_in(const RocksStore& store, const std::string& folder) {
  std::vector<WalLog> logs;
  std::error_code code;
  if (!std::filesystem::exists(store.path / folder, code)) return logs;
  TRY_VOID(files::for_each_name(store.path / folder, [&](const std::string& name) -> Result<bool> {
    if (const auto number = number_of_log(name))
      logs.push_back({.number = *number, .path = "/" + (std::filesystem::path(folder) / name).string()});
    return true;
  }));
  std::ranges::sort(logs, {}, &WalLog::number);
  return logs;
}

/// Of the first of these logs that holds a batch.
std::optional<std::uint64_t> first_index_in(const RocksStore& store, const std::vector<WalLog>& logs,
                                            std::size_t from) {
  for (; from < logs.size(); ++from) {
    const auto record = first_wal_record(store.path / logs[from].path.substr(1));
    if (!record || !*record) continue;
    if (const auto head = head_at_end(**record)) return head->index;
  }
  return std::nullopt;
}

}  // namespace

Result<std::optional<Bytes>> first_wal_record(const std::filesystem::path& path) {
  const auto wal_damaged = [&path](std::string_view what) {
    return fail(log_damaged(path.filename().string() + ": " + std::string(what) + " of the first record"));
  };
  TRY(const auto file, files::File::open_for_reading(path));
  Bytes record;
  for (std::uint64_t offset = 0;; offset += wal_block_bytes) {
    TRY(const auto block, file.read_at(offset, wal_block_bytes));
    if (block.size() < wal_fragment_header_bytes) return std::nullopt;
    const BytesView bytes(block);
    const auto size = little_endian<std::uint16_t>(bytes.substr(4));
    const auto type = static_cast<std::uint8_t>(bytes[6]);
    if (type == wal_none && size == 0) return std::nullopt;
    if (bytes.size() - wal_fragment_header_bytes < size) {
      if (bytes.size() == wal_block_bytes) return wal_damaged("size");
      return std::nullopt;  // a torn end
    }
    const auto checked = bytes.substr(6, 1 + std::size_t{size});
    if (masked(crypto::crc32c(checked)) != little_endian<std::uint32_t>(bytes))
      return wal_damaged("checksum");
    const bool begins = type == wal_full || type == wal_first;
    if (begins != (offset == 0) || type > wal_last) return wal_damaged("parts");
    record += checked.substr(1);
    if (type == wal_full || type == wal_last) break;
  }
  if (record.size() < batch_header_size) return wal_damaged("header");
  return record;
}

Result<DamagedArchive> find_damaged_archive(const RocksStore& store) {
  TRY(const auto archived, logs_in(store, "archive"));
  std::size_t useless = 0;
  for (std::size_t i = 0; i < archived.size(); ++i) {
    const auto record = first_wal_record(store.path / archived[i].path.substr(1));
    if (record) continue;
    // What only cannot be opened now is not damaged.
    if (record.error().kind != ErrorKind::corrupt) return fail(record.error());
    useless = i + 1;
  }
  DamagedArchive found;
  for (std::size_t i = 0; i < useless; ++i) found.paths.push_back(archived[i].path);
  auto next = first_index_in(store, archived, useless);
  if (!next) {
    TRY(const auto live, logs_in(store, ""));
    next = first_index_in(store, live, 0);
  }
  found.next_first_index = next.value_or(store.applied().index + 1);
  return found;
}

}  // namespace holdfast::storage
