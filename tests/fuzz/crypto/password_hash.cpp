// Password verifiers may be imported: their text is read before any work is done, and what it may cost is
// bounded.
#include "holdfast/crypto/password_hash.h"

#include <algorithm>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  using namespace holdfast::crypto;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const auto marks = std::ranges::count(input, '$');
  // needs_rehash reads all of a verifier and computes nothing; only one that it reads can have the wanted
  // parameters.
  const bool accepted = !needs_rehash(input, {.memory_kib = 64, .iterations = 1});
  if (accepted && (marks != 5 || !input.starts_with("$argon2id$v=19$m=64,t=1,p=1$"))) std::abort();
  return 0;
}
