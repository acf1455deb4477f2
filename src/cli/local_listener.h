#pragma once

#include <filesystem>
#include <string>

#include "holdfast/app/config.h"

namespace holdfast::cli {

/// How a command on a region's own host reaches one of its listeners: the URL carries a name that the
/// listener answers to and its certificate holds, the connection goes to the address it is bound to.
struct LocalListener {
  std::string url;  ///< https://NAME:PORT
  std::string connect_host;
  std::filesystem::path ca_file;  ///< beside the certificate; need not exist
};

LocalListener local_listener(const app::Config& config, const app::ListenerConfig& listener);

}  // namespace holdfast::cli
