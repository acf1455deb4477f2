#pragma once

#include <string>
#include <string_view>

namespace holdfast {

/// Raw bytes. Strings are used for bytes throughout: RocksDB, OpenSSL, libsodium and JSON all meet there
/// without copies.
using Bytes = std::string;
using BytesView = std::string_view;

}  // namespace holdfast
