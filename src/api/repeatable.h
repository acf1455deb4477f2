#pragma once

#include <any>
#include <functional>
#include <nlohmann/json.hpp>

#include "holdfast/http/router.h"
#include "holdfast/identity/idempotency_service.h"
#include "holdfast/identity/rider.h"

/// `Idempotency-Key` on rows that create (docs/api/idempotency.md).
namespace holdfast::api {

/// What the first answer's body was, as it is kept and given again: of what a service hands to
/// identity::board. Secrets that the store does not keep readable are null (ADR 0065).
using DescribeCreated = std::function<nlohmann::json(const std::any& created)>;

/// For a service that boards one type.
template <class T, class Describe>
DescribeCreated describe_created(Describe describe) {
  return [describe](const std::any& created) {
    return nlohmann::json(describe(*std::any_cast<const T*>(created)));
  };
}

/// A handler whose 201 is given again, instead of creating again, to the same caller with the same key, path
/// and body for a day. The inner handler passes rider_of(request) on to the service that creates. `service`
/// outlives the router. Errors: `invalid_idempotency_key`, `idempotency_key_reused`.
http::Handler repeatable(identity::IdempotencyService& service, DescribeCreated describe,
                         http::Handler inner);

/// Empty for a request without a key.
identity::Rider rider_of(const http::Request& request);

}  // namespace holdfast::api
