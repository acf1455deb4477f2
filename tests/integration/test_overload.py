"""Twice what a region can do, for 20 seconds (HOLDFAST_LONG=1: 5 minutes): who is admitted is answered in time, the others are
told when to come back, health is answered throughout, and afterwards everything is as it was."""

import collections
import concurrent.futures
import multiprocessing
import os
import threading
import time

import pytest

from crowd import Client, get
from demo import BINARY, Demo
from holdfast_client import expect
from memory import is_sanitized, memory_kib
from rush import reads, sign_in_request, sign_ins_at_rate, sign_ins_in_turn

SECONDS = 300 if os.environ.get("HOLDFAST_LONG") else 20
MEASURED_SECONDS = 3
USERS = 64  # the fifth sign-in of one user at a time is refused
PASSWORD = "Rush-7-Lantern-Hill"
QUEUE, QUEUE_SECONDS = 64, 2

# What comes on top of passwords.queue_seconds for an admitted sign-in: its own hash, its commit, and this machine's other work.
OWN_SECONDS = 4
# config/haproxy.cfg: a region is taken for dead when two checks, 500 ms apart, had no answer within 400 ms each.
HEALTH_SECONDS = 2 * (0.5 + 0.4) * (3 if is_sanitized(BINARY) else 1)
LAG_SECONDS = 2
# A hash's memory for each thread, and room for connections, queues and the store's caches.
MOST_KIB = (os.cpu_count() * 19 + 96) * 1024 * (3 if is_sanitized(BINARY) else 1)

processes = multiprocessing.get_context("fork")


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    with Demo(tmp_path_factory.mktemp("demo"), "--set", f"passwords.queue={QUEUE}",
              "--set", f"passwords.queue_seconds={QUEUE_SECONDS}", "--set", "log.level=warn") as running:
        path = f"/admin/v1/pools/{running.info['pool']}/users"

        def add(number):
            expect(running.primary.admin.call("POST", path, {"username": f"rush{number}", "password": PASSWORD}), 201)

        # A sixteenth of the queue is what one user of one address may fill.
        with concurrent.futures.ThreadPoolExecutor(QUEUE // 16) as pool:
            list(pool.map(add, range(USERS)))
        running.wait_caught_up()
        yield running


class Watch(threading.Thread):
    """Asks for health all the while, and looks at memory and lag."""

    def __init__(self, demo):
        super().__init__()
        self.demo, self.over, self.problems = demo, threading.Event(), []
        self.port = int(demo.primary.public.rsplit(":", 1)[1])
        self.before = memory_kib(demo.primary.pid)
        self.slowest, self.most_kib, self.lags, self.rounds = 0.0, 0, [], 0

    def look_alone(self):
        """The time that health takes on this machine while nothing else is asked of the daemon."""
        for _ in range(5):
            self.look()
        alone, self.slowest = self.slowest, 0.0
        return alone

    def run(self):
        while not self.over.wait(0.1):
            try:
                self.look()
            except Exception as problem:
                self.problems.append(problem)

    def look(self):
        for path in ("/health/live", "/health/ready", "/health/traffic?role=primary"):
            begun = time.monotonic()
            with Client(self.port, timeout=30) as client:
                status, _, body = client.send(get(path)).answer()
            assert status == 200, f"{path}: {status} {body}"
            self.slowest = max(self.slowest, time.monotonic() - begun)
        self.most_kib = max(self.most_kib, memory_kib(self.demo.primary.pid) - self.before)
        self.lags += [other["lagSeconds"] for other in self.demo.primary.admin.get("/admin/v1/region")["secondaries"]]
        self.rounds += 1

    def stop(self):
        self.over.set()
        self.join()


def test_twice_the_capacity(demo):
    primary = demo.primary
    port = int(primary.public.rsplit(":", 1)[1])
    path = f"/state/{demo.info['app']}"
    web = demo.info["clients"]["web"]["clientId"]
    requests = [sign_in_request(web, f"rush{number}", PASSWORD) for number in range(USERS)]
    with concurrent.futures.ProcessPoolExecutor(2, mp_context=processes) as pool:
        lanes = 2 * os.cpu_count()
        done, _ = pool.submit(sign_ins_in_turn, port, requests, lanes, MEASURED_SECONDS).result()
        assert {status for _, status, _ in done} == {200}
        capacity = len(done) / MEASURED_SECONDS
        read, _, _ = pool.submit(reads, port, path, 2, MEASURED_SECONDS).result()
        watch = Watch(demo)
        health_alone = watch.look_alone()
        print(f"alone: {capacity:.0f} sign-ins/s, {read / MEASURED_SECONDS:.0f} reads/s, health {health_alone:.3f} s")

        watch.start()
        signing_in = pool.submit(sign_ins_at_rate, port, requests, 2 * capacity, SECONDS)
        reading = pool.submit(reads, port, path, 4, SECONDS)
        try:
            (results, lag), (read, longest_batch, reading_lag) = signing_in.result(), reading.result()
        finally:
            watch.stop()

    counts = collections.Counter(status for _, status, _ in results)
    slowest = {status: max(took for took, each, _ in results if each == status) for status in counts}
    print(f"together: {dict(counts)} slowest {slowest} with a lag of {lag:.2f} s here; {read / SECONDS:.0f} reads/s, slowest batch "
          f"{longest_batch:.2f} s with {reading_lag:.2f} s; health {watch.slowest:.2f} s in {watch.rounds} rounds; "
          f"{watch.most_kib} KiB more; replication {max(watch.lags):.3f} s behind")
    assert watch.problems == []
    assert set(counts) == {200, 503}, counts
    assert counts[200] > capacity * SECONDS / 10, "hardly anybody got in"
    assert all(has_retry_after for _, status, has_retry_after in results if status == 503)
    assert max(slowest.values()) < QUEUE_SECONDS + OWN_SECONDS + 2 * lag
    assert longest_batch < OWN_SECONDS + 2 * reading_lag
    assert watch.slowest < max(HEALTH_SECONDS, 10 * health_alone)
    assert watch.most_kib < MOST_KIB
    assert max(watch.lags) < LAG_SECONDS

    # The load is over with its last answer: the next sign-in finds nobody before it.
    begun = time.monotonic()
    expect(demo.primary.cognito.sign_in(web, "rush0", PASSWORD), 200)
    assert time.monotonic() - begun < OWN_SECONDS
    demo.wait_caught_up()
    expect(demo.secondary.cognito.sign_in(web, "rush1", PASSWORD), 200)
