#include "wal_files.h"

#include <rocksdb/transaction_log.h>

#include <algorithm>

#include "batch_check.h"

namespace holdfast::storage {

Result<std::vector<WalFile>> list_wal_files(const RocksStore& store) {
  rocksdb::VectorLogPtr found;
  if (const auto status = store.db->GetSortedWalFiles(found); !status.ok()) {
    return fail(to_error(status, "list the log files"));
  }
  std::vector<WalFile> files;
  files.reserve(found.size());
  for (const auto& file : found) {
    files.push_back({.number = file->LogNumber(),
                     .archived = file->Type() == rocksdb::kArchivedLogFile,
                     .start_sequence = file->StartSequence(),
                     .bytes = file->SizeFileBytes(),
                     .path = file->PathName()});
  }
  std::ranges::sort(files, {}, &WalFile::number);
  return files;
}

Result<std::uint64_t> first_index_of(const RocksStore& store, const WalFile& file) {
  std::unique_ptr<rocksdb::TransactionLogIterator> iterator;
  const auto status = store.db->GetUpdatesSince(file.start_sequence, &iterator);
  if (!status.ok()) return fail(to_error(status, "read the log"));
  // Valid() before anything else: Next() on an iterator that never was valid aborts the process (seen).
  for (; iterator->Valid(); iterator->Next()) {
    const auto batch = iterator->GetBatch();
    const auto& rep = batch.writeBatchPtr->Data();
    if (batch.writeBatchPtr->Count() == 0) continue;  // what a damaged log gains
    TRY(const auto head, head_at_end(rep));
    return head.index;
  }
  return fail(ErrorKind::not_found, "log_gone", "The log does not reach back that far.", file.path);
}

}  // namespace holdfast::storage
