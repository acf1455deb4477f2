#pragma once

#include <memory>

#include "holdfast/app/config.h"
#include "holdfast/base/result.h"
#include "holdfast/net/tls_context.h"

namespace holdfast::app {

/// The listeners' certificate and key. `invalid_configuration` naming the key that is wrong.
Result<net::TlsIdentity> read_tls_identity(const Config& config);
Result<std::unique_ptr<net::ServerTls>> make_server_tls(const Config& config,
                                                        const net::TlsIdentity& identity);

/// Whether everything on this host that the configuration names is there and fit: key files, certificate,
/// data directory, addresses. Asked before any data is touched (opening a store recovers and flushes it);
/// each error is `invalid_configuration` and names file, key and what was expected. A port in use passes:
/// the configuration may be right, and the listener that finds it says so.
Result<> check_premises(const Config& config);

}  // namespace holdfast::app
