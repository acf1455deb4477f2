#pragma once

#include <memory>
#include <string>
#include <utility>

#include "domain_fixture.h"
#include "holdfast/identity/identity.h"
#include "holdfast/storage/audit_event.h"

namespace holdfast::test {

inline identity::Actor operator_actor() { return {.kind = "operator", .id = "op-1", .request_id = "req-1"}; }

inline constexpr std::string_view good_password = "Correct-Horse-1";

/// A primary region with every service of the identity room, and short ways to what most tests need. Hashes
/// are as cheap as Argon2id allows.
class IdentityTest : public DomainTest {
 protected:
  identity::Foundation foundation() {
    return {.core = region_.core(),
            .local = region_.local(),
            .writer = region_.writer(),
            .peers = region_.peers(),
            .hashing = region_.cpu(),
            .disk = region_.disk(),
            .clock = region_.clock(),
            .entropy = crypto::system_entropy(),
            .region = region_.name(),
            .issuer_base = "https://auth.example.com",
            .argon2 = {.memory_kib = 8, .iterations = 1}};
  }

  /// A pool that signs with ES256, whose keys are drawn quickly.
  identity::Pool make_pool(identity::Pool draft = {}) {
    draft.name = "customers";
    draft.algorithm = identity::SigningAlgorithm::es256;
    return must(region_.run(identity_.pools.create(std::move(draft), operator_actor()))).value;
  }
  /// A public client that may do what the demo's `web` client may.
  identity::Client make_client(const PoolId& pool, identity::Client draft = {}) {
    draft.pool = pool;
    draft.name = "web";
    draft.flows = {identity::Flow::user_password, identity::Flow::refresh_token};
    draft.scopes = {std::string(identity::self_service_scope)};
    return must(region_.run(identity_.clients.create(std::move(draft), false, operator_actor()))).value;
  }
  /// A confidential client for client_credentials.
  identity::Client make_machine(const PoolId& pool) {
    identity::Client draft;
    draft.pool = pool;
    draft.name = "machine";
    draft.flows = {identity::Flow::client_credentials};
    draft.scopes = {"objects.read", "objects.write"};
    return must(region_.run(identity_.clients.create(std::move(draft), true, operator_actor()))).value;
  }
  identity::User make_user(const PoolId& pool, std::string username, bool permanent = true) {
    identity::NewUser draft;
    draft.pool = pool;
    draft.username = std::move(username);
    draft.attributes = {{"email", "ada@example.com"}};
    draft.password = std::string(good_password);
    draft.permanent = permanent;
    return must(region_.run(identity_.users.create(std::move(draft), operator_actor()))).value.user;
  }
  Result<identity::SignInService::Outcome> try_sign_in(const ClientId& client, std::string username,
                                                       std::string password = std::string(good_password),
                                                       identity::ClientProof proof = {}) {
    return region_.run(
        identity_.sign_in.sign_in({.client = client,
                                   .proof = std::move(proof),
                                   .username = std::move(username),
                                   .password = std::move(password),
                                   .origin = {.address = "192.0.2.1", .request_id = "req-2"}}));
  }
  /// Signs in and expects tokens.
  identity::UserTokens sign_in(const ClientId& client, std::string username,
                               std::string password = std::string(good_password)) {
    return std::get<identity::UserTokens>(
        must(try_sign_in(client, std::move(username), std::move(password))));
  }
  Result<identity::UserTokens> try_refresh(const ClientId& client, std::string refresh_token,
                                           identity::ClientProof proof = {}) {
    return region_.run(identity_.sign_in.refresh({.client = client,
                                                  .proof = std::move(proof),
                                                  .refresh_token = std::move(refresh_token),
                                                  .origin = {}}));
  }
  Result<identity::VerifiedUser> verify(std::string token, identity::TokenDemand demand) {
    return region_.run(identity_.tokens.verify_access_token(std::move(token), std::move(demand)));
  }
  bool was_audited(std::string_view kind) {
    bool found = false;
    const auto scanned = storage::scan_audit(
        region_.core().reader(), WallTime{}, WallTime::max(), {}, 10'000,
        [&](BytesView, const storage::AuditEvent& event) { found |= event.kind == kind; });
    return scanned && found;
  }

  template <class T>
  static T must(Result<T> result) {
    return TestRegion::must(std::move(result));
  }

  std::unique_ptr<identity::Identity> opened_ = must(identity::Identity::open(foundation()));
  identity::Identity& identity_ = *opened_;
};

}  // namespace holdfast::test
