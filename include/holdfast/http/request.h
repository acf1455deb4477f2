#pragma once

#include <any>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "holdfast/base/bytes.h"
#include "holdfast/base/clock.h"
#include "holdfast/http/body.h"
#include "holdfast/http/headers.h"
#include "holdfast/http/method.h"
#include "holdfast/http/target.h"

namespace holdfast::http {

/// One `{name}` of a row's path template, as sent and percent-decoded.
struct PathParam {
  std::string_view name;  ///< points into the row
  std::string raw;
  std::string value;
};

/// Who the caller is, as the listener's authenticator has it: any copyable type of a domain that http does
/// not know.
class Principal {
 public:
  Principal() = default;
  template <class T>
  static Principal of(T value) {
    Principal principal;
    principal.value_ = std::move(value);
    return principal;
  }
  /// Null when it is something else or nothing.
  template <class T>
  [[nodiscard]] const T* as() const {
    return std::any_cast<T>(&value_);
  }

 private:
  std::any value_;
};

/// One request as handlers see it: checked at the edge (docs/api-errors.md), headers frozen. Lives on
/// its connection's I/O thread until the response is written; handlers get a reference that is valid until
/// they return.
struct Request {
  Method method = Method::get;
  Target target;
  Headers headers;
  std::string host;  ///< the Host header's name in lower case, without port; one of the listener's names
  /// The whole body, at most the row's limit; empty in streaming rows.
  Bytes body;
  /// In streaming rows: never null. Otherwise null.
  BodyReader* body_stream = nullptr;

  std::string peer_address;   ///< numeric; behind a front door the client's, from PROXY v2
  std::string limit_key;      ///< what per-address limits count by: the address, for IPv6 its /64
  std::string request_id;     ///< drawn here, never the client's
  std::string_view listener;  ///< the listener's name, "public"
  std::string_view route;     ///< the row's template for logs and metrics; empty before routing
  std::vector<PathParam> params;
  /// What the listener's authenticator made of the credentials; empty in `open` rows.
  Principal principal;
  /// What wraps a row's handler has for it; http does not look at it.
  std::any extra;
  SteadyTime received_at{};

  /// A path parameter, decoded; empty if the template has none of that name.
  [[nodiscard]] std::string_view param(std::string_view name) const;
  /// The same, exactly as sent.
  [[nodiscard]] std::string_view raw_param(std::string_view name) const;
  [[nodiscard]] std::string_view header(std::string_view name) const {
    return headers.find(name).value_or("");
  }
  [[nodiscard]] std::optional<std::string_view> query(std::string_view name) const {
    return target.query.find(name);
  }
};

}  // namespace holdfast::http
