#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "holdfast/base/result.h"

/// Argon2id (RFC 9106) through libsodium, one lane. Every call blocks for tens of milliseconds and takes
/// `memory_kib` of memory: run it on the CPU pool, never on an I/O thread. Thread-safe. Passwords arrive
/// normalised (base/text.h).
namespace holdfast::crypto {

/// Cost of a new hash. The defaults are OWASP's first choice (Password Storage Cheat Sheet).
struct Argon2Params {
  std::uint32_t memory_kib = 19 * 1024;
  std::uint32_t iterations = 2;

  bool operator==(const Argon2Params&) const = default;
};

/// Caps on what a hash may cost, for new hashes and for stored or imported ones, whose text an attacker may
/// have chosen. They bound what one sign-in can take from the machine.
namespace argon2_limits {
/// libsodium's own minimum.
inline constexpr std::uint32_t min_memory_kib = 8;
/// Four times RFC 9106's second recommendation; a few parallel sign-ins must fit a small machine.
inline constexpr std::uint32_t max_memory_kib = 256 * 1024;
inline constexpr std::uint32_t max_iterations = 32;
/// memory × iterations: about 0.6 s of one core (measured 23 ms for 38 MiB·passes).
inline constexpr std::uint64_t max_kib_passes = 1024UL * 1024;
/// Imported hashes may have more lanes (4 is the reference tool's default); the total work does not grow with
/// them.
inline constexpr std::uint32_t max_lanes = 8;
/// Far above the 256 bytes that sign-in accepts.
inline constexpr std::size_t max_password_bytes = 1024;
/// A PHC string with the longest accepted salt and tag (64 bytes each) is shorter.
inline constexpr std::size_t max_phc_bytes = 256;
/// Floors for configuration: no pair weaker than the weakest of OWASP's list (7 MiB × 5).
inline constexpr std::uint32_t min_configured_memory_kib = 7 * 1024;
inline constexpr std::uint64_t min_configured_kib_passes = 35UL * 1024;
}  // namespace argon2_limits

/// What a configuration may ask for: the caps and the floors above. `invalid`, the message names the bound.
[[nodiscard]] Result<> check_configured(Argon2Params params);

/// A PHC string with a fresh 16-byte salt and a 32-byte tag: `$argon2id$v=19$m=19456,t=2,p=1$<salt>$<tag>`.
/// Params over the caps are `invalid`, an overlong password `too_large`, no memory `overloaded`. Floors are
/// left to check_configured, so that tests can be quick.
[[nodiscard]] Result<std::string> hash_password(std::string_view password, Argon2Params params = {});

/// True if `password` is the one behind `phc`. A string that is not strict PHC of argon2id version 19 within
/// the caps is `corrupt`, before any work is done; no memory `overloaded` (for verifiers of other tools with
/// several lanes or another salt's size just wrong). An overlong password is just wrong.
[[nodiscard]] Result<bool> verify_password(std::string_view phc, std::string_view password);

/// True if the hash was made with other parameters than `wanted` (or does not parse): hash again at the next
/// sign-in.
[[nodiscard]] bool needs_rehash(std::string_view phc, Argon2Params wanted);

/// The work of verify_password for an account that does not exist, so that the time says nothing. No memory
/// `overloaded`, as there.
[[nodiscard]] Result<> dummy_verify(Argon2Params params, std::string_view password);

/// What verify_password of `phc` costs less than dummy_verify of `params`, where it does: for verifiers of
/// before the parameters were raised. No memory `overloaded`.
[[nodiscard]] Result<> make_up_work(std::string_view phc, Argon2Params params, std::string_view password);

}  // namespace holdfast::crypto
