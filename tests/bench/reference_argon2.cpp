/// The bare Argon2id call of libsodium, over and over on one thread: what a password sign-in costs at least.
/// Usage: reference_argon2 MEMORY_KIB ITERATIONS SECONDS → "hashes wall_seconds cpu_seconds"
#include <sodium.h>
#include <time.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string_view>

namespace {

double cpu_seconds() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 4 || sodium_init() < 0) return 2;
  const std::size_t memory_bytes = std::strtoull(arguments[1], nullptr, 10) * 1024;
  const std::size_t iterations = std::strtoull(arguments[2], nullptr, 10);
  const std::chrono::duration<double> length(std::strtod(arguments[3], nullptr));

  constexpr std::string_view password = "Bench-7-Lantern";
  unsigned char tag[32];
  unsigned char salt[crypto_pwhash_SALTBYTES] = {};
  std::size_t hashes = 0;
  const double cpu_before = cpu_seconds();
  const auto begin = std::chrono::steady_clock::now();
  std::chrono::duration<double> passed{};
  do {
    salt[0] = static_cast<unsigned char>(hashes);
    if (crypto_pwhash(tag, sizeof tag, password.data(), password.size(), salt, iterations, memory_bytes,
                      crypto_pwhash_ALG_ARGON2ID13) != 0) {
      return 1;
    }
    ++hashes;
    passed = std::chrono::steady_clock::now() - begin;
  } while (passed < length);
  std::printf("%zu %.6f %.6f\n", hashes, passed.count(), cpu_seconds() - cpu_before);
}
