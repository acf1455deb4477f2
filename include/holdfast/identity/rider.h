#pragma once

#include <any>
#include <functional>

#include "holdfast/base/result.h"
#include "holdfast/storage/transaction.h"

namespace holdfast::identity {

/// Written in the very transaction that creates something, or not at all: how a repeated request is known for
/// one (idempotency_service.h). `created` holds a `const T*` to what is being created. May be called again
/// when a service tries its transaction again.
using Rider = std::function<Result<>(storage::Transaction& transaction, const std::any& created)>;

/// For the creating services, as the last thing before the commit.
template <class T>
Result<> board(const Rider& rider, storage::Transaction& transaction, const T& created) {
  return rider ? rider(transaction, std::any(&created)) : Result<>{};
}

}  // namespace holdfast::identity
