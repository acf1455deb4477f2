#include "holdfast/oidc/client_authenticator.h"

#include "holdfast/base/encoding.h"
#include "holdfast/base/text.h"
#include "holdfast/identity/client_rules.h"

namespace holdfast::oidc {
namespace {

std::unexpected<Error> invalid_client(std::string detail) {
  return fail(ErrorKind::unauthenticated, "invalid_client", "client authentication failed",
              std::move(detail));
}

Result<ClientCredentials> read_basic(std::string_view authorization) {
  constexpr std::string_view scheme = "basic ";
  if (!equals_ignoring_ascii_case(authorization.substr(0, scheme.size()), scheme)) {
    return invalid_client("another scheme than Basic");
  }
  const auto decoded = from_base64(trim(authorization.substr(scheme.size())));
  const auto colon = decoded ? decoded->find(':') : std::string::npos;
  if (colon == std::string::npos) return invalid_client("unreadable Basic credentials");
  // RFC 6749 §2.3.1: both are form-encoded before they are joined.
  const auto id = decode_form_text(std::string_view(*decoded).substr(0, colon));
  const auto secret = decode_form_text(std::string_view(*decoded).substr(colon + 1));
  if (!id || !secret) return invalid_client("unreadable Basic credentials");
  return ClientCredentials{.id = ClientId(*id), .secret = secret};
}

}  // namespace

Result<ClientCredentials> read_client_credentials(std::optional<std::string_view> authorization,
                                                  const Parameters& parameters) {
  const auto id = parameters.find("client_id");
  const auto secret = parameters.find("client_secret");
  if (authorization) {
    if (secret) {
      return fail(ErrorKind::invalid, "invalid_request", "more than one way of client authentication");
    }
    TRY(auto credentials, read_basic(*authorization));
    if (id && *id != credentials.id.str()) {
      return fail(ErrorKind::invalid, "invalid_request", "client_id differs from the Authorization header's");
    }
    // Some libraries send Basic with an empty secret for a public client.
    if (credentials.secret->empty()) credentials.secret.reset();
    return credentials;
  }
  if (!id) return invalid_client("no client credentials");
  ClientCredentials credentials{.id = ClientId(std::string(*id)), .secret = {}};
  if (secret) credentials.secret = std::string(*secret);
  return credentials;
}

Result<std::shared_ptr<const identity::Client>> authenticate_client(identity::ClientService& clients,
                                                                    const PoolId& pool,
                                                                    const ClientCredentials& credentials) {
  auto client = clients.get(pool, credentials.id);
  if (!client && client.error().kind != ErrorKind::not_found) return fail(client.error());
  if (!client || !(*client)->enabled) return invalid_client("unknown or disabled client");
  const bool right = (*client)->is_confidential()
                         ? credentials.secret && identity::check_client_secret(**client, *credentials.secret)
                         : !credentials.secret;
  if (!right) return invalid_client("wrong or unexpected secret");
  return *std::move(client);
}

}  // namespace holdfast::oidc
