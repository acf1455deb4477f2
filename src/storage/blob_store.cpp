#include "holdfast/storage/blob_store.h"

#include <algorithm>
#include <system_error>

#include "blob_format.h"
#include "files.h"
#include "holdfast/base/encoding.h"

namespace holdfast::storage {

bool BlobStore::is_id(std::string_view text) {
  constexpr std::size_t digits = 32;
  return text.size() == digits && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

Result<BlobStore> BlobStore::open(std::filesystem::path directory, ClusterId cluster, BlobKeySource keys,
                                  std::uint64_t import_floor_bytes) {
  auto shared = std::make_shared<Shared>(Shared{.directory = std::move(directory),
                                                .cluster = std::move(cluster),
                                                .keys = std::move(keys),
                                                .import_floor_bytes = import_floor_bytes});
  TRY_VOID(files::make_directory(shared->directory));
  // What writers left when the process died was never named by any transaction.
  TRY_VOID(files::remove_tree(shared->writing()));
  // All folders at once, so that no blob waits for, or is lost with, the entry of the folder that it is the
  // first in.
  std::vector<std::string> folders = {shared->writing().filename(), shared->partial().filename()};
  for (unsigned first = 0; first < 256; ++first)
    folders.push_back(to_hex(Bytes(1, static_cast<char>(first))));
  TRY_VOID(files::make_directories(shared->directory, folders));
  return BlobStore(std::move(shared));
}

bool BlobStore::has(const BlobId& id) const {
  std::error_code code;
  return is_id(id.str()) && std::filesystem::is_regular_file(shared_->path_of(id), code);
}

Result<> BlobStore::remove(const BlobId& id) const {
  if (!is_id(id.str())) return fail(ErrorKind::invalid, "invalid_blob_id", "Not the id of a blob.");
  std::error_code code;
  // Not synced: a removal that a power cut undoes is found unreferenced again.
  for (const auto& path : {shared_->path_of(id), shared_->partial() / id.str()}) {
    std::filesystem::remove(path, code);
    if (code) return fail(files::error_of("remove", path, code.value()));
  }
  return {};
}

namespace {

/// Visits the files in `folder` that are named like a blob that may lie there. False: the visitor has enough.
Result<bool> visit_blobs(const std::filesystem::path& folder, std::string_view prefix,
                         const BlobStore::Visitor& visit) {
  bool go_on = true;
  TRY_VOID(files::for_each_name(folder, [&](const std::string& name) -> Result<bool> {
    if (!BlobStore::is_id(name) || !name.starts_with(prefix)) return true;
    std::error_code code;
    const auto bytes = std::filesystem::file_size(folder / name, code);
    if (!code) go_on = visit(BlobId(name), bytes);  // gone meanwhile: not listed
    return go_on;
  }));
  return go_on;
}

}  // namespace

Result<> BlobStore::list(const Visitor& visit) const {
  return files::for_each_name(shared_->directory, [&](const std::string& name) -> Result<bool> {
    if (name.size() != 2) return true;
    return visit_blobs(shared_->directory / name, name, visit);
  });
}

Result<> BlobStore::list_partial(const Visitor& visit) const {
  TRY_VOID(visit_blobs(shared_->partial(), "", visit));
  return {};
}

}  // namespace holdfast::storage
