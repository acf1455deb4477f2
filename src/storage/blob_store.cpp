#include "holdfast/storage/blob_store.h"

#include <algorithm>
#include <system_error>

#include "blob_format.h"
#include "files.h"

namespace holdfast::storage {

bool BlobStore::is_id(std::string_view text) {
  constexpr std::size_t digits = 32;
  return text.size() == digits && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

Result<BlobStore> BlobStore::open(std::filesystem::path directory, ClusterId cluster, BlobKeySource keys) {
  auto shared = std::make_shared<Shared>(
      Shared{.directory = std::move(directory), .cluster = std::move(cluster), .keys = std::move(keys)});
  TRY_VOID(files::make_directory(shared->directory));
  // What writers left when the process died was never named by any transaction.
  TRY_VOID(files::remove_tree(shared->writing()));
  TRY_VOID(files::make_directory(shared->writing()));
  TRY_VOID(files::make_directory(shared->partial()));
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
  std::filesystem::remove(shared_->path_of(id), code);
  if (code) return fail(files::error_of("remove", shared_->path_of(id), code.value()));
  return {};
}

Result<> BlobStore::list(const std::function<bool(const BlobId& id, std::uint64_t file_bytes)>& visit) const {
  bool go_on = true;
  const auto in_folder = [&](const std::filesystem::path& folder) {
    return [&, folder](const std::string& name) -> Result<bool> {
      if (!is_id(name) || !name.starts_with(folder.filename().string())) return true;
      std::error_code code;
      const auto bytes = std::filesystem::file_size(folder / name, code);
      if (!code) go_on = visit(BlobId(name), bytes);  // gone meanwhile: not listed
      return go_on;
    };
  };
  return files::for_each_name(shared_->directory, [&](const std::string& name) -> Result<bool> {
    if (name.size() != 2) return true;
    const auto folder = shared_->directory / name;
    TRY_VOID(files::for_each_name(folder, in_folder(folder)));
    return go_on;
  });
}

}  // namespace holdfast::storage
