"""Clients behind a front door: TLS connections that begin with PROXY protocol v2 and name the address they came from."""

import http.client
import json
import socket
import socketserver
import struct
import threading

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


class FrontDoor(socketserver.ThreadingTCPServer):
    """For programs that do not speak PROXY protocol v2: each connection to `port` reaches `backend` with the header before
    its first byte."""
    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, port, backend):
        self.backend = backend
        super().__init__(("127.0.0.1", port), Passage)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def __exit__(self, *_):
        self.shutdown()
        self.server_close()


class Passage(socketserver.BaseRequestHandler):
    def handle(self):
        with socket.create_connection(("127.0.0.1", self.server.backend), 30) as backend:
            backend.sendall(proxy_header(*self.client_address))
            back = threading.Thread(target=pour, args=(backend, self.request))
            back.start()
            pour(self.request, backend)
            back.join()


def pour(source, sink):
    """Until `source` ends; a side that is gone ends both ways."""
    try:
        while piece := source.recv(65536):
            sink.sendall(piece)
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        for side in (source, sink):
            try:
                side.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
