"""A small client of Holdfast for tests and for the story: standard library only, one connection a request unless kept."""

import base64
import hashlib
import http.client
import json
import socket
import ssl
import urllib.parse
import uuid


class Answer:
    def __init__(self, asked, status, headers, body):
        self.asked, self.status, self.headers, self.body = asked, status, headers, body

    def json(self):
        return json.loads(self.body)

    def __repr__(self):
        return f"<{self.status} {self.body[:300]!r}>"


class Unexpected(AssertionError):
    """An answer other than the one asked for; its text says both."""


class Unreachable(ConnectionError):
    """No answer at all; its text says what was asked and why none came (name, refusal, TLS, time)."""


def tls_context(ca_file):
    return ssl.create_default_context(cafile=ca_file)


class Connection(http.client.HTTPSConnection):
    """Knows `localhost` itself (RFC 6761 §6.3): a machine's resolver may not. The certificate is checked for the name."""

    def __init__(self, ca_file, url, timeout):
        parts = urllib.parse.urlsplit(url)
        self.tls = tls_context(ca_file)
        super().__init__(parts.hostname, parts.port, timeout=timeout, context=self.tls)

    def connect(self):
        address = "127.0.0.1" if self.host == "localhost" else self.host
        plain = socket.create_connection((address, self.port), self.timeout)
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            self.sock = self.tls.wrap_socket(plain, server_hostname=self.host)
        except BaseException:
            plain.close()
            raise


def request(ca_file, method, url, body=None, headers=None, timeout=60.0):
    """One request on a connection of its own. `body` is bytes, str or something to send as JSON."""
    parts = urllib.parse.urlsplit(url)
    headers = dict(headers or {})
    if body is not None and not isinstance(body, (bytes, str)):
        body = json.dumps(body)
        headers.setdefault("Content-Type", "application/json")
    connection = Connection(ca_file, url, timeout)
    asked = f"{method} {url}"
    try:
        connection.request(method, urllib.parse.urlunsplit(("", "", parts.path or "/", parts.query, "")), body, headers)
        answer = connection.getresponse()
        return Answer(asked, answer.status, answer.headers, answer.read())
    except OSError as error:
        raise Unreachable(f"{asked}: {type(error).__name__}: {error}") from error
    finally:
        connection.close()


def expect(answer, *statuses):
    if answer.status not in statuses:
        raise Unexpected(f"{answer.asked}: expected {' or '.join(map(str, statuses))}, got {answer.status}: {answer.body[:500]!r}")
    return answer


class Cognito:
    """The Cognito JSON API of one endpoint."""

    def __init__(self, ca_file, url, timeout=60.0):
        self.ca_file, self.url, self.timeout = ca_file, url, timeout

    def call(self, operation, body):
        headers = {
            "X-Amz-Target": f"AWSCognitoIdentityProviderService.{operation}",
            "Content-Type": "application/x-amz-json-1.1",
        }
        return request(self.ca_file, "POST", self.url + "/", json.dumps(body), headers, self.timeout)

    def sign_in(self, client_id, username, password, **parameters):
        body = {
            "AuthFlow": "USER_PASSWORD_AUTH",
            "ClientId": client_id,
            "AuthParameters": {"USERNAME": username, "PASSWORD": password, **parameters},
        }
        return self.call("InitiateAuth", body)

    def refresh(self, client_id, token):
        body = {"AuthFlow": "REFRESH_TOKEN_AUTH", "ClientId": client_id, "AuthParameters": {"REFRESH_TOKEN": token}}
        return self.call("InitiateAuth", body)


class Admin:
    """The admin API of one region."""

    def __init__(self, ca_file, url, token, timeout=60.0):
        self.ca_file, self.url, self.token, self.timeout = ca_file, url, token, timeout

    def call(self, method, path, body=None):
        headers = {"Authorization": f"Bearer {self.token}"}
        return request(self.ca_file, method, self.url + path, body, headers, self.timeout)

    def get(self, path):
        return expect(self.call("GET", path), 200).json()


def client_credentials(ca_file, base, pool, client_id, secret, scope=None):
    form = {"grant_type": "client_credentials"}
    if scope:
        form["scope"] = scope
    credentials = base64.b64encode(f"{client_id}:{secret}".encode()).decode()
    headers = {"Authorization": f"Basic {credentials}", "Content-Type": "application/x-www-form-urlencoded"}
    return request(ca_file, "POST", f"{base}/{pool}/oauth2/token", urllib.parse.urlencode(form), headers)


def from_base64url(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def verify_rs256(token, jwks):
    """Checks an RS256 signature (RFC 8017 §8.2.2) and gives the claims; the key is chosen by `kid` alone."""
    header, payload, signature = token.split(".")
    kid = json.loads(from_base64url(header))["kid"]
    keys = [key for key in jwks["keys"] if key["kid"] == kid and key["kty"] == "RSA"]
    if len(keys) != 1:
        raise Unexpected(f"kid {kid} is not among {[key['kid'] for key in jwks['keys']]}")
    modulus = int.from_bytes(from_base64url(keys[0]["n"]), "big")
    exponent = int.from_bytes(from_base64url(keys[0]["e"]), "big")
    size = (modulus.bit_length() + 7) // 8
    block = pow(int.from_bytes(from_base64url(signature), "big"), exponent, modulus).to_bytes(size, "big")
    digest = hashlib.sha256(f"{header}.{payload}".encode()).digest()
    info = bytes.fromhex("3031300d060960864801650304020105000420") + digest
    if block != b"\x00\x01" + b"\xff" * (size - len(info) - 3) + b"\x00" + info:
        raise Unexpected("the signature does not verify")
    return json.loads(from_base64url(payload))


def new_id():
    return str(uuid.uuid4())
