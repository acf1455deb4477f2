#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "holdfast/identity/pool_model.h"

namespace holdfast::oidc {

/// The pool's provider metadata (OpenID Connect Discovery 1.0 §3, RFC 8414 §2) as JSON text: what this
/// version serves and nothing else. The same in every region.
std::string discovery_document(std::string_view issuer_base, const identity::Pool& pool,
                               const std::vector<std::string>& grant_types);

}  // namespace holdfast::oidc
