"""Twice what a region can do, for 20 seconds (HOLDFAST_LONG=1: 5 minutes): who is admitted is answered in time, the others are
told when to come back, health is answered throughout, and afterwards everything is as it was."""

import collections
import concurrent.futures
import multiprocessing
import os
import pathlib
import threading
import time

import pytest

from crowd import Client, get
from demo import BINARY, Demo
from holdfast_client import expect
from memory import is_sanitized, memory_kib
from rush import reads, sign_in_request, sign_ins_at_rate, sign_ins_in_turn

SECONDS = 300 if os.environ.get("HOLDFAST_LONG") else 20
MEASURED_SECONDS = 4
READERS = 4
USERS = 64  # the fifth sign-in of one user at a time is refused
PASSWORD = "Rush-7-Lantern-Hill"
QUEUE, QUEUE_SECONDS = 64, 2
# How much is left, when twice as many ask, of the sign-ins that the same region gives beside the same reads to clients that wait
# for their answers. Seen on two busy cores, sanitized: 0.85 and more.
LEAST_GOODPUT = 0.5
# Of what was measured before, alone. Seen there for each core second: 0.85 to 1.1.
LEAST_AFTERWARDS, TRIES = 0.8, 5
# A machine that stood still for so long measured nothing.
STANDSTILL_SECONDS = 0.5

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


class Rate:
    """Sign-ins a second while it is entered, and sign-ins for each core second that the daemon had or nobody had.

    What others of this machine take lowers the first alone; a daemon that waits or wastes lowers both."""

    def __init__(self, pid):
        self.pid, self.per_second, self.per_core_second = pid, 0.0, 0.0

    def look(self):
        of_process = pathlib.Path(f"/proc/{self.pid}/stat").read_text().rsplit(")", 1)[1].split()
        of_machine = pathlib.Path("/proc/stat").read_text().split("\n", 1)[0].split()
        ticks = sum(map(int, of_process[11:13])) + sum(map(int, of_machine[4:6]))  # user and system; idle and iowait
        return time.monotonic(), ticks / os.sysconf("SC_CLK_TCK")

    def __enter__(self):
        self.begun = self.look()
        return self

    def __exit__(self, *exception):
        self.seconds, self.core_seconds = (now - then for now, then in zip(self.look(), self.begun))

    def of(self, count):
        self.per_second, self.per_core_second = count / self.seconds, count / self.core_seconds
        return self

    def is_at_least(self, share, other):
        """A daemon that cannot do any more what it did is below on a machine with nothing else to do by either."""
        return self.per_second >= share * other.per_second or self.per_core_second >= share * other.per_core_second

    def __str__(self):
        return f"{self.per_second:.1f}/s ({self.per_core_second:.1f} a core second)"


class Load:
    """Sign-ins and reads, each from a process of its own."""

    def __init__(self, demo, pool):
        self.pool, self.pid, self.port = pool, demo.primary.pid, int(demo.primary.public.rsplit(":", 1)[1])
        self.path = f"/state/{demo.info['app']}"
        self.client = demo.info["clients"]["web"]["clientId"]
        self.requests = [sign_in_request(self.client, f"rush{number}", PASSWORD) for number in range(USERS)]

    def reads(self, seconds):
        return self.pool.submit(reads, self.port, self.path, READERS, seconds)

    def sign_ins_at(self, rate):
        return self.pool.submit(sign_ins_at_rate, self.port, self.requests, rate, SECONDS)

    def capacity(self):
        """Where the next sign-in waits for an answer, so that nobody is refused."""
        lanes = 2 * os.cpu_count()
        for _ in range(TRIES):
            with Rate(self.pid) as rate:
                done, lag = self.pool.submit(sign_ins_in_turn, self.port, self.requests, lanes, MEASURED_SECONDS).result()
            if lag < STANDSTILL_SECONDS:
                break
        assert {status for _, status, _ in done} == {200}
        return rate.of(len(done))

    def capacity_beside_reads(self):
        reading = self.reads(MEASURED_SECONDS)
        capacity = self.capacity()
        reading.result()
        return capacity

    def capacity_again(self, before):
        """Again where it was too little: a machine may be busy with something else for a moment, but what the daemon cannot do
        any more it does not do at the last time either."""
        for _ in range(TRIES):
            capacity = self.capacity()
            if capacity.is_at_least(LEAST_AFTERWARDS, before):
                break
        return capacity


def test_twice_the_capacity(demo):
    with concurrent.futures.ProcessPoolExecutor(2, mp_context=processes) as pool:
        load = Load(demo, pool)
        capacity, beside_reads = load.capacity(), load.capacity_beside_reads()
        watch = Watch(demo)
        health_alone = watch.look_alone()
        print(f"sign-ins alone: {capacity}, beside reads: {beside_reads}; health {health_alone:.3f} s")

        watch.start()
        try:
            with Rate(load.pid) as goodput:
                signing_in, reading = load.sign_ins_at(2 * capacity.per_second), load.reads(SECONDS)
                (results, lag), (read, longest_batch, reading_lag) = signing_in.result(), reading.result()
        finally:
            watch.stop()
        # The load is over with its last answer: the next sign-in finds nobody before it.
        begun = time.monotonic()
        expect(demo.primary.cognito.sign_in(load.client, "rush0", PASSWORD), 200)
        next_took = time.monotonic() - begun
        capacity_again = load.capacity_again(capacity)

    counts = collections.Counter(status for _, status, _ in results)
    slowest = {status: max(took for took, each, _ in results if each == status) for status in counts}
    print(f"together: {dict(counts)} slowest {slowest} with a lag of {lag:.2f} s here; {read / SECONDS:.0f} reads/s, slowest batch "
          f"{longest_batch:.2f} s with {reading_lag:.2f} s; health {watch.slowest:.2f} s in {watch.rounds} rounds; "
          f"{watch.most_kib} KiB more; replication {max(watch.lags):.3f} s behind; "
          f"goodput {goodput.of(counts[200])}, afterwards {capacity_again} alone")
    assert watch.problems == []
    assert set(counts) == {200, 503}, counts
    assert goodput.is_at_least(LEAST_GOODPUT, beside_reads), "too few got in"
    assert capacity_again.is_at_least(LEAST_AFTERWARDS, capacity), "it did not come back to what it could do"
    assert all(has_retry_after for _, status, has_retry_after in results if status == 503)
    assert max(slowest.values()) < QUEUE_SECONDS + OWN_SECONDS + 2 * lag
    assert longest_batch < OWN_SECONDS + 2 * reading_lag
    assert watch.slowest < max(HEALTH_SECONDS, 10 * health_alone) + 2 * max(lag, reading_lag)
    assert watch.most_kib < MOST_KIB
    assert max(watch.lags) < LAG_SECONDS + 2 * max(lag, reading_lag)
    assert next_took < OWN_SECONDS
    demo.wait_caught_up()
    expect(demo.secondary.cognito.sign_in(load.client, "rush1", PASSWORD), 200)
