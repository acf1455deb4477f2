#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "holdfast/replication/join_messages.h"
#include "holdfast/replication/join_token.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace holdfast::replication;
  const holdfast::BytesView input(reinterpret_cast<const char*>(data), size);
  if (const auto token = JoinToken::decode(input)) {
    const auto text = token->encode();
    const auto again = JoinToken::decode(text.expose());
    if (!again || again->encode().expose() != text.expose()) std::abort();
  }
  if (const auto join = Join::decode(input); join && !Join::decode(join->encode())) std::abort();
  if (const auto joined = Joined::decode(input); joined && !Joined::decode(joined->encode())) std::abort();
  return 0;
}
