"""A client behind a front door: one TLS connection that begins with PROXY protocol v2 and names the address it came from."""

import http.client
import json
import socket
import struct

from holdfast_client import Answer, tls_context

SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"


def proxy_header(address, port=50000):
    """Version 2, PROXY, TCP over IPv4, from `address` to loopback."""
    body = socket.inet_aton(address) + socket.inet_aton("127.0.0.1") + struct.pack("!HH", port, 8443)
    return SIGNATURE + b"\x21\x11" + struct.pack("!H", len(body)) + body


class ProxiedClient(http.client.HTTPSConnection):
    """Kept open: every call is one request of the client at `address`."""

    def __init__(self, ca_file, port, address, timeout=120):
        self.tls, self.address = tls_context(ca_file), address
        super().__init__("localhost", port, timeout=timeout, context=self.tls)

    def connect(self):
        plain = socket.create_connection(("127.0.0.1", self.port), self.timeout)
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        plain.sendall(proxy_header(self.address))
        self.sock = self.tls.wrap_socket(plain, server_hostname=self.host)

    def cognito(self, operation, body):
        headers = {"X-Amz-Target": f"AWSCognitoIdentityProviderService.{operation}",
                   "Content-Type": "application/x-amz-json-1.1"}
        self.request("POST", "/", json.dumps(body), headers)
        answer = self.getresponse()
        return Answer(operation, answer.status, answer.headers, answer.read())

    def sign_in(self, client_id, username, password):
        return self.cognito("InitiateAuth", {"AuthFlow": "USER_PASSWORD_AUTH", "ClientId": client_id,
                                             "AuthParameters": {"USERNAME": username, "PASSWORD": password}})
