#include "holdfast/net/tls_context.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <boost/asio/buffer.hpp>
#include <string_view>

#include "holdfast/crypto/hash.h"
#include "holdfast/net/address.h"
#include "tls_handle.h"

namespace holdfast::net {
namespace {

using namespace std::string_view_literals;
using boost::system::error_code;

constexpr auto alpn_http11 = "\x08http/1.1"sv;

std::unexpected<Error> bad_certificate(std::string message, std::string detail = openssl_errors()) {
  return fail(ErrorKind::invalid, "bad_certificate", std::move(message), std::move(detail));
}

std::unexpected<Error> bad_private_key(std::string message, std::string detail = openssl_errors()) {
  return fail(ErrorKind::invalid, "bad_private_key", std::move(message), std::move(detail));
}

/// What all contexts share. The names are constants: a failure is a defect of the build.
Result<std::shared_ptr<TlsContext>> make_context(TlsContext::Kind kind, int least_version) {
  auto made = std::make_shared<TlsContext>(kind);
  SSL_CTX* const context = made->context.native_handle();
  const bool ok = SSL_CTX_set_min_proto_version(context, least_version) == 1 &&
                  // TLS 1.2: forward secrecy and AEAD only; TLS 1.3's own suites are all of that kind.
                  SSL_CTX_set_cipher_list(context, "ECDHE+AESGCM:ECDHE+CHACHA20:!aNULL:!aPSK:!SHA1") == 1 &&
                  SSL_CTX_set1_groups_list(context, "X25519:P-256:P-384") == 1;
  if (!ok) return fail(ErrorKind::internal, "internal", "TLS is not usable", openssl_errors());
  // No resumption anywhere: a ticket key that lives as long as the process would undo forward secrecy
  // (TLS 1.2), and between regions a resumed session would skip the pinned key. Keep-alive makes handshakes
  // rare.
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_num_tickets(context, 0);
  SSL_CTX_set_options(context, SSL_OP_NO_TICKET | SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION |
                                   SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA);
  // Idle connections give their record buffers back.
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
  return made;
}

/// OpenSSL would ask for an encrypted key's passphrase on the terminal, or read it from standard input.
int refuse_passphrase(char*, int, int, void*) { return -1; }

Result<> use_identity(TlsContext& into, const TlsIdentity& identity) {
  namespace ssl = boost::asio::ssl;
  error_code failed;
  ERR_clear_error();
  SSL_CTX_set_default_passwd_cb(into.context.native_handle(), refuse_passphrase);
  into.context.use_certificate_chain(boost::asio::buffer(identity.certificate_pem), failed);
  if (failed) return bad_certificate("the certificate is not PEM, or its key is too weak", failed.message());
  const BytesView key = identity.private_key_pem.expose();
  into.context.use_private_key(boost::asio::buffer(key.data(), key.size()), ssl::context::pem, failed);
  if (failed)
    return bad_private_key("the private key is not PEM without a passphrase, or not the certificate's",
                           failed.message());
  if (SSL_CTX_check_private_key(into.context.native_handle()) != 1) {
    return bad_private_key("the private key is not the certificate's");
  }
  return {};
}

// RFC 7301 §3.2: a client that offers protocols but not ours is told so.
int select_http11(SSL*, const unsigned char** chosen, unsigned char* chosen_size,
                  const unsigned char* offered, unsigned int offered_size, void*) {
  std::string_view rest(reinterpret_cast<const char*>(offered), offered_size);
  while (!rest.empty()) {
    const std::size_t entry_size = 1 + std::size_t{static_cast<unsigned char>(rest.front())};
    const auto entry = rest.substr(0, entry_size);
    if (entry == alpn_http11) {
      *chosen = reinterpret_cast<const unsigned char*>(entry.data()) + 1;
      *chosen_size = static_cast<unsigned char>(entry.size() - 1);
      return SSL_TLSEXT_ERR_OK;
    }
    rest.remove_prefix(entry.size());
  }
  return SSL_TLSEXT_ERR_ALERT_FATAL;
}

Result<std::shared_ptr<TlsContext>> make_server(const TlsIdentity& identity) {
  TRY(auto made, make_context(TlsContext::Kind::server, TLS1_2_VERSION));
  TRY_VOID(use_identity(*made, identity));
  SSL_CTX_set_alpn_select_cb(made->context.native_handle(), select_http11, nullptr);
  return made;
}

Result<std::shared_ptr<TlsContext>> make_client() {
  TRY(auto made, make_context(TlsContext::Kind::client, TLS1_2_VERSION));
  SSL_CTX* const context = made->context.native_handle();
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  // Unlike its neighbours this function answers 0 for success.
  if (SSL_CTX_set_alpn_protos(context, reinterpret_cast<const unsigned char*>(alpn_http11.data()),
                              alpn_http11.size()) != 0) {
    return fail(ErrorKind::internal, "internal", "TLS is not usable", openssl_errors());
  }
  return made;
}

int verification_index() {
  static const int index = SSL_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr);
  return index;
}

/// Empty unless the certificate carries an Ed25519 key.
std::optional<PeerKey> key_of(X509* certificate) {
  if (certificate == nullptr || EVP_PKEY_get_base_id(X509_get0_pubkey(certificate)) != EVP_PKEY_ED25519)
    return {};
  unsigned char* der = nullptr;
  const int size = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &der);
  if (size <= 0) return {};
  const std::unique_ptr<unsigned char, void (*)(unsigned char*)> owner(
      der, [](unsigned char* bytes) { OPENSSL_free(bytes); });
  Bytes spki(reinterpret_cast<const char*>(der), static_cast<std::size_t>(size));
  return PeerKey{.spki_sha256 = crypto::sha256(spki), .spki_der = std::move(spki)};
}

// Stands in for OpenSSL's chain building: the pinned key decides alone. That the peer holds the private half
// is proven by the handshake's signature.
int verify_peer(X509_STORE_CTX* store, void*) {
  const auto* ssl =
      static_cast<const SSL*>(X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx()));
  auto* verification = static_cast<PeerVerification*>(SSL_get_ex_data(ssl, verification_index()));
  X509_STORE_CTX_set_error(store, X509_V_ERR_APPLICATION_VERIFICATION);
  if (verification == nullptr || !verification->check) return 0;
  auto key = key_of(X509_STORE_CTX_get0_cert(store));
  if (!key) return 0;
  try {
    if (!verification->check(*key)) return 0;
  } catch (...) {
    return 0;  // an exception must not cross OpenSSL; refusing is the safe answer
  }
  verification->key = std::move(key);
  X509_STORE_CTX_set_error(store, X509_V_OK);
  return 1;
}

}  // namespace

void attach(SSL* ssl, PeerVerification* verification) {
  SSL_set_ex_data(ssl, verification_index(), verification);
}

Result<> require_server_name(SSL* ssl, const std::string& name) {
  const bool is_address = parse_address(name).has_value();
  X509_VERIFY_PARAM* const rules = SSL_get0_param(ssl);
  X509_VERIFY_PARAM_set_hostflags(rules, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  const bool ok = is_address ? X509_VERIFY_PARAM_set1_ip_asc(rules, name.c_str()) == 1
                             : X509_VERIFY_PARAM_set1_host(rules, name.c_str(), name.size()) == 1 &&
                                   SSL_set_tlsext_host_name(ssl, name.c_str()) == 1;
  // An empty name would switch the check off.
  if (name.empty() || !ok)
    return fail(ErrorKind::invalid, "invalid_host", "not a host name", openssl_errors());
  return {};
}

std::string openssl_errors() {
  std::string text;
  while (const auto code = ERR_get_error()) {
    std::array<char, 256> line{};
    ERR_error_string_n(code, line.data(), line.size());
    text.append(text.empty() ? "" : "; ").append(line.data());
  }
  return text;
}

Result<std::unique_ptr<ServerTls>> ServerTls::create(const TlsIdentity& identity) {
  TRY(auto context, make_server(identity));
  return std::unique_ptr<ServerTls>(new ServerTls(std::move(context)));
}

Result<> ServerTls::reload(const TlsIdentity& identity) {
  TRY(auto context, make_server(identity));
  const std::lock_guard lock(mutex_);
  context_.swap(context);
  return {};
}

TlsSetup ServerTls::accept() const {
  const std::lock_guard lock(mutex_);
  return {.context = context_, .side = TlsSetup::Side::server, .server_name = {}, .peer_check = {}};
}

Result<ClientTls> ClientTls::with_authorities(std::string_view ca_pem) {
  TRY(auto context, make_client());
  error_code failed;
  ERR_clear_error();
  context->context.add_certificate_authority(boost::asio::buffer(ca_pem.data(), ca_pem.size()), failed);
  X509_STORE* const store = SSL_CTX_get_cert_store(context->context.native_handle());
  if (failed || sk_X509_OBJECT_num(X509_STORE_get0_objects(store)) == 0) {
    return bad_certificate("no certificate authority in the PEM text", failed ? failed.message() : "");
  }
  return ClientTls(std::move(context));
}

Result<ClientTls> ClientTls::with_system_authorities() {
  TRY(auto context, make_client());
  error_code failed;
  context->context.set_default_verify_paths(failed);
  if (failed) return bad_certificate("the system's certificate authorities cannot be read", failed.message());
  return ClientTls(std::move(context));
}

TlsSetup ClientTls::connect(std::string server_name) const {
  return {.context = context_,
          .side = TlsSetup::Side::client,
          .server_name = std::move(server_name),
          .peer_check = {}};
}

Result<PeerTls> PeerTls::create(const TlsIdentity& identity) {
  TRY(auto made, make_context(TlsContext::Kind::peer, TLS1_3_VERSION));
  TRY_VOID(use_identity(*made, identity));
  SSL_CTX* const context = made->context.native_handle();
  if (EVP_PKEY_get_base_id(SSL_CTX_get0_privatekey(context)) != EVP_PKEY_ED25519) {
    return bad_certificate("a node's key must be Ed25519", "");
  }
  if (SSL_CTX_set1_sigalgs_list(context, "ed25519") != 1) {
    return fail(ErrorKind::internal, "internal", "TLS is not usable", openssl_errors());
  }
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  SSL_CTX_set_cert_verify_callback(context, verify_peer, nullptr);
  return PeerTls(std::move(made));
}

TlsSetup PeerTls::accept(PeerCheck check) const {
  return {
      .context = context_, .side = TlsSetup::Side::server, .server_name = {}, .peer_check = std::move(check)};
}

TlsSetup PeerTls::connect(PeerCheck check) const {
  return {
      .context = context_, .side = TlsSetup::Side::client, .server_name = {}, .peer_check = std::move(check)};
}

}  // namespace holdfast::net
