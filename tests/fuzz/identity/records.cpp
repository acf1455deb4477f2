// The room's records, as a damaged store or a primary of another build may hand them over. The first byte
// chooses the kind.
#include "records.h"

#include "fuzz.h"

namespace {

using namespace holdfast;
using namespace holdfast::identity;

const PoolId fuzz_pool("eu-west-1_aBcDeFgHi");
const UserId fuzz_user("6f1d3e9a-0000-4000-8000-000000000001");
const WallTime fuzz_time = from_micros(1'795'253'400'000'000);

using Check = void (*)(BytesView);

template <class Decode>
void stable(BytesView input, Decode decode) {
  fuzz::require_stable(input, decode, [](const auto& value) { return encode(value); });
}

constexpr Check checks[] = {
    [](BytesView input) { stable(input, [](BytesView plain) { return decode_pool(fuzz_pool, plain); }); },
    [](BytesView input) {
      stable(input, [](BytesView plain) { return decode_user(fuzz_pool, fuzz_user, plain); });
    },
    [](BytesView input) { stable(input, decode_credential); },
    [](BytesView input) {
      stable(input, [](BytesView plain) { return decode_client(ClientId("c"), plain); });
    },
    [](BytesView input) {
      stable(input, [](BytesView plain) { return decode_group(fuzz_pool, "g", plain); });
    },
    [](BytesView input) { stable(input, [](BytesView plain) { return decode_operator("o", plain); }); },
    [](BytesView input) { stable(input, decode_admin_token); },
    [](BytesView input) { stable(input, decode_failure_count); },
    [](BytesView input) {
      stable(input, [](BytesView plain) { return decode_session(fuzz_pool, fuzz_user, "jti", plain); });
    },
    [](BytesView input) { stable(input, decode_revocation); },
    [](BytesView input) { stable(input, decode_kept_answer); },
    [](BytesView input) { stable(input, decode_signing_key); },
};

Bytes seed_of(std::size_t kind, BytesView record) { return Bytes(1, static_cast<char>(kind)).append(record); }

Client sample_client() {
  Client client;
  client.pool = fuzz_pool;
  client.name = "web";
  client.secret = "secret";
  client.flows = {Flow::user_password, Flow::refresh_token};
  client.scopes = {"openid"};
  client.access_lifetime = std::chrono::minutes(5);
  return client;
}

}  // namespace

std::vector<Bytes> fuzz::seeds() {
  Pool pool{.id = fuzz_pool, .name = "demo"};
  pool.custom_attributes = {{.name = "custom:age", .type = AttributeType::number, .least = 0, .most = 150}};
  pool.required_attributes = {"email"};
  User user{.pool = fuzz_pool, .id = fuzz_user, .username = "ada"};
  user.attributes = {{"email", "ada@example.com"}};
  Group group{.pool = fuzz_pool, .id = "6f1d3e9a-0000-4000-8000-000000000004", .precedence = 2};
  const Session session{
      .pool = fuzz_pool,
      .client = ClientId("client"),
      .started_at = fuzz_time,
      .branches = {{.region = RegionName("eu-west-1"), .oldest_unused = 2, .since = fuzz_time}}};
  return {seed_of(0, encode(pool)),
          seed_of(1, encode(user)),
          seed_of(2, encode(PasswordCredential{.phc = "$argon2id$v=19$m=64,t=1,p=1$c2FsdHNhbHQ$aGFzaA",
                                               .version = 2})),
          seed_of(3, encode(sample_client())),
          seed_of(4, encode(group)),
          seed_of(5, encode(Operator{.id = "o", .name = "op", .email = "op@example.com"})),
          seed_of(6, encode(AdminToken{.id = "t", .scopes = {"*"}, .created_at = fuzz_time})),
          seed_of(7, encode(FailureCount{.failures = 3, .last_failure = fuzz_time, .epoch = 1})),
          seed_of(8, encode(session)),
          seed_of(9, encode(Revocation{.revoked_at = fuzz_time, .keep_until = fuzz_time})),
          seed_of(10, encode(KeptAnswer{.body_hash = Bytes(32, 'h'), .status = 201, .body = "{}"})),
          seed_of(11, encode(SigningKeyRecord{.private_der = Secret("der"), .public_jwk = "{}"}))};
}

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  if (size == 0) return 0;
  checks[data[0] % std::size(checks)](holdfast::fuzz::input_of(data + 1, size - 1));
  return 0;
}
