"""Clients that are slow, endless, half gone or too many words: cut off in time, at a bounded cost, and nobody else notices.

The times are the configuration's own keys (docs/operations/limits.md), set low here."""

import concurrent.futures
import contextlib
import os
import random
import ssl
import threading
import time

import pytest

from crowd import Client, address, get, held_connections, tcp
from demo import BINARY, wait_until
from holdfast_client import expect, request
from memory import BoundedMemory, is_sanitized
from photo_app import make_photo_app, sign_in
from single_region import SingleRegion

# Apart from each other, and long enough that a machine that stands still for a moment does not make a good client a bad one.
HANDSHAKE, HEAD, BODY, WRITE, IDLE = 10, 7, 6, 10, 8
BEHIND_PROXY = 4  # where a front door would connect, from the region's base port
# A loaded machine may look at its clocks late; a server without the limit would never.
LATE = 30
# What 100 bad clients at once may cost; each could fill megabytes if it were allowed to.
MOST_KIB = 64 * 1024 * (3 if is_sanitized(BINARY) else 1)
LARGE = 24 * 1024 * 1024


@pytest.fixture(scope="module")
def region(tmp_path_factory):
    with SingleRegion(tmp_path_factory.mktemp("limits") / "region") as alone:
        made = alone.init()
        assert made.returncode == 0, made.stderr
        times = {"handshake": HANDSHAKE, "head": HEAD, "body": BODY, "write": WRITE, "idle": IDLE}
        alone.serve("--set", "log.level=warn", "--set", f"listeners.public.proxy_address=127.0.0.1:{alone.base_port + BEHIND_PROXY}",
                    *(part for name, seconds in times.items() for part in ("--set", f"limits.{name}_seconds={seconds}")))
        make_photo_app(alone)
        yield alone


@pytest.fixture(scope="module")
def ada(region):
    return sign_in(region, "ada")


def undisturbed(region):
    """Somebody else is answered all the while, and the daemon's memory stays within bounds."""
    def ask():
        expect(request(region.ca, "GET", region.public + "/health/ready"), 200)
        expect(request(region.ca, "GET", region.public + "/state/photos"), 200)

    return BoundedMemory(region.process.pid, MOST_KIB, 0.1, ask)


def drip(client, data, stop):
    """A byte every half second until the server has had enough."""
    for byte in data:
        if stop.wait(0.5):
            return
        try:
            client.send(bytes([byte]))
        except OSError:
            return


def seconds_of_dripping(region, head, data):
    """How long a client lives that sends `head` at once and then drips."""
    stop = threading.Event()
    begun = time.monotonic()
    with Client(region.base_port, timeout=60) as client:
        client.send(head)
        thread = threading.Thread(target=drip, args=(client, data, stop))
        thread.start()
        try:
            client.rest()
            return time.monotonic() - begun
        finally:
            stop.set()
            thread.join()


def slow_head(region):
    return seconds_of_dripping(region, b"G", b"ET /state/photos HTTP/1.1\r\nHost: localhost\r\nX-Slow: " + b"x" * 200)


def slow_body(region):
    # A POST whose endpoint reads the body before anything else.
    head = (b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-amz-json-1.1\r\n"
            b"X-Amz-Target: AWSCognitoIdentityProviderService.InitiateAuth\r\nContent-Length: 300\r\n\r\n{")
    return seconds_of_dripping(region, head, b" " * 299)


def silent(region):
    begun = time.monotonic()
    with Client(region.base_port, timeout=60) as client:
        client.rest()
        return time.monotonic() - begun


def silent_after_an_answer(region):
    with Client(region.base_port, timeout=60) as client:
        begun = time.monotonic()
        assert client.send(get("/state/photos")).answer()[0] == 200
        client.rest()
        return time.monotonic() - begun


def no_handshake(region, begun_with=b"", port=0):
    begun = time.monotonic()
    with tcp(region.base_port + port, timeout=60) as plain:
        plain.sendall(begun_with)
        while plain.recv(4096):
            pass
        return time.monotonic() - begun


def half_a_handshake(region):
    return no_handshake(region, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + os.urandom(32))


def half_a_proxy_header(region):
    return no_handshake(region, b"\r\n\r\n\x00\r\nQU", BEHIND_PROXY)


@pytest.mark.parametrize("count", [10])
def test_slow_clients_are_cut_off_in_time(region, count):
    """All of them at once, ten of each kind; none before its time, none much later."""
    kinds = {slow_head: HEAD, slow_body: BODY, silent: IDLE, silent_after_an_answer: IDLE,
             no_handshake: HANDSHAKE, half_a_handshake: HANDSHAKE, half_a_proxy_header: HANDSHAKE}
    with undisturbed(region), concurrent.futures.ThreadPoolExecutor(len(kinds) * count) as pool:
        running = [(kind, pool.submit(kind, region)) for kind in kinds for _ in range(count)]
        for kind, future in running:
            took = future.result()
            # The client's clock begins before the server's.
            assert kinds[kind] <= took < kinds[kind] + LATE, f"{kind.__name__}: {took} s"


def test_who_does_not_read_is_cut_off(region, ada):
    """A large object for clients that read nothing: the daemon holds a piece of it, for limits.write_seconds.

    The client's kernel learns of the end only when it reads, so the daemon's side is looked at."""
    expect(ada.s3("PUT", "/large", os.urandom(LARGE)), 200)
    wanted = get("/photos-bucket/large", f"Authorization: Bearer {ada.token}")
    port = region.base_port + 1
    with undisturbed(region), contextlib.ExitStack() as held:
        clients = [held.enter_context(Client(port, address(index))).send(wanted) for index in range(10)]
        assert held_connections(port) >= 10
        wait_until("the daemon lets go", lambda: held_connections(port) == 0, WRITE + LATE)
        for client in clients:
            assert len(client.rest()) < LARGE, "everything came although nobody read"


def test_pipelining_without_reading_is_not_taken_in(region, ada):
    """Requests without end, answers unread: the daemon stops reading, then lets go."""
    expect(ada.s3("PUT", "/picture", os.urandom(200_000)), 200)
    wanted = get("/photos-bucket/picture", f"Authorization: Bearer {ada.token}") * 10

    def floods(index):
        with Client(region.base_port + 1, address(index), timeout=WRITE + LATE, receive_buffer=65536) as client:
            while True:
                try:
                    client.send(wanted)
                except (ssl.SSLError, ConnectionError):  # no time-out: that would be a server that holds on
                    return True

    with undisturbed(region), concurrent.futures.ThreadPoolExecutor(10) as pool:
        assert all(pool.map(floods, range(10)))


def test_a_thousand_requests_in_one_write_are_answered_in_order(region):
    draw = random.Random(seed := random.randrange(2**32))
    print("seed", seed)
    kinds = {"/state/photos": 200, "/state/none": 404, "/health/live": 200, "/health/ready?x": 200}
    paths = draw.choices(list(kinds), k=1000)
    with undisturbed(region), Client(region.base_port) as client:
        client.send(b"".join(map(get, paths)))
        for place, path in enumerate(paths):
            status, headers, body = client.answer()
            assert status == kinds[path], f"{place}: {path} {status}"
            assert (b'"appId":"photos"' in body) == (path == "/state/photos"), f"{place}: {path} {body!r}"
        assert client.received == b""


def long_line():
    return b"GET /" + b"a" * 17_000


def long_header():
    return b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Long: " + b"a" * 17_000


def many_headers():
    return b"GET / HTTP/1.1\r\nHost: localhost\r\n" + b"A: b\r\n" * 4_000


@pytest.mark.parametrize("bomb", [long_line, long_header, many_headers])
def test_header_bombs_are_refused(region, bomb):
    """Request line and headers may have 16 KiB together; of what follows nothing is kept."""
    def throw(index):
        with Client(region.base_port, address(index)) as client:
            client.send(bomb())
            status, headers, _ = client.answer()
            assert status == 431 and headers["connection"] == "close"
            with contextlib.suppress(OSError):
                for _ in range(64):
                    client.send(b"X-More: " + b"b" * 16_000 + b"\r\n")
            return client.rest()

    with undisturbed(region), concurrent.futures.ThreadPoolExecutor(50) as pool:
        assert set(pool.map(throw, range(100))) == {b""}


@pytest.mark.parametrize("politely", [True, False], ids=["close_notify", "FIN alone"])
def test_who_has_sent_everything_and_closed_that_side_gets_the_answer(region, politely):
    """Also one that takes a while: a sign-in waits for Argon2."""
    body = b'{"AuthFlow":"USER_PASSWORD_AUTH","ClientId":"none","AuthParameters":{"USERNAME":"a","PASSWORD":"b"}}'
    sign_in_request = (b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-amz-json-1.1\r\n"
                       b"X-Amz-Target: AWSCognitoIdentityProviderService.InitiateAuth\r\nContent-Length: %d\r\n\r\n" % len(body)) + body
    for wanted, statuses in ((get("/state/photos"), [200]), (sign_in_request, [400]), (get("/state/photos") * 3, [200] * 3)):
        with Client(region.base_port) as client:
            client.send(wanted).finish_sending(politely)
            assert [client.answer()[0] for _ in statuses] == statuses
            assert client.rest() == b""


def test_whoever_leaves_in_the_middle_leaves_nothing_behind(region):
    """Requests whose clients are gone before the answer: no connection stays."""
    for index in range(200):
        with Client(region.base_port, address(index)) as client:
            client.send(get("/state/photos") * 5)
    wait_until("they are gone", lambda: held_connections(region.base_port) == 0, IDLE + LATE)
