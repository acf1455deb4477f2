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

/// A header as far as anybody asks for it.
struct ReadHeader {
  std::string encoded;
  std::string json;
  std::optional<std::string> algorithm;
  std::optional<std::string> key_id;
  bool has_extension = false;
};

std::optional<std::string> text_member(const nlohmann::json& header, const char* name) {
  const auto found = header.find(name);
  if (found == header.end() || !found->is_string()) return std::nullopt;
  return found->get<std::string>();
}

/// Valid until this thread's next call. All tokens of one key have the same header, so the last one stays
/// read: parsing it twice a request costs as much as the signature's check.
Result<const ReadHeader*> read_header(std::string_view encoded) {
  thread_local ReadHeader last;
  if (!last.encoded.empty() && last.encoded == encoded) return &last;
  TRY(auto json, decode_part(encoded, "header"));
  const auto parsed = parse_json(json);
  if (!parsed || !parsed->is_object()) return refuse_token("JWS: header is not a strict JSON object");
  last = {.encoded = std::string(encoded),
          .json = std::move(json),
          .algorithm = text_member(*parsed, "alg"),
          .key_id = text_member(*parsed, "kid"),
          // RFC 7515 §4.1.11: an extension that we do not know must be refused, and we know none (RFC 7797's
          // b64 included).
          .has_extension = parsed->contains("crit") || parsed->contains("b64")};
  return &last;
}

/// Why a header does not belong to a token of this algorithm; nothing when it does.
std::optional<std::string> header_problem(const ReadHeader& header, SigningAlgorithm algorithm) {
  if (header.algorithm != to_string(algorithm)) return "JWS: header alg is not the key's";
  if (header.has_extension) return "JWS: header has an extension";
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
  std::string token = to_base64url(header_json);
  const auto header = read_header(token);
  if (!header || header_problem(**header, key.algorithm())) {
    return fail(ErrorKind::internal, "internal", "a token cannot be signed",
                "JWS: header does not fit the key");
  }
  token.append(".").append(to_base64url(payload));
  TRY(const auto signature, key.sign(token));
  token.append(".").append(to_base64url(signature));
  if (token.size() > max_jws_bytes)
    return fail(ErrorKind::too_large, "token_too_large", "the token would be too long");
  return token;
}

Result<std::string> jws_key_id(std::string_view token) {
  TRY(const auto parts, split_compact(token));
  TRY(const auto* const header, read_header(parts.header));
  if (!header->key_id || header->key_id->size() > max_key_id_bytes) return refuse_token("JWS: no usable kid");
  return *header->key_id;
}

Result<VerifiedJws> verify_compact(std::string_view token, const VerifyingKey& key) {
  TRY(const auto parts, split_compact(token));
  TRY(const auto* const header, read_header(parts.header));
  if (auto problem = header_problem(*header, key.algorithm())) return refuse_token(*std::move(problem));
  TRY(auto payload, decode_part(parts.payload, "payload"));
  TRY(const auto signature, decode_part(parts.signature, "signature"));
  if (!key.verify(parts.signed_text, signature)) return refuse_token("JWS: wrong signature");
  return VerifiedJws{.header_json = header->json, .payload = std::move(payload)};
}

}  // namespace holdfast::crypto
