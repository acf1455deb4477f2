// What a sign-in computes: counted, not timed.
#include <gtest/gtest.h>

#include "holdfast/base/metrics.h"
#include "identity_fixture.h"

namespace holdfast::identity {
namespace {

struct ArgonWork {
  std::int64_t runs = 0;
  std::int64_t kib_passes = 0;
  bool operator==(const ArgonWork&) const = default;
};
std::ostream& operator<<(std::ostream& out, const ArgonWork& work) {
  return out << work.runs << " runs, " << work.kib_passes << " KiB passes";
}

ArgonWork argon_work_so_far() {
  ArgonWork work;
  metrics::for_each([&](const metrics::Metric& metric) {
    if (metric.name() == "holdfast_argon2_total") work.runs = metric.value();
    if (metric.name() == "holdfast_argon2_filled_bytes_total") work.kib_passes = metric.value() / 1024;
  });
  return work;
}

class PasswordWork : public test::IdentityTest {
 protected:
  /// What one attempt computes; `expected` is how it must end.
  ArgonWork work_of(std::string username, std::string password, std::string_view expected) {
    const auto before = argon_work_so_far();
    const auto outcome = try_sign_in(web_.id, username, std::move(password));
    EXPECT_EQ(outcome ? "accepted" : std::string(outcome.error().code), expected) << username;
    region_.run(identity_.rehasher.settled());
    const auto after = argon_work_so_far();
    return {.runs = after.runs - before.runs, .kib_passes = after.kib_passes - before.kib_passes};
  }
  std::string phc_of(const User& user) {
    return must(identity_.users.get_account(pool_.id, user.id)).credential->phc;
  }
  /// The same stores under another configuration.
  std::unique_ptr<Identity> reconfigured(crypto::Argon2Params params) {
    auto base = foundation();
    return must(Identity::open({.core = base.core,
                                .local = base.local,
                                .writer = base.writer,
                                .peers = base.peers,
                                .hashing = base.hashing,
                                .disk = base.disk,
                                .clock = base.clock,
                                .entropy = base.entropy,
                                .region = base.region,
                                .issuer_base = base.issuer_base,
                                .argon2 = params}));
  }
  Result<SignInService::Outcome> sign_in_at(Identity& identity, std::string password) {
    auto outcome =
        region_.run(identity.sign_in.sign_in({.client = web_.id,
                                              .proof = {},
                                              .username = "ada",
                                              .password = std::move(password),
                                              .origin = {.address = "192.0.2.1", .request_id = "r"}}));
    region_.run(identity.rehasher.settled());
    return outcome;
  }

  const std::string right_{test::good_password};
  const std::string wrong_ = "Wrong-Horse-1";
  Pool pool_ = make_pool();
  Client web_ = make_client(pool_.id);
  User ada_ = make_user(pool_.id, "ada");
};

constexpr ArgonWork one_hash{.runs = 1, .kib_passes = 8};  // the fixture's 8 KiB, one pass

TEST_F(PasswordWork, EveryAttemptThatIsLookedAtCostsOneHashOfTheConfiguredParameters) {
  const auto off = make_user(pool_.id, "off");
  must(region_.run(identity_.users.set_enabled(pool_.id, off.id, false, test::operator_actor())));
  make_user(pool_.id, "temporary", false);
  EXPECT_EQ(work_of("ada", right_, "accepted"), one_hash);
  EXPECT_EQ(work_of("ada", wrong_, "not_authorized"), one_hash);
  EXPECT_EQ(work_of("nobody", wrong_, "not_authorized"), one_hash);
  EXPECT_EQ(work_of("00000000-0000-4000-8000-000000000000", wrong_, "not_authorized"), one_hash) << "a sub";
  EXPECT_EQ(work_of("off", wrong_, "not_authorized"), one_hash);
  EXPECT_EQ(work_of("off", right_, "user_disabled"), one_hash);
  EXPECT_EQ(work_of("temporary", wrong_, "not_authorized"), one_hash);
  EXPECT_EQ(work_of("temporary", right_, "accepted"), one_hash);
}

TEST_F(PasswordWork, WhatCannotBeAPasswordCostsTheSame) {
  for (const auto& impossible : {std::string(), std::string(257, 'a'), std::string("\xff\xfe")}) {
    EXPECT_EQ(work_of("ada", impossible, "not_authorized"), one_hash);
    EXPECT_EQ(work_of("nobody", impossible, "not_authorized"), one_hash);
  }
}

TEST_F(PasswordWork, ALockedNameCostsNothingWhetherItExistsOrNot) {
  for (const std::string name : {"ada", "nobody"}) {
    for (int i = 0; i < 5; ++i) EXPECT_EQ(work_of(name, wrong_, "not_authorized"), one_hash) << name;
    EXPECT_EQ(work_of(name, right_, "password_attempts_exceeded"), ArgonWork{}) << name;
    EXPECT_EQ(work_of(name, wrong_, "password_attempts_exceeded"), ArgonWork{}) << name;
  }
}

TEST_F(PasswordWork, ASuccessWritesAnOutdatedVerifierAnewAndOnlyOnce) {
  const auto tokens = sign_in(web_.id, "ada");
  const auto before = must(identity_.users.get_account(pool_.id, ada_.id));
  const auto next = reconfigured({.memory_kib = 16, .iterations = 2});
  EXPECT_FALSE(sign_in_at(*next, wrong_));
  EXPECT_EQ(phc_of(ada_), before.credential->phc) << "only the right password";
  ASSERT_TRUE(sign_in_at(*next, right_));
  const std::string renewed = phc_of(ada_);
  EXPECT_TRUE(renewed.starts_with("$argon2id$v=19$m=16,t=2,p=1$")) << renewed;
  auto expected = *before.credential;
  expected.phc = renewed;
  EXPECT_EQ(*must(identity_.users.get_account(pool_.id, ada_.id)).credential, expected)
      << "nothing else changes";
  ASSERT_TRUE(sign_in_at(*next, right_));
  EXPECT_EQ(phc_of(ada_), renewed);
  EXPECT_TRUE(try_refresh(web_.id, tokens.refresh_token)) << "sessions go on";
}

TEST_F(PasswordWork, AVerifierOfBeforeTheParametersWereRaisedCostsAGuessTheSame) {
  for (const crypto::Argon2Params raised : {crypto::Argon2Params{.memory_kib = 16, .iterations = 2},
                                            {.memory_kib = 8, .iterations = 2},
                                            {.memory_kib = 64, .iterations = 1}}) {
    const auto next = reconfigured(raised);
    const auto guess = [&](std::string username, std::string password) {
      const auto before = argon_work_so_far().kib_passes;
      EXPECT_FALSE(region_.run(next->sign_in.sign_in({.client = web_.id,
                                                      .proof = {},
                                                      .username = std::move(username),
                                                      .password = std::move(password),
                                                      .origin = {}})));
      return argon_work_so_far().kib_passes - before;
    };
    const std::int64_t all = std::int64_t{raised.memory_kib} * raised.iterations;
    for (const std::string& password : {wrong_, std::string()}) {
      EXPECT_EQ(guess("nobody", password), all);
      EXPECT_EQ(guess("ada", password), all);
      region_.clock().advance(std::chrono::minutes(15));
    }
  }
}

TEST_F(PasswordWork, ASecondaryWritesNothingAnew) {
  const std::string before = phc_of(ada_);
  const auto next = reconfigured({.memory_kib = 16, .iterations = 2});
  region_.become_secondary();
  const auto work = argon_work_so_far();
  ASSERT_TRUE(sign_in_at(*next, right_));
  EXPECT_EQ(argon_work_so_far().runs - work.runs, 1);
  EXPECT_EQ(phc_of(ada_), before);
}

TEST_F(PasswordWork, ATemporaryPasswordIsLeftAlone) {
  const auto user = make_user(pool_.id, "new", false);
  const std::string before = phc_of(user);
  const auto next = reconfigured({.memory_kib = 16, .iterations = 2});
  auto outcome = region_.run(next->sign_in.sign_in(
      {.client = web_.id, .proof = {}, .username = "new", .password = right_, .origin = {}}));
  ASSERT_TRUE(outcome);
  region_.run(next->rehasher.settled());
  EXPECT_EQ(phc_of(user), before);
}

TEST_F(PasswordWork, AVerifierThatChangedMeanwhileStays) {
  const auto next = reconfigured({.memory_kib = 16, .iterations = 2});
  const std::string old = phc_of(ada_);
  must(region_.run(
      identity_.users.set_password(pool_.id, ada_.id, "Fresh-Horse-9", true, test::operator_actor())));
  const std::string fresh = phc_of(ada_);
  region_.run(next->rehasher.start(pool_.id, ada_.id, old, Secret(right_), "r-1"));
  region_.run(next->rehasher.settled());
  EXPECT_EQ(phc_of(ada_), fresh) << "the old password must not come back";
}

}  // namespace
}  // namespace holdfast::identity
