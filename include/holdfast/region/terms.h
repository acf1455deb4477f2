#pragma once

#include <cstddef>

#include "holdfast/region/cluster_record.h"
#include "holdfast/region/term_record.h"
#include "holdfast/storage/reader.h"
#include "holdfast/storage/transaction.h"

namespace holdfast::region {

/// The newest `limit` term records of a store, ascending. They were verified before they were applied.
Result<TermChain> read_terms(const storage::Reader& reader, std::size_t limit);

/// Whether any term was opened by a node of this name: its records verify by that node's key alone.
Result<bool> has_opened_a_term(const storage::Reader& reader, const RegionName& node);

/// Adds a record to its table; its batch is the first one written under its term.
Result<> put_term(storage::Transaction& transaction, const TermRecord& record);

/// The signed record of a cluster's very first term, {1, 1}, for `init`.
TermRecord first_term(const ClusterId& cluster, const RegionName& node, const crypto::NodeKey& key,
                      WallTime now);

/// The signed record of the next incarnation of `previous`, whose last batch is `end`.
TermRecord next_incarnation(const TermRecord& previous, const storage::Head& end, const ClusterId& cluster,
                            const crypto::NodeKey& key, WallTime now);

}  // namespace holdfast::region
