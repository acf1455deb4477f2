// The bytes of every record of this room: docs/formats/identity-records.md. A difference here is a change of
// the format on disk.
#include "records.h"

#include <gtest/gtest.h>

#include "holdfast/base/codec.h"
#include "holdfast/base/encoding.h"
#include "origin_jti.h"
#include "tables.h"
#include "user_store.h"

namespace holdfast::identity {
namespace {

constexpr WallTime record_created = WallTime(std::chrono::microseconds(1'700'000'000'000'001));
constexpr WallTime record_modified = WallTime(std::chrono::microseconds(1'700'000'001'000'002));
const PoolId record_pool("us-east-1_AbCdEfGhI");
const UserId record_user("1b4e28ba-2fa1-41d2-883f-0016d3cca427");
constexpr std::string_view record_jti = "018f3c6a-7b2c-7d10-8a4e-5f6071829304";

/// Checks the bytes, that they decode to the same, and that every truncation is refused or loses something.
template <class T, class Decode>
void expect_record(const T& value, const std::string& hex, Decode decode) {
  const Bytes plain = encode(value);
  EXPECT_EQ(to_hex(plain), hex);
  const auto back = decode(plain);
  ASSERT_TRUE(back);
  EXPECT_EQ(*back, value);
  for (std::size_t size = 0; size < plain.size(); ++size) {
    const auto partial = decode(BytesView(plain).substr(0, size));
    EXPECT_FALSE(partial && *partial == value) << size;
  }
}

TEST(Records, Pool) {
  Pool pool;
  pool.id = record_pool;
  pool.name = "customers";
  pool.algorithm = SigningAlgorithm::es256;
  pool.password.needs_symbol = false;
  pool.lifetimes.challenge = std::chrono::minutes(5);
  pool.required_attributes = {"email"};
  pool.custom_attributes = {
      {.name = "custom:desk", .type = AttributeType::number, .is_mutable = false, .least = -1, .most = 99}};
  pool.created_at = record_created;
  pool.modified_at = record_modified;
  expect_record(
      pool,
      "0109637573746f6d65727302010203000401080501070603093a8007020e1008020e100903278d000a02012c0b05656d61696c"
      "0c18010b637573746f6d3a6465736b02010203000401010501c60d070c1448303c80020e070c1448305b0484",
      [](BytesView plain) { return decode_pool(record_pool, plain); });
}

TEST(Records, User) {
  User user;
  user.pool = record_pool;
  user.id = record_user;
  user.username = "ada";
  user.status = UserStatus::confirmed;
  user.attributes = {{"email", "a@example.com"}, {"name", "Ada"}};
  user.created_at = record_created;
  user.modified_at = record_modified;
  expect_record(user,
                "01036164610201020301010405656d61696c04046e616d65050d61406578616d706c652e636f6d05034164610607"
                "0c1448303c800207070c1448305b0484",
                [](BytesView plain) { return decode_user(record_pool, record_user, plain); });
}

TEST(Records, Credential) {
  const PasswordCredential credential{.phc = "$argon2id$x",
                                      .version = 3,
                                      .oldest_valid_version = 2,
                                      .changed_at = record_created,
                                      .temporary = true,
                                      .temporary_until = record_modified,
                                      .lockout_epoch = 1};
  expect_record(credential,
                "010b246172676f6e326964247802010303010204070c1448303c800205010106070c1448305b0484070101",
                decode_credential);
}

TEST(Records, Client) {
  Client client;
  client.id = ClientId("1example23456789abcdefghij");
  client.pool = record_pool;
  client.name = "web";
  client.secret = "s";
  client.flows = {Flow::user_password, Flow::client_credentials};
  client.scopes = {"objects.read"};
  client.redirect_uris = {"https://a/"};
  client.logout_uris = {"https://b/"};
  client.writable_attributes = {"name"};
  client.access_lifetime = std::chrono::minutes(5);
  client.rotates_refresh_tokens = true;
  client.rotation_grace = std::chrono::seconds(10);
  client.created_at = record_created;
  client.modified_at = record_modified;
  expect_record(client,
                "011375732d656173742d315f4162436445664768490203776562030173040101050101050103060c6f626a656374"
                "732e72656164070a68747470733a2f2f612f080a68747470733a2f2f622f09046e616d650a02012c0d01010e010a"
                "0f070c1448303c800210070c1448305b0484",
                [&](BytesView plain) { return decode_client(client.id, plain); });
}

TEST(Records, AFlowThatThisBuildDoesNotKnowPermitsNothing) {
  for (const char* fields : {"050100", "050107", "0501ff", "05020001"}) {
    const auto client = decode_client(ClientId("c"), from_hex(fields).value());
    ASSERT_TRUE(client) << fields;
    EXPECT_TRUE(client->flows.empty()) << fields;
  }
}

TEST(Records, Group) {
  Group group{.pool = record_pool,
              .id = std::string(record_user.str()),
              .name = "admin",
              .description = "d",
              .precedence = 7,
              .created_at = record_created,
              .modified_at = record_modified};
  expect_record(group, "01101b4e28ba2fa141d2883f0016d3cca42702016403010704070c1448303c800205070c1448305b0484",
                [](BytesView plain) { return decode_group(record_pool, "admin", plain); });
}

TEST(Records, OperatorAndToken) {
  const Operator person{.id = "op",
                        .name = "Ada",
                        .email = "a@example.com",
                        .phone = "+15550100",
                        .enabled = true,
                        .created_at = record_created};
  expect_record(person,
                "0103416461020d61406578616d706c652e636f6d03092b313535353031303004010105070c1448303c8002",
                [](BytesView plain) { return decode_operator("op", plain); });
  const AdminToken token{.id = "t",
                         .name = "ci",
                         .operator_id = "op",
                         .scopes = {"read", "state"},
                         .region = RegionName("us-east-1"),
                         .created_at = record_created,
                         .expires_at = record_modified};
  expect_record(token,
                "0101740202636903026f7004047265616404057374617465050975732d656173742d3106070c1448303c80020707"
                "0c1448305b0484",
                decode_admin_token);
}

TEST(Records, FailuresAndRevocation) {
  expect_record(FailureCount{.failures = 6, .last_failure = record_created, .epoch = 2},
                "01010602070c1448303c8002030102", decode_failure_count);
  expect_record(Revocation{.revoked_at = record_created, .keep_until = record_modified},
                "01070c1448303c800202070c1448305b0484", decode_revocation);
}

TEST(Records, KeptAnswer) {
  expect_record(KeptAnswer{.body_hash = "h", .status = 201, .body = "{}", .expires_at = record_created},
                "0101680201c903027b7d04070c1448303c8002", decode_kept_answer);
}

TEST(Records, Session) {
  const Session session{
      .pool = record_pool,
      .user = record_user,
      .origin_jti = std::string(record_jti),
      .client = ClientId("c"),
      .started_at = record_created,
      .expires_at = record_modified,
      .branches = {{.region = RegionName("us-east-1"), .oldest_unused = 4, .since = record_created}}};
  expect_record(
      session, "01016302070c1448303c800203070c1448305b04840417010975732d656173742d3102010403070c1448303c8002",
      [](BytesView plain) {
        return decode_session(record_pool, record_user, std::string(record_jti), plain);
      });
}

TEST(Records, SigningKey) {
  SigningKeyRecord record;
  record.state = SigningKeyState::retiring;
  record.algorithm = SigningAlgorithm::es256;
  record.private_der = Secret("der");
  record.public_jwk = "{}";
  record.created_at = record_created;
  record.activated_at = record_created;
  record.retired_at = record_modified;
  const Bytes plain = encode(record);
  EXPECT_EQ(to_hex(plain),
            "010103020102030364657204027b7d05070c1448303c800206070c1448303c800207070c1448305b0484");
  const auto back = decode_signing_key(plain);
  ASSERT_TRUE(back);
  EXPECT_EQ(back->state, SigningKeyState::retiring);
  EXPECT_EQ(back->private_der.expose(), "der");
  EXPECT_EQ(back->retired_at, record_modified);
}

/// A record of one number, which a narrowing cast would make into one that is allowed.
Bytes record_of_number(std::uint32_t field, std::uint64_t number) {
  return FieldWriter().number(field, number).take();
}

template <class Decode>
void expect_bounds(Decode decode, std::uint32_t field, std::uint64_t least, std::uint64_t most) {
  EXPECT_TRUE(decode(record_of_number(field, least))) << field;
  EXPECT_TRUE(decode(record_of_number(field, most))) << field;
  std::vector<std::uint64_t> refused = {most + 1, most + (std::uint64_t{1} << 32U), std::uint64_t{1} << 63U};
  if (most < 256) refused.push_back(256 + most);
  if (least > 0) refused.push_back(least - 1);
  for (const std::uint64_t number : refused) {
    const auto decoded = decode(record_of_number(field, number));
    ASSERT_FALSE(decoded) << field << " = " << number;
    EXPECT_EQ(decoded.error().kind, ErrorKind::corrupt);
  }
}

TEST(Records, EnumerationsOfAnotherBuildAreRefused) {
  const auto user = [](BytesView plain) { return decode_user(record_pool, record_user, plain); };
  const auto pool = [](BytesView plain) { return decode_pool(record_pool, plain); };
  const auto attribute = [&](BytesView plain) { return pool(FieldWriter().text(12, plain).take()); };
  expect_bounds(user, 2, 1, 5);
  expect_bounds(pool, 2, 1, 2);
  expect_bounds(pool, 5, 0, 15);
  expect_bounds(attribute, 2, 1, 4);
  expect_bounds(decode_signing_key, 1, 1, 3);
  expect_bounds(decode_signing_key, 2, 1, 2);
}

TEST(Records, NumbersThatDoNotFitAreRefused) {
  constexpr std::uint64_t all_32_bits = 0xffff'ffff;
  const auto pool = [](BytesView plain) { return decode_pool(record_pool, plain); };
  const auto client = [](BytesView plain) { return decode_client(ClientId("c"), plain); };
  const auto group = [](BytesView plain) { return decode_group(record_pool, "g", plain); };
  for (const std::uint32_t seconds : {6U, 7U, 8U, 9U, 10U}) expect_bounds(pool, seconds, 0, all_32_bits);
  for (const std::uint32_t seconds : {10U, 11U, 12U, 14U}) expect_bounds(client, seconds, 0, all_32_bits);
  expect_bounds(pool, 4, 0, all_32_bits);
  expect_bounds(group, 3, 0, all_32_bits);
  expect_bounds(decode_failure_count, 1, 0, all_32_bits);
  expect_bounds(decode_kept_answer, 2, 0, 0xffff);
}

TEST(Records, Keys) {
  const Bytes sub = *from_hex("1b4e28ba2fa141d2883f0016d3cca427");
  const std::string pool_hex = "75732d656173742d315f4162436445664768490001";
  EXPECT_EQ(to_hex(pool_key(record_pool)), pool_hex);
  EXPECT_EQ(to_hex(user_key(record_pool, sub)), pool_hex + to_hex(sub));
  EXPECT_EQ(to_hex(user_order_key(record_pool, record_created, sub)),
            pool_hex + "00060a24181e4001" + to_hex(sub));
  EXPECT_EQ(to_hex(storage::full_key(users_table, "k")), "01036b");
  EXPECT_EQ(to_hex(storage::full_key(revocations_table, "k")), "02026b");
  EXPECT_EQ(local_sessions.id, 0x0030);  // 0x0020 is replication's
  EXPECT_EQ(local_revocations.id, 0x0031);
}

TEST(OriginJti, IsAUuidOfVersionSevenThatKnowsItsTime) {
  const std::string jti = new_origin_jti(record_created, crypto::system_entropy());
  EXPECT_TRUE(jti.starts_with("018bcfe5-6800-7")) << jti;
  EXPECT_NE(std::string("89ab").find(jti[19]), std::string::npos);
  EXPECT_EQ(begin_of(jti), std::chrono::floor<std::chrono::milliseconds>(record_created));
  EXPECT_NE(jti, new_origin_jti(record_created, crypto::system_entropy()));
  EXPECT_EQ(begin_of("1b4e28ba-2fa1-41d2-883f-0016d3cca427"), WallTime{}) << "version 4";
  EXPECT_EQ(begin_of("rubbish"), WallTime{});
}

}  // namespace
}  // namespace holdfast::identity
