#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "fuzz.h"
#include "holdfast/replication/join_messages.h"
#include "holdfast/replication/join_token.h"
#include "samples.h"

std::vector<holdfast::Bytes> holdfast::fuzz::seeds() {
  using namespace replication;
  const JoinToken token{.cluster = test::sample_cluster,
                        .address = "10.0.0.1:8446",
                        .primary_spki_hash = Bytes(32, 'p'),
                        .node = RegionName("eu-west-1"),
                        .expires = test::sample_time,
                        .secret = Secret(Bytes(join_secret_bytes, 's'))};
  const JoinTokenRow row{.node = token.node, .created = test::sample_time, .created_by = "op"};
  const Join join{.secret = Bytes(32, 's'), .mac = Bytes(32, 'm'), .node = test::sample_member()};
  Joined joined{.accepted = true};
  joined.cluster = {.id = test::sample_cluster, .issuer_base = "https://auth.example.com"};
  joined.members = {test::sample_member()};
  return {Bytes(token.encode().expose()), row.encode(), join.encode(), joined.encode()};
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace holdfast::replication;
  const holdfast::BytesView input(reinterpret_cast<const char*>(data), size);
  if (const auto token = JoinToken::decode(input)) {
    const auto text = token->encode();
    const auto again = JoinToken::decode(text.expose());
    if (!again || again->encode().expose() != text.expose()) std::abort();
  }
  const auto encode = [](const auto& record) { return record.encode(); };
  holdfast::fuzz::require_stable(input, JoinTokenRow::decode, encode);
  holdfast::fuzz::require_stable(input, Join::decode, encode);
  holdfast::fuzz::require_stable(input, Joined::decode, encode);
  return 0;
}
