#pragma once

#include "resource_command.h"

namespace holdfast::cli {

/// The rows by subject; resource_commands() is all of them in the order of `--help`.
void add_app_rows(std::vector<ResourceCommand>& rows);
void add_bucket_rows(std::vector<ResourceCommand>& rows);

inline const ResourceOption limit_option{"--limit", "limit", OptionKind::query, false, "At most so many"};
inline const ResourceOption next_option{"--next", "next", OptionKind::query, false,
                                        "Where the last page ended"};

}  // namespace holdfast::cli
