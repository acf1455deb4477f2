"""Ten thousand idle connections, and one more than there may be (docs/operations/limits.md)."""

import os
import resource

import pytest

from crowd import Client, Crowd, address, allow_open_files, get, tcp
from demo import BINARY, wait_for_log, wait_until
from holdfast_client import request
from memory import is_sanitized, memory_kib
from single_region import SingleRegion

CROWD = 10_000
# docs/operations/limits.md; the sanitizer's red zones and shadow come on top.
KIB_PER_IDLE_CONNECTION = 40 * (3 if is_sanitized(BINARY) else 1)

# The second test's region: limits.connections, and what is taken beyond them (a sixteenth, at least 8).
CONNECTIONS, RESERVE = 64, 8
PER_ADDRESS = 30


def serve(directory, *settings):
    region = SingleRegion(directory / "region")
    made = region.init()
    assert made.returncode == 0, made.stderr
    region.serve("--set", "log.level=warn", *(part for setting in settings for part in ("--set", setting)))
    return region


@pytest.fixture(scope="module", autouse=True)
def files():
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    # Crowd and daemon; the daemon is started with a low soft limit, which it has to raise itself.
    allow_open_files(CROWD + 5_000)
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


def is_answered(region):
    return request(region.ca, "GET", region.public + "/health/ready").status == 200


def test_ten_thousand_idle_connections_cost_little_and_disturb_nobody(tmp_path):
    with serve(tmp_path, "limits.idle_seconds=600", "limits.handshake_seconds=60") as region, Crowd(region.base_port) as crowd:
        assert is_answered(region)
        pid, before = region.process.pid, memory_kib(region.process.pid)
        crowd.grow(CROWD)
        grown = memory_kib(pid, "VmHWM") - before
        assert grown < CROWD * KIB_PER_IDLE_CONNECTION, f"{grown / CROWD} KiB a connection"
        assert is_answered(region)
        assert crowd.alive() == CROWD
        crowd.close()
        assert is_answered(region)
        if is_sanitized(BINARY):  # its allocator keeps what is freed: but what is freed is used again
            wait_until("the connections are closed", lambda: len(os.listdir(f"/proc/{pid}/fd")) < CROWD / 10)
            crowd.grow(CROWD)
            assert memory_kib(pid, "VmHWM") - before < grown * 1.5
        else:
            wait_until("most of the memory is given back", lambda: memory_kib(pid) - before < grown / 4)
        assert is_answered(region)


def test_the_daemon_raises_its_limit_of_open_files(tmp_path):
    region = SingleRegion(tmp_path / "region")
    region.init()
    region.launcher = ["sh", "-c", 'ulimit -Sn 200; ulimit -Hn 4000; exec "$@"', "sh"]
    with region:
        region.serve()
        limits = open(f"/proc/{region.process.pid}/limits").read().splitlines()
        assert next(line for line in limits if line.startswith("Max open files")).split()[3:5] == ["4000", "4000"]
        lowered, = wait_for_log(region, "limits.connections is lowered")
        assert '"files":4000' in lowered
        with Crowd(region.base_port) as crowd:
            crowd.grow(300)  # more than the 200 files that it was started with
            assert is_answered(region)


@pytest.fixture
def small(tmp_path):
    with serve(tmp_path, f"limits.connections={CONNECTIONS}", f"limits.connections_per_address={PER_ADDRESS}",
               "limits.head_seconds=60", "limits.handshake_seconds=60") as region:
        yield region


def begin_heads(region, count, first_address):
    """Connections that are busy with a request whose head never ends; the server closes them after limits.head_seconds."""
    return [Client(region.base_port, address(first_address + index)).send(b"GET /health/live HTTP/1.1\r\nHo")
            for index in range(count)]


def test_an_idle_connection_makes_room(small):
    """The crowd holds every place; each newcomer stays, and as many of the crowd are gone."""
    with Crowd(small.base_port) as crowd:
        crowd.grow(CONNECTIONS)
        newcomers = []

        def gets_in():
            # Those that were answered less than a second ago are not closed for it.
            client = Client(small.base_port, address(1000 + len(newcomers)))
            status, headers, _ = client.send(get("/state/none")).answer()
            if status == 404:
                newcomers.append(client)
            else:
                assert status == 503 and headers["retry-after"] and headers["connection"] == "close"
                client.close()
            return len(newcomers) == 5

        wait_until("five newcomers are served", gets_in, interval=0.2)
        wait_until("five have gone", lambda: crowd.alive() == CONNECTIONS - 5)
        for client in newcomers:
            assert client.send(get("/health/live")).answer()[0] == 200
            client.close()


def test_where_nobody_is_idle_newcomers_are_told_and_health_is_answered(small):
    busy = begin_heads(small, CONNECTIONS, 0)
    try:
        with Client(small.base_port, address(1000)) as told:
            status, headers, body = told.send(get("/state/none")).answer()
            assert status == 503 and headers["retry-after"] == "1" and headers["connection"] == "close", headers
            assert b"overloaded" in body
            assert told.rest() == b""
        for path in ("/health/live", "/health/traffic", "/health/ready"):
            with Client(small.base_port, address(1001)) as health:
                assert health.send(get(path)).answer()[0] == 200, path
        # The reserve taken, too: closed at once, before a handshake that would cost more.
        busy += begin_heads(small, RESERVE, 500)
        with tcp(small.base_port, address(1002)) as beyond:
            assert beyond.recv(1) == b""
    finally:
        for client in busy:
            client.close()
    wait_until("it serves again", lambda: Client(small.base_port).send(get("/state/none")).answer()[0] == 404)


def test_one_address_does_not_take_every_place(small):
    """At limits.connections_per_address its next connection is closed; others get in."""
    with Crowd(small.base_port) as crowd:
        for _ in range(PER_ADDRESS):
            crowd.grow(1, first_address=7)
        with tcp(small.base_port, address(7)) as beyond:
            assert beyond.recv(1) == b""
        with Client(small.base_port, address(8)) as other:
            assert other.send(get("/health/live")).answer()[0] == 200
        assert crowd.alive() == PER_ADDRESS
