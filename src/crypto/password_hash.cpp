#include "holdfast/crypto/password_hash.h"

#include <sodium.h>

#include <charconv>
#include <optional>

#include "holdfast/base/encoding.h"
#include "holdfast/base/metrics.h"
#include "holdfast/crypto/hash.h"
#include "holdfast/crypto/random.h"
#include "sodium_ready.h"

namespace holdfast::crypto {
namespace {

using namespace argon2_limits;

metrics::Metric argon2_runs{metrics::Kind::counter, "holdfast_argon2_total",
                            "Argon2id computations, also those for accounts that do not exist."};
metrics::Metric argon2_filled_bytes{
    metrics::Kind::counter, "holdfast_argon2_filled_bytes_total",
    "Bytes of memory that all Argon2id computations filled: memory times iterations."};

void count_argon2(Argon2Params params) {
  argon2_runs.add();
  argon2_filled_bytes.add(std::int64_t{params.memory_kib} * 1024 * params.iterations);
}

constexpr std::size_t argon2_salt_size = crypto_pwhash_argon2id_SALTBYTES;
constexpr std::size_t argon2_tag_size = 32;
constexpr std::string_view phc_start = "$argon2id$v=19$m=";

struct ParsedPhc {
  Argon2Params params;
  std::uint32_t lanes = 1;
  Bytes salt;
  Bytes tag;
};

std::uint64_t kib_passes(Argon2Params params) { return std::uint64_t{params.memory_kib} * params.iterations; }

bool within_caps(Argon2Params params) {
  return params.memory_kib >= min_memory_kib && params.memory_kib <= max_memory_kib &&
         params.iterations >= 1 && params.iterations <= max_iterations &&
         kib_passes(params) <= max_kib_passes;
}

bool take_prefix(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

// Decimal without sign or leading zero.
std::optional<std::uint32_t> take_number(std::string_view& text) {
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool fine = error == std::errc() && text.front() >= '1' && text.front() <= '9';
  if (!fine) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return value;
}

// PHC's base64 is the standard alphabet without padding.
std::optional<Bytes> from_phc_base64(std::string_view text, std::size_t least, std::size_t most) {
  if (text.find('=') != std::string_view::npos) return std::nullopt;
  std::string padded(text);
  padded.append((4 - text.size() % 4) % 4, '=');
  auto bytes = from_base64(padded);
  if (!bytes || bytes->size() < least || bytes->size() > most) return std::nullopt;
  return *std::move(bytes);
}

std::string to_phc_base64(BytesView bytes) {
  std::string text = to_base64(bytes);
  text.resize(text.find_last_not_of('=') + 1);
  return text;
}

// Everything that libsodium would go by, checked before it allocates or computes.
std::optional<ParsedPhc> parse_phc(std::string_view text) {
  if (text.size() > max_phc_bytes || !take_prefix(text, phc_start)) return std::nullopt;
  const auto memory = take_number(text);
  if (!memory || !take_prefix(text, ",t=")) return std::nullopt;
  const auto iterations = take_number(text);
  if (!iterations || !take_prefix(text, ",p=")) return std::nullopt;
  const auto lanes = take_number(text);
  if (!lanes || !take_prefix(text, "$")) return std::nullopt;
  const auto dollar = text.find('$');
  if (dollar == std::string_view::npos) return std::nullopt;
  auto salt = from_phc_base64(text.substr(0, dollar), 8, 64);
  auto tag = from_phc_base64(text.substr(dollar + 1), 16, 64);
  if (!salt || !tag) return std::nullopt;
  ParsedPhc parsed{.params = {.memory_kib = *memory, .iterations = *iterations},
                   .lanes = *lanes,
                   .salt = *std::move(salt),
                   .tag = *std::move(tag)};
  const bool fine = within_caps(parsed.params) && parsed.lanes <= max_lanes &&
                    parsed.params.memory_kib >= 8 * parsed.lanes;  // RFC 9106 §3.1
  return fine ? std::optional(std::move(parsed)) : std::nullopt;
}

// False when there is no memory for it.
bool argon2id(Bytes& tag, std::string_view password, BytesView salt, Argon2Params params) {
  count_argon2(params);
  return crypto_pwhash_argon2id(reinterpret_cast<unsigned char*>(tag.data()), tag.size(), password.data(),
                                password.size(), reinterpret_cast<const unsigned char*>(salt.data()),
                                params.iterations, std::size_t{params.memory_kib} * 1024,
                                crypto_pwhash_argon2id_ALG_ARGON2ID13) == 0;
}

std::unexpected<Error> no_memory() {
  return fail(ErrorKind::overloaded, "overloaded", "not enough memory to check a password now");
}

}  // namespace

Result<> check_configured(Argon2Params params) {
  if (params.memory_kib < min_configured_memory_kib || params.memory_kib > max_memory_kib) {
    return fail(ErrorKind::invalid, "invalid_argon2",
                "Argon2id memory must be 7168 to 262144 KiB, not " + std::to_string(params.memory_kib));
  }
  if (kib_passes(params) < min_configured_kib_passes || !within_caps(params)) {
    return fail(ErrorKind::invalid, "invalid_argon2",
                "Argon2id iterations must be 1 to 32, and memory × iterations 35840 to 1048576 KiB, not " +
                    std::to_string(params.iterations) + " iterations");
  }
  return {};
}

Result<std::string> hash_password(std::string_view password, Argon2Params params) {
  ensure_sodium();
  if (!within_caps(params)) {
    return fail(ErrorKind::invalid, "invalid_argon2", "Argon2id parameters are over the documented caps");
  }
  if (password.size() > max_password_bytes) {
    return fail(ErrorKind::too_large, "password_too_long", "the password is too long");
  }
  const Bytes salt = random_bytes(argon2_salt_size);
  Bytes tag(argon2_tag_size, '\0');
  if (!argon2id(tag, password, salt, params)) return no_memory();
  std::string phc(phc_start);
  phc.append(std::to_string(params.memory_kib)).append(",t=").append(std::to_string(params.iterations));
  phc.append(",p=1$").append(to_phc_base64(salt)).append("$").append(to_phc_base64(tag));
  return phc;
}

Result<bool> verify_password(std::string_view phc, std::string_view password) {
  ensure_sodium();
  const auto parsed = parse_phc(phc);
  if (!parsed) {
    return fail(ErrorKind::corrupt, "corrupt", "a password verifier is damaged",
                "not an accepted PHC string");
  }
  if (password.size() > max_password_bytes) return false;
  // libsodium's own verification takes want of memory for a wrong password (seen). It is left to imported
  // verifiers, which its plain function does not compute.
  if (parsed->lanes == 1 && parsed->salt.size() == argon2_salt_size) {
    Bytes tag(parsed->tag.size(), '\0');
    if (!argon2id(tag, password, parsed->salt, parsed->params)) return no_memory();
    return equal_constant_time(tag, parsed->tag);
  }
  count_argon2(parsed->params);
  return crypto_pwhash_argon2id_str_verify(std::string(phc).c_str(), password.data(), password.size()) == 0;
}

bool needs_rehash(std::string_view phc, Argon2Params wanted) {
  const auto parsed = parse_phc(phc);
  return !parsed || parsed->params != wanted || parsed->lanes != 1;
}

Result<> dummy_verify(Argon2Params params, std::string_view password) {
  ensure_sodium();
  if (!within_caps(params) || password.size() > max_password_bytes) return {};
  const Bytes salt(argon2_salt_size, '\0');
  Bytes tag(argon2_tag_size, '\0');
  // Where there is no memory for one name there is none for another: the answer must not differ.
  if (!argon2id(tag, password, salt, params)) return no_memory();
  return {};
}

Result<> make_up_work(std::string_view phc, Argon2Params params, std::string_view password) {
  const auto parsed = parse_phc(phc);
  if (!parsed || params.memory_kib == 0) return {};
  const auto wanted = kib_passes(params);
  const auto done = kib_passes(parsed->params);
  if (done >= wanted) return {};
  const auto missing = wanted - done;
  const auto passes = (missing + params.memory_kib - 1) / params.memory_kib;
  const Argon2Params rest{.memory_kib = static_cast<std::uint32_t>(missing / passes),
                          .iterations = static_cast<std::uint32_t>(passes)};
  return dummy_verify(rest, password);
}

}  // namespace holdfast::crypto
