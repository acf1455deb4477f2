#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "holdfast/base/result.h"

namespace holdfast::oidc {

/// The parameters of an OAuth request: `application/x-www-form-urlencoded` as RFC 6749 appendix B has it. A
/// parameter that is there twice refuses the request, one without a value counts as absent (§3.2), unknown
/// ones are ignored by whoever reads (§3.2).
class Parameters {
 public:
  /// `invalid_request` for broken percent-encoding, bytes that are no UTF-8, NUL, repetition, or more than 64
  /// parameters. The caller bounds the size.
  static Result<Parameters> parse(std::string_view form);

  [[nodiscard]] std::optional<std::string_view> find(std::string_view name) const;
  /// `invalid_request`, naming the parameter, when absent.
  [[nodiscard]] Result<std::string> get(std::string_view name) const;

 private:
  std::map<std::string, std::string, std::less<>> values_;
};

/// Decodes one `+` and `%XX` encoded text; empty when it is broken, no UTF-8, or has a NUL.
std::optional<std::string> decode_form_text(std::string_view text);

}  // namespace holdfast::oidc
