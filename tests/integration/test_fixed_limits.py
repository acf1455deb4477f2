"""The bounds that no key changes (docs/operations/limits.md): each is filled, one more is refused, health is answered, and what
was let go of can be had again."""

import base64
import resource
import selectors
import time

import pytest

from crowd import Client, Crowd, address, allow_open_files, get, held_connections, tcp
from demo import wait_until
from holdfast_client import expect, request
from photo_app import BUCKET, make_photo_app, make_user, sign_in
from single_region import SingleRegion

BODIES, BODIES_OF_ONE_ADDRESS = 8_192, 1_024
STREAMS, STREAMS_OF_ONE_ADDRESS = 256, 64
IN_WORK = 4_096
POSITIONS, POSITIONS_OF_ONE_ADDRESS = 1_024, 128
ADMIN, ADMIN_RESERVE = 256, 16
REPLICATION, REPLICATION_OF_ONE_ADDRESS = 1_024, 64
HANDSHAKE_SECONDS = 5  # between regions
JSON_BYTES = 64 * 1024
MOST_OBJECT_BYTES = 1_000_000  # a key, set low here
NEWCOMER = 9_000  # an address that nobody else has


@pytest.fixture(scope="module")
def region(tmp_path_factory):
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    allow_open_files(BODIES + 5_000)  # clients and daemon
    with SingleRegion(tmp_path_factory.mktemp("fixed") / "region") as alone:
        made = alone.init()
        assert made.returncode == 0, made.stderr
        # Nobody is cut off for being slow while the places are taken.
        settings = ["log.level=warn", "limits.head_seconds=60", "limits.body_seconds=600", "limits.idle_seconds=600",
                    f"storage.max_object_bytes={MOST_OBJECT_BYTES}"]
        alone.serve(*(part for setting in settings for part in ("--set", setting)))
        make_photo_app(alone)
        yield alone
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


@pytest.fixture(scope="module")
def ada(region):
    return sign_in(region, "ada")


def post(size, *headers):
    """The head of a request whose endpoint, the Cognito API, takes a body of JSON."""
    return "\r\n".join(("POST / HTTP/1.1", "Host: localhost", "Content-Type: application/x-amz-json-1.1",
                        "X-Amz-Target: AWSCognitoIdentityProviderService.InitiateAuth", f"Content-Length: {size}", *headers, "",
                        "")).encode()


def answer(port, sent, source):
    with Client(port, address(source)) as client:
        return client.send(sent).answer()


def expect_busy(port, sent, source):
    status, headers, body = answer(port, sent, source)
    assert status == 503 and headers["retry-after"] == "1", (status, headers, body)


def expect_health(port, source=NEWCOMER):
    for path in ("/health/live", "/health/ready"):
        assert answer(port, get(path), source)[0] == 200, path


def cut_off(connections):
    """Those of them that the server has ended; waits for one. Connections opened at once are not taken in their order."""
    with selectors.DefaultSelector() as waiting:
        for connection in connections:
            waiting.register(connection, selectors.EVENT_READ)
        return [key.fileobj for key, _ in waiting.select(timeout=HANDSHAKE_SECONDS) if key.fileobj.recv(1) == b""]


def fill_the_replication_listener(region, held):
    port = region.base_port + 3
    for number in range(REPLICATION // REPLICATION_OF_ONE_ADDRESS):
        own = [tcp(port, address(number)) for _ in range(REPLICATION_OF_ONE_ADDRESS + 1)]
        held += own
        refused = cut_off(own)
        assert len(refused) == 1, "of one address"
        held.remove(refused[0])
    assert held_connections(port) == REPLICATION
    newcomer = tcp(port, address(NEWCOMER))
    held.append(newcomer)
    assert cut_off(held) == [newcomer]
    assert held_connections(port) == REPLICATION
    expect_health(region.base_port)


def test_the_replication_listener(region):
    """Before the handshake, so plain connections do. They have 5 s for it: where this machine took longer than that to open
    them, the first ones were gone, and it is tried again."""
    for left in (2, 1, 0):
        begun, held = time.monotonic(), []
        try:
            fill_the_replication_listener(region, held)
            return
        except AssertionError:
            if time.monotonic() - begun < HANDSHAKE_SECONDS - 0.5 or left == 0:
                raise
        finally:
            for connection in held:
                connection.close()
        wait_until("those are gone", lambda: held_connections(region.base_port + 3) == 0)


def test_who_does_not_say_who_it_is(region):
    begun = time.monotonic()
    with tcp(region.base_port + 3, address(NEWCOMER)) as silent:
        silent.settimeout(60)
        assert silent.recv(1) == b""
    assert time.monotonic() - begun > HANDSHAKE_SECONDS - 0.5


def test_bodies_that_are_waited_for(region):
    """Who is told to go on (100) has a place until the body is there."""
    port, whole, begun = region.base_port, post(2) + b"{}", post(2, "Expect: 100-continue")
    with Crowd(port, begun, 100) as crowd:
        crowd.grow(BODIES_OF_ONE_ADDRESS, addresses=1)
        expect_busy(port, begun, 0)
        assert answer(port, whole, 0)[0] == 400, "one that is all here need not wait"
        crowd.grow(BODIES - BODIES_OF_ONE_ADDRESS, first_address=1, addresses=BODIES // BODIES_OF_ONE_ADDRESS - 1)
        expect_busy(port, begun, NEWCOMER)
        assert answer(port, whole, NEWCOMER)[0] == 400
        expect_health(port)
    wait_until("their places are free", lambda: answer(port, begun, 0)[0] == 100)


def test_uploads_and_downloads_at_a_time(region, ada):
    port, bearer = region.base_port + 1, f"Authorization: Bearer {ada.token}"
    expect(ada.s3("PUT", "/there", b"picture"), 200)
    upload = (f"PUT /{BUCKET}/slow HTTP/1.1\r\nHost: localhost\r\n{bearer}\r\nExpect: 100-continue\r\n"
              f"Content-Length: 1000\r\n\r\n").encode()
    download = get(f"/{BUCKET}/there", bearer)
    with Crowd(port, upload, 100) as crowd:
        crowd.grow(STREAMS_OF_ONE_ADDRESS, addresses=1)
        expect_busy(port, upload, 0)
        expect_busy(port, download, 0)
        assert answer(port, download, NEWCOMER)[0] == 200
        crowd.grow(STREAMS - STREAMS_OF_ONE_ADDRESS, first_address=1, addresses=STREAMS // STREAMS_OF_ONE_ADDRESS - 1)
        expect_busy(port, upload, NEWCOMER)
        expect_busy(port, download, NEWCOMER)
        expect_health(port)
    wait_until("their places are free", lambda: answer(port, download, 0)[0] == 200)


def far_position(region):
    """One that nobody has yet: of a term that has not begun."""
    made = expect(make_user(region, "far"), 201).headers["Holdfast-Position"]
    raw = base64.urlsafe_b64decode(made + "=" * (-len(made) % 4))
    reign = int.from_bytes(raw[1:5], "big") + 1
    return base64.urlsafe_b64encode(raw[:1] + reign.to_bytes(4, "big") + raw[5:]).rstrip(b"=").decode()


def test_requests_that_wait_for_a_position(region):
    """They wait two seconds, which is longer than it takes to ask here; whoever finds no place is answered at once."""
    port, admin = region.base_port, region.admin
    waiting = get("/state/photos", f"Holdfast-Min-Position: {far_position(region)}")
    at_once, in_vain = b"too many wait for it", b"got to that position yet; try again soon"

    def ask_all(crowd):
        for connection in crowd.open:
            connection.send(waiting)

    def refused_at_once():
        """Once more where asking all of them took so long that the first have waited their two seconds."""
        ask_all(crowd)
        status, headers, body = newcomer.send(waiting).answer()
        return status == 503 and headers["retry-after"] == "1" and at_once in body

    with Client(port, address(NEWCOMER)) as newcomer, Client(region.base_port + 2, address(NEWCOMER)) as operator:
        with Crowd(port) as crowd:
            crowd.grow(POSITIONS_OF_ONE_ADDRESS + 1, addresses=1)
            ask_all(crowd)
            assert in_vain in newcomer.send(waiting).answer()[2], "of one address"
            for connection in crowd.open:
                connection.settimeout(60)
            assert any(at_once in connection.recv(65536) for connection in crowd.open)
        with Crowd(port) as crowd:
            crowd.grow(IN_WORK + 100)
            ask_all(crowd)
            assert newcomer.send(get("/state/photos")).answer()[0] == 200
            operator.send(get("/admin/v1/region", f"Authorization: Bearer {admin.token}"))
            assert operator.answer()[0] == 200
            expect_health(port)
            wait_until("whoever finds no place is answered at once", refused_at_once)
        wait_until("their places are free", lambda: in_vain in newcomer.send(waiting).answer()[2])


def test_the_admin_listener(region):
    """Nobody of these is idle, so that nobody is closed for the newcomers."""
    port, held = region.base_port + 2, []

    def take(count):
        for _ in range(count):
            held.append(Client(port, address(len(held))).send(b"GET /health/live HTTP/1.1\r\nHo"))

    wait_until("earlier requests are gone", lambda: held_connections(port) == 0)
    try:
        take(ADMIN)
        status, headers, _ = answer(port, get("/admin/v1/region"), NEWCOMER)
        assert status == 503 and headers["retry-after"] == "1" and headers["connection"] == "close"
        expect_health(port)
        wait_until("those are gone", lambda: held_connections(port) == ADMIN)
        take(ADMIN_RESERVE)
        with tcp(port, address(NEWCOMER)) as beyond:
            assert beyond.recv(1) == b""
        assert held_connections(port) == ADMIN + ADMIN_RESERVE
        expect_health(region.base_port)
    finally:
        for client in held:
            client.close()
    wait_until("it serves again", lambda: region.admin.get("/admin/v1/region"))


def test_bodies_that_are_too_large(region, ada):
    assert answer(region.base_port, post(JSON_BYTES) + b" " * JSON_BYTES, 0)[0] == 400, "read, and found to be no JSON"
    status, _, body = answer(region.base_port, post(JSON_BYTES + 1), 0)
    assert status == 413, body
    expect(ada.s3("PUT", "/most", b"x" * MOST_OBJECT_BYTES), 200)
    more = expect(ada.s3("PUT", "/more", b"x" * (MOST_OBJECT_BYTES + 1)), 400)
    assert b"<Code>EntityTooLarge</Code>" in more.body
    assert request(region.ca, "GET", region.public + "/health/ready").status == 200
