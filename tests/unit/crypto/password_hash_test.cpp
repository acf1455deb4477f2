#include "holdfast/crypto/password_hash.h"

#include <argon2.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <cstdlib>
#include <ctime>
#include <fstream>

#include "holdfast/base/encoding.h"
#include "holdfast/base/metrics.h"

namespace holdfast::crypto {
namespace {

constexpr Argon2Params quick{.memory_kib = 64, .iterations = 1};

std::string phc_base64(BytesView bytes) {
  std::string text = to_base64(bytes);
  return text.substr(0, text.find('='));
}

std::string phc_of(std::string_view costs, std::string_view salt, std::string_view tag_hex) {
  return std::string("$argon2id$v=19$").append(costs) + "$" + phc_base64(salt) + "$" +
         phc_base64(from_hex(tag_hex).value());
}

struct ReferenceVector {
  std::string_view costs, password, salt, tag_hex;
};

// The Argon2id (version 0x13) vectors of the reference implementation's src/test.c.
constexpr ReferenceVector reference_vectors[] = {
    {"m=65536,t=2,p=1", "password", "somesalt",
     "09316115d5cf24ed5a15a31a3ba326e5cf32edc24702987c02b6566f61913cf7"},
    {"m=256,t=2,p=1", "password", "somesalt",
     "9dfeb910e80bad0311fee20f9c0e2b12c17987b4cac90c2ef54d5b3021c68bfe"},
    {"m=256,t=2,p=2", "password", "somesalt",
     "6d093c501fd5999645e0ea3bf620d7b8be7fd2db59c20d9fff9539da2bf57037"},
    {"m=65536,t=1,p=1", "password", "somesalt",
     "f6a5adc1ba723dddef9b5ac1d464e180fcd9dffc9d1cbf76cca2fed795d9ca98"},
    {"m=65536,t=2,p=1", "differentpassword", "somesalt",
     "0b84d652cf6b0c4beaef0dfe278ba6a80df6696281d7e0d2891b817d8c458fde"},
    {"m=65536,t=2,p=1", "password", "diffsalt",
     "bdf32b05ccc42eb15d58fd19b1f856b113da1e9a5874fdcc544308565aa8141c"},
};

TEST(PasswordHash, VerifiesTheReferenceVectors) {
  for (const auto& vector : reference_vectors) {
    const std::string phc = phc_of(vector.costs, vector.salt, vector.tag_hex);
    EXPECT_EQ(verify_password(phc, vector.password), true) << phc;
    EXPECT_EQ(verify_password(phc, "passwore"), false) << phc;
  }
}

// RFC 9106 §5.3 has a secret and associated data, which libsodium's interface does not take. So: the
// reference library gives the RFC's tag for the RFC's input, and ours agrees with that library wherever both
// can be asked.
TEST(PasswordHash, TheLibraryItIsComparedWithGivesTheTagOfRfc9106) {
  std::array<std::uint8_t, 32> password{}, tag{};
  std::array<std::uint8_t, 16> salt{};
  std::array<std::uint8_t, 8> secret{};
  std::array<std::uint8_t, 12> associated{};
  password.fill(1), salt.fill(2), secret.fill(3), associated.fill(4);
  argon2_context context{};
  context.out = tag.data(), context.outlen = tag.size();
  context.pwd = password.data(), context.pwdlen = password.size();
  context.salt = salt.data(), context.saltlen = salt.size();
  context.secret = secret.data(), context.secretlen = secret.size();
  context.ad = associated.data(), context.adlen = associated.size();
  context.t_cost = 3, context.m_cost = 32, context.lanes = 4, context.threads = 4;
  context.version = ARGON2_VERSION_13;
  ASSERT_EQ(argon2id_ctx(&context), ARGON2_OK);
  EXPECT_EQ(to_hex(BytesView(reinterpret_cast<const char*>(tag.data()), tag.size())),
            "0d640df58d78766c08c037a34a8b53c9d01ef0452d75b65eb52520e96b01e659");
}

TEST(PasswordHash, AgreesWithThatLibrary) {
  for (const Argon2Params params : {quick, Argon2Params{.memory_kib = 8, .iterations = 3},
                                    Argon2Params{.memory_kib = 19456, .iterations = 2},
                                    Argon2Params{.memory_kib = 1000, .iterations = 7}}) {
    for (const Bytes& password :
         {Bytes("a"), Bytes("p\xc3\xa4ss"), Bytes("nul\0inside", 10), Bytes(200, 'x')}) {
      const auto ours = hash_password(password, params);
      ASSERT_TRUE(ours.has_value());
      EXPECT_EQ(argon2id_verify(ours->c_str(), password.data(), password.size()), ARGON2_OK) << *ours;
      EXPECT_NE(argon2id_verify(ours->c_str(), "another", 7), ARGON2_OK) << *ours;
      std::array<char, 128> theirs{};
      ASSERT_EQ(
          argon2id_hash_encoded(params.iterations, params.memory_kib, 1, password.data(), password.size(),
                                "sixteen bytes ok", 16, 32, theirs.data(), theirs.size()),
          ARGON2_OK);
      EXPECT_EQ(verify_password(theirs.data(), password), true) << theirs.data();
      EXPECT_EQ(verify_password(theirs.data(), password + "y"), false) << theirs.data();
    }
  }
}

TEST(PasswordHash, DefaultsAreNineteenMebibytesAndTwoPasses) {
  const auto phc = hash_password("correct horse battery staple");
  ASSERT_TRUE(phc.has_value());
  EXPECT_TRUE(phc->starts_with("$argon2id$v=19$m=19456,t=2,p=1$")) << *phc;
  EXPECT_EQ(phc->size(), 31U + 22 + 1 + 43);  // 16-byte salt, 32-byte tag
  EXPECT_EQ(verify_password(*phc, "correct horse battery staple"), true);
  EXPECT_EQ(verify_password(*phc, "correct horse battery stapl"), false);
}

TEST(PasswordHash, SaltsEveryHash) {
  EXPECT_NE(hash_password("same", quick).value(), hash_password("same", quick).value());
}

TEST(PasswordHash, TakesAnyBytes) {
  for (const Bytes& password : {Bytes(), Bytes("a\0b", 3), Bytes("p\xc3\xa4ss"), Bytes(1024, 'x')}) {
    const auto phc = hash_password(password, quick);
    ASSERT_TRUE(phc.has_value());
    EXPECT_EQ(verify_password(*phc, password), true);
    EXPECT_EQ(verify_password(*phc, password + '\0'), false);
  }
}

TEST(PasswordHash, RefusesOverlongPasswordsWithoutWork) {
  EXPECT_EQ(hash_password(Bytes(1025, 'x'), quick).error().kind, ErrorKind::too_large);
  EXPECT_EQ(verify_password(hash_password("x", quick).value(), Bytes(1025, 'x')), false);
}

TEST(PasswordHash, RefusesParametersOverTheCaps) {
  for (const Argon2Params params :
       {Argon2Params{.memory_kib = 7, .iterations = 1},
        Argon2Params{.memory_kib = 256 * 1024 + 1, .iterations = 1},
        Argon2Params{.memory_kib = 64, .iterations = 0}, Argon2Params{.memory_kib = 64, .iterations = 33},
        Argon2Params{.memory_kib = 256 * 1024, .iterations = 5}}) {
    EXPECT_EQ(hash_password("x", params).error().kind, ErrorKind::invalid)
        << params.memory_kib << params.iterations;
  }
}

TEST(PasswordHash, ConfigurationHasFloorsToo) {
  EXPECT_TRUE(check_configured({}).has_value());
  EXPECT_TRUE(check_configured({.memory_kib = 7 * 1024, .iterations = 5}).has_value());
  EXPECT_TRUE(check_configured({.memory_kib = 46 * 1024, .iterations = 1}).has_value());
  EXPECT_FALSE(check_configured({.memory_kib = 7 * 1024, .iterations = 4}).has_value());
  EXPECT_FALSE(check_configured({.memory_kib = 7 * 1024 - 1, .iterations = 10}).has_value());
  EXPECT_FALSE(check_configured({.memory_kib = 19 * 1024, .iterations = 0}).has_value());
  EXPECT_FALSE(check_configured({.memory_kib = 256 * 1024, .iterations = 5}).has_value());
  EXPECT_FALSE(check_configured({.memory_kib = 19 * 1024, .iterations = 33}).has_value());
}

// A stored verifier may have been imported: nothing in it may cost more than the caps, and nothing may be
// read loosely.
TEST(PasswordHash, RefusesHostileVerifiersBeforeAnyWork) {
  constexpr std::string_view tail = "$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4";
  const auto with = [&](std::string_view costs) {
    return "$argon2id$v=19$" + std::string(costs) + std::string(tail);
  };
  ASSERT_EQ(verify_password(with("m=256,t=2,p=1"), "password"), true);
  for (const std::string_view costs :
       {"m=4294967295,t=2,p=1", "m=256,t=4294967295,p=1", "m=256,t=2,p=16777215", "m=262144,t=5,p=1",
        "m=256,t=33,p=1", "m=256,t=2,p=9", "m=15,t=2,p=2", "m=256,t=0,p=1", "m=256,t=2,p=0", "m=0256,t=2,p=1",
        "m=+256,t=2,p=1", "m=256,t=2,p=1 ", "m=256,t=2", "t=2,m=256,p=1", "m=256,t=2,p=1,keyid=1",
        "m=99999999999,t=1,p=1", "m=,t=2,p=1", ""}) {
    const auto outcome = verify_password(with(costs), "password");
    ASSERT_FALSE(outcome.has_value()) << costs;
    EXPECT_EQ(outcome.error().kind, ErrorKind::corrupt) << costs;
  }
}

TEST(PasswordHash, RefusesMalformedVerifiers) {
  const std::string good = hash_password("password", quick).value();
  const std::size_t last_dollar = good.rfind('$');
  for (const std::string& phc : {
           std::string(),
           std::string("$"),
           good + "=",
           good + "$",
           good + '\0',
           " " + good,
           good.substr(0, 40),
           good.substr(0, last_dollar + 1),
           good.substr(0, last_dollar) + good.substr(last_dollar + 1),
           "$argon2i" + good.substr(9),
           "$argon2id$v=16" + good.substr(14),
           "$argon2id" + good.substr(14),
           good + std::string(300, 'A'),
           std::string("$2b$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy"),
       }) {
    const auto outcome = verify_password(phc, "password");
    ASSERT_FALSE(outcome.has_value()) << phc;
    EXPECT_EQ(outcome.error().kind, ErrorKind::corrupt);
    EXPECT_TRUE(needs_rehash(phc, quick));
    if (!phc.empty()) {
      EXPECT_EQ(outcome.error().describe().find(phc.substr(phc.size() / 2)), std::string::npos);
    }
  }
}

TEST(PasswordHash, AsksForARehashOnlyWhenTheParametersDiffer) {
  const std::string phc = hash_password("password", quick).value();
  EXPECT_FALSE(needs_rehash(phc, quick));
  EXPECT_TRUE(needs_rehash(phc, {.memory_kib = 128, .iterations = 1}));
  EXPECT_TRUE(needs_rehash(phc, {.memory_kib = 64, .iterations = 2}));
  EXPECT_TRUE(needs_rehash(phc_of("m=256,t=2,p=2", "somesalt", reference_vectors[2].tag_hex),
                           {.memory_kib = 256, .iterations = 2}));
}

// The same processor time within a wide margin: an early return would be thousands of times quicker.
TEST(PasswordHash, DummyVerifyDoesTheSameWork) {
  constexpr Argon2Params params{.memory_kib = 8 * 1024, .iterations = 2};
  const std::string phc = hash_password("password", params).value();
  const auto cost_of = [](auto work) {
    const std::clock_t begin = std::clock();
    for (int i = 0; i < 5; ++i) work();
    return static_cast<double>(std::clock() - begin);
  };
  const double real = cost_of([&] { EXPECT_EQ(verify_password(phc, "wrong"), false); });
  const double dummy = cost_of([&] { EXPECT_TRUE(dummy_verify(params, "wrong")); });
  EXPECT_GT(dummy, real / 4);
  EXPECT_LT(dummy, real * 4);
}

// The address space of this process as it is now, and 32 MiB. Sanitizers reserve terabytes before main.
rlim_t address_space_and_little_more() {
  std::uint64_t pages = 0;
  std::ifstream("/proc/self/statm") >> pages;
  return (pages * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE))) + (std::uint64_t{32} << 20);
}

// In a process of its own: what is limited here stays so.
TEST(PasswordHash, WithoutMemoryAllNamesAreAnsweredAlike) {
  constexpr Argon2Params large{.memory_kib = 128 * 1024, .iterations = 1};
  const std::string phc = hash_password("password", large).value();
  const std::string cheap = hash_password("password", quick).value();
  const auto answers = [&] {
    const rlim_t enough = address_space_and_little_more();
    const rlimit limit{.rlim_cur = enough, .rlim_max = enough};
    if (setrlimit(RLIMIT_AS, &limit) != 0) std::_Exit(2);
    const bool alike = verify_password(phc, "wrong").error().code == "overloaded" &&
                       dummy_verify(large, "wrong").error().code == "overloaded" &&
                       make_up_work(cheap, large, "wrong").error().code == "overloaded";
    std::_Exit(alike ? 0 : 1);
  };
  EXPECT_EXIT(answers(), testing::ExitedWithCode(0), "");
}

TEST(PasswordHash, WhatAnOlderVerifierCostsLessIsMadeUpFor) {
  const std::string phc = hash_password("password", quick).value();
  const auto filled = [&](Argon2Params params) {
    const auto so_far = [] {
      std::int64_t bytes = 0;
      metrics::for_each([&](const metrics::Metric& metric) {
        if (metric.name() == "holdfast_argon2_filled_bytes_total") bytes = metric.value();
      });
      return bytes / 1024;
    };
    const auto before = so_far();
    EXPECT_TRUE(make_up_work(phc, params, "wrong"));
    return so_far() - before;
  };
  EXPECT_EQ(filled(quick), 0);
  EXPECT_EQ(filled({.memory_kib = 32, .iterations = 1}), 0) << "it costs more";
  EXPECT_EQ(filled({.memory_kib = 128, .iterations = 1}), 64);
  EXPECT_EQ(filled({.memory_kib = 64, .iterations = 3}), 128);
  EXPECT_EQ(filled({.memory_kib = 96, .iterations = 2}), 128);
}

}  // namespace
}  // namespace holdfast::crypto
