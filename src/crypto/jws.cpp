#include "holdfast/crypto/jws.h"

#include <nlohmann/json.hpp>
#include <optional>

#include "holdfast/base/encoding.h"
#include "holdfast/base/json.h"

namespace holdfast::crypto {
namespace {

constexpr std::size_t max_key_id_bytes = 256;

struct CompactParts {
  std::string_view header, payload, signature;
  std::string_view signed_text;  // header and payload with the dot between them
};

std::unexpected<Error> refuse_token(std::string detail) {
  return fail(ErrorKind::unauthenticated, "unauthenticated", "the token is not valid", std::move(detail));
}

Result<CompactParts> split_compact(std::string_view token) {
  if (token.size() > max_jws_bytes) return refuse_token("JWS: too long");
  const auto first = token.find('.');
  const auto second = first == std::string_view::npos ? first : token.find('.', first + 1);
  if (second == std::string_view::npos || token.find('.', second + 1) != std::string_view::npos) {
    return refuse_token("JWS: not three parts");
  }
  return CompactParts{.header = token.substr(0, first),
                      .payload = token.substr(first + 1, second - first - 1),
                      .signature = token.substr(second + 1),
                      .signed_text = token.substr(0, second)};
}

Result<Bytes> decode_part(std::string_view part, std::string_view name) {
  auto bytes = from_base64url(part);
  if (!bytes) return refuse_token("JWS: " + std::string(name) + " is not canonical base64url");
  return bytes;
}

Result<nlohmann::json> parse_header(std::string_view header_json) {
  auto header = parse_json(header_json);
  if (!header || !header->is_object()) return refuse_token("JWS: header is not a strict JSON object");
  return header;
}

/// Why a header does not belong to a token of this algorithm; nothing when it does.
std::optional<std::string> header_problem(const nlohmann::json& header, SigningAlgorithm algorithm) {
  const auto alg = header.find("alg");
  if (alg == header.end() || !alg->is_string() ||
      alg->get_ref<const std::string&>() != to_string(algorithm)) {
    return "JWS: header alg is not the key's";
  }
  // RFC 7515 §4.1.11: an extension that we do not know must be refused, and we know none (RFC 7797's b64
  // included).
  if (header.contains("crit") || header.contains("b64")) return "JWS: header has an extension";
  return std::nullopt;
}

}  // namespace

std::string jws_header(SigningAlgorithm algorithm, std::string_view kid, std::string_view typ) {
  nlohmann::ordered_json header;
  header["alg"] = to_string(algorithm);
  header["kid"] = kid;
  if (!typ.empty()) header["typ"] = typ;
  return header.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

Result<std::string> sign_compact(const SigningKey& key, std::string_view header_json,
                                 std::string_view payload) {
  const auto header = parse_header(header_json);
  if (!header || header_problem(*header, key.algorithm())) {
    return fail(ErrorKind::internal, "internal", "a token cannot be signed",
                "JWS: header does not fit the key");
  }
  std::string token = to_base64url(header_json) + '.' + to_base64url(payload);
  TRY(const auto signature, key.sign(token));
  token.append(".").append(to_base64url(signature));
  if (token.size() > max_jws_bytes)
    return fail(ErrorKind::too_large, "token_too_large", "the token would be too long");
  return token;
}

Result<std::string> jws_key_id(std::string_view token) {
  TRY(const auto parts, split_compact(token));
  TRY(const auto header_json, decode_part(parts.header, "header"));
  TRY(const auto header, parse_header(header_json));
  const auto kid = header.find("kid");
  if (kid == header.end() || !kid->is_string() ||
      kid->get_ref<const std::string&>().size() > max_key_id_bytes) {
    return refuse_token("JWS: no usable kid");
  }
  return kid->get<std::string>();
}

Result<VerifiedJws> verify_compact(std::string_view token, const VerifyingKey& key) {
  TRY(const auto parts, split_compact(token));
  TRY(auto header_json, decode_part(parts.header, "header"));
  TRY(const auto header, parse_header(header_json));
  if (auto problem = header_problem(header, key.algorithm())) return refuse_token(*std::move(problem));
  TRY(auto payload, decode_part(parts.payload, "payload"));
  TRY(const auto signature, decode_part(parts.signature, "signature"));
  if (!key.verify(parts.signed_text, signature)) return refuse_token("JWS: wrong signature");
  return VerifiedJws{.header_json = std::move(header_json), .payload = std::move(payload)};
}

}  // namespace holdfast::crypto
