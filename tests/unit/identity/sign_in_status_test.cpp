// Sign-in of users whose status does not allow it. Sign-up, recovery and identity providers set these
// statuses; here the row is written.
#include <gtest/gtest.h>

#include "holdfast/identity/user_rules.h"
#include "identity_fixture.h"
#include "records.h"
#include "tables.h"
#include "user_store.h"

namespace holdfast::identity {
namespace {

class SignInStatusTest : public test::IdentityTest {
 protected:
  void set_status(User user, UserStatus status) {
    user.status = status;
    auto transaction = region_.core().transaction();
    transaction.put(users_table, user_key(pool_.id, *uuid_bytes(user.id.str())),
                    storage::Scope::pool(pool_.id), record_version, encode(user));
    region_.store().commit(std::move(transaction));
  }
  std::string_view refusal(std::string password = std::string(test::good_password)) {
    const auto outcome = try_sign_in(web_.id, "ada", std::move(password));
    return outcome ? "accepted" : outcome.error().code;
  }

  Pool pool_ = make_pool();
  Client web_ = make_client(pool_.id);
};

TEST_F(SignInStatusTest, TheStatusIsToldToTheRightPasswordAlone) {
  const User ada = make_user(pool_.id, "ada");
  const std::vector<std::pair<UserStatus, std::string_view>> refused = {
      {UserStatus::unconfirmed, "user_not_confirmed"},
      {UserStatus::reset_required, "password_reset_required"},
      {UserStatus::external_provider, "not_authorized"}};
  for (const auto& [status, code] : refused) {
    set_status(ada, status);
    EXPECT_EQ(refusal(), code);
    EXPECT_EQ(refusal("Wrong-Horse-1"), "not_authorized");
  }
  // Who signs in elsewhere has no password here, and nobody learns that there is such a user.
  EXPECT_EQ(try_sign_in(web_.id, "ada").error(), try_sign_in(web_.id, "nobody").error());
  set_status(ada, UserStatus::confirmed);
  EXPECT_EQ(refusal(), "accepted");
}

}  // namespace
}  // namespace holdfast::identity
