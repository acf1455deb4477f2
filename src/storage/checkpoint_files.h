#pragma once

#include <filesystem>
#include <string>

#include "holdfast/base/result.h"
#include "holdfast/storage/checkpointer.h"

namespace holdfast::storage {

/// Size and checksum of one file, read to its end.
Result<CheckpointFile> describe_checkpoint_file(const std::filesystem::path& directory,
                                                const std::string& name);

/// `corrupt`/`checkpoint_refused` when the directory holds a file that the manifest does not name.
Result<> refuse_other_files(const std::filesystem::path& directory, const CheckpointManifest& manifest);

std::unexpected<Error> checkpoint_refused(std::string why);

}  // namespace holdfast::storage
