#pragma once

#include "holdfast/storage/table.h"

namespace holdfast::region {

/// The region room's tables, all in the default family (docs/formats/terms.md). Numbers are final.
inline constexpr storage::Table node_table{storage::Family::standard, 0x0001, "nodes"};
inline constexpr storage::Table term_table{storage::Family::standard, 0x0002, "terms"};
inline constexpr storage::Table cluster_table{storage::Family::standard, 0x0003, "cluster"};
inline constexpr storage::Table acknowledge_table{storage::Family::standard, 0x0004, "acknowledge"};
inline constexpr storage::Table join_token_table{storage::Family::standard, 0x0005, "join_tokens"};
inline constexpr storage::Table fact_mark_table{storage::Family::standard, 0x0006, "fact_marks"};

}  // namespace holdfast::region
