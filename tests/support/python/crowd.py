"""Many clients at once, and clients that behave badly: TLS connections from addresses of their own, byte by byte."""

import os
import pathlib
import resource
import selectors
import socket
import ssl

HOST = "localhost"
OPENING_AT_ONCE = 200


def get(path, *headers):
    return "\r\n".join((f"GET {path} HTTP/1.1", f"Host: {HOST}", *headers, "", "")).encode()


def allow_open_files(count):
    """This process may open so many files afterwards (and what it starts, too)."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, count), max(hard, count)))


def address(index):
    """One of 60,000 addresses of this machine, the same for the same index."""
    return f"127.1.{1 + index // 250 % 240}.{1 + index % 250}"


def unverified():
    """For crowds: checking the certificate is not what they are for."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def held_connections(port):
    """Connections to a port of this machine that its server still holds: the kernel may go on with those it let go."""
    count = 0
    for line in pathlib.Path("/proc/net/tcp").read_text().splitlines()[1:]:
        fields = line.split()
        count += fields[1].endswith(f":{port:04X}") and fields[3] in ("01", "08") and fields[9] != "0"
    return count


def tcp(port, source="127.0.0.1", timeout=60, receive_buffer=None):
    connection = socket.socket()
    if receive_buffer is not None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    connection.bind((source, 0))
    connection.settimeout(timeout)
    connection.connect(("127.0.0.1", port))
    return connection


class Client:
    """One TLS connection that says exactly what it is told to say."""

    def __init__(self, port, source="127.0.0.1", timeout=60, receive_buffer=None):
        self.plain = tcp(port, source, timeout, receive_buffer)
        try:
            self.tls = unverified().wrap_socket(self.plain, server_hostname=HOST)
        except BaseException:
            self.plain.close()
            raise
        self.received = b""

    def send(self, data):
        self.tls.sendall(data)
        return self

    def receive(self):
        """False at the end of the connection, polite or not."""
        try:
            piece = self.tls.recv(65536)
        except (ssl.SSLError, ConnectionError) as error:
            if isinstance(error, TimeoutError):
                raise
            piece = b""
        self.received += piece
        return bool(piece)

    def answer(self):
        """One response with a Content-Length: (status, headers in lower case, body)."""
        while b"\r\n\r\n" not in self.received:
            assert self.receive(), f"the connection ended: {self.received!r}"
        head, self.received = self.received.split(b"\r\n\r\n", 1)
        lines = head.decode().split("\r\n")
        headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines[1:])}
        size = int(headers.get("content-length", "0"))
        while len(self.received) < size:
            assert self.receive(), f"the connection ended in the body of {head!r}"
        body, self.received = self.received[:size], self.received[size:]
        return int(lines[0].split()[1]), headers, body

    def rest(self):
        while self.receive():
            pass
        return self.received

    def finish_sending(self, politely):
        """Half-closes: nothing more is sent, answers are still read. Python's own shutdown would forget TLS."""
        if politely:
            self.tls.setblocking(False)
            try:
                self.tls._sslobj.shutdown()  # close_notify; that the peer's own is awaited is not wanted here
            except (ssl.SSLWantReadError, ssl.SSLSyscallError):
                pass
            self.tls.settimeout(60)
        other = socket.socket(fileno=os.dup(self.tls.fileno()))
        other.shutdown(socket.SHUT_WR)
        other.close()
        return self

    def close(self):
        self.tls.close()

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.close()


class Crowd:
    """TLS connections that were each answered one request, then nothing more is said; opened many at a time by one thread."""

    def __init__(self, port, request=get("/health/live"), status=200):
        self.port, self.request, self.context = port, request, unverified()
        self.expected = f"HTTP/1.1 {status} ".encode()
        self.open = []

    def grow(self, count, first_address=0, addresses=60_000, meanwhile=lambda: None):
        """`count` more, from so many addresses in turn; `meanwhile` is called now and then. Raises if one of them is not
        answered as expected."""
        waiting, begun, done = selectors.DefaultSelector(), 0, 0
        with waiting:
            while done < count:
                while begun < count and begun - done < OPENING_AT_ONCE:
                    connection = self._begin(address(first_address + begun % addresses))
                    self.open.append(connection)
                    waiting.register(connection, selectors.EVENT_WRITE, "handshake")
                    begun += 1
                ready = waiting.select(timeout=60)
                assert ready, f"nothing happens any more; {done} of {count} are open"
                done += sum(self._step(waiting, key.fileobj, key.data) for key, _ in ready)
                meanwhile()
        return self

    def _begin(self, source):
        connection = socket.socket()
        connection.bind((source, 0))
        connection.setblocking(False)
        connection.connect_ex(("127.0.0.1", self.port))
        return self.context.wrap_socket(connection, server_hostname=HOST, do_handshake_on_connect=False)

    def _step(self, waiting, connection, state):
        try:
            if state == "handshake":
                connection.do_handshake()
                connection.send(self.request)
                waiting.modify(connection, selectors.EVENT_READ, "answer")
                return False
            answer = connection.recv(65536)
        except ssl.SSLWantReadError:
            waiting.modify(connection, selectors.EVENT_READ, state)
            return False
        except ssl.SSLWantWriteError:
            waiting.modify(connection, selectors.EVENT_WRITE, state)
            return False
        assert answer.startswith(self.expected), answer[:200]
        waiting.unregister(connection)
        return True

    def alive(self):
        """How many the server has not ended: an idle connection is silent until then."""
        count = 0
        for connection in self.open:
            try:
                count += len(connection.recv(1)) > 0
            except ssl.SSLWantReadError:
                count += 1
            except OSError:
                pass
        return count

    def close(self):
        for connection in self.open:
            connection.close()
        self.open.clear()

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.close()
