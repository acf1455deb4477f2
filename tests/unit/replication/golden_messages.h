#pragma once

#include <map>
#include <string>

namespace holdfast::test {

/// The samples' frames in hexadecimal. A change here is a change of the protocol: never edit, add a version.
inline const std::map<std::string, std::string> golden_messages = {};

}  // namespace holdfast::test
