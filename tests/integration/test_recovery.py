"""The main job, again and again: either region is killed, people sign in at the front door, it comes back, nothing is lost.

For a minute (five under HOLDFAST_LONG=1) a seeded workload writes everything that can be written, while one region or
both at once are killed at random moments, also while they catch up. At the end every acknowledged result is there, at
both regions, nothing is there that nobody wrote, and both stores are identical record by record.
"""

import os
import random
import statistics
import time

import pytest

from demo import Demo, wait_until
from holdfast_client import Cognito, expect
from workload import Workload

LONG = os.environ.get("HOLDFAST_LONG") == "1"
SECONDS = 300 if LONG else 60
SEED = int(os.environ.get("HOLDFAST_SEED", random.randrange(1 << 32)))


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    with Demo(tmp_path_factory.mktemp("demo")) as running:
        yield running


class Kills:
    """One kill, and everybody back, a call."""

    def __init__(self, demo, chance):
        self.demo, self.chance, self.times, self.done = demo, chance, [], []

    def primary(self):
        """Remembers the seconds from the kill to the first successful sign-in through the front door."""
        wait_until("the secondary serves", self.demo.secondary.is_ready)
        user, client = self.demo.info["user"], self.demo.info["clients"]["web"]["clientId"]
        front = Cognito(self.demo.ca, self.demo.front, timeout=2)
        self.demo.primary.kill()
        begin = time.monotonic()
        wait_until("a sign-in through the front door",
                   lambda: front.sign_in(client, user["username"], user["password"]).status == 200, interval=0.01)
        self.times.append(time.monotonic() - begin)
        self.demo.primary.start()

    def secondary(self):
        self.demo.secondary.kill()
        time.sleep(self.chance.uniform(0, 1.5))  # what it will have to catch up with
        self.demo.secondary.start()

    def secondary_while_it_catches_up(self):
        self.demo.secondary.kill()
        time.sleep(self.chance.uniform(0.5, 2))
        for _ in range(self.chance.randrange(1, 3)):
            self.demo.secondary.start(wait=False)
            time.sleep(self.chance.uniform(0.05, 0.6))
            self.demo.secondary.kill()
        self.demo.secondary.start()

    def primary_while_the_secondary_catches_up(self):
        self.demo.secondary.kill()
        time.sleep(self.chance.uniform(0.5, 2))
        self.demo.secondary.start(wait=False)
        time.sleep(self.chance.uniform(0.1, 0.8))
        self.demo.primary.kill()
        self.demo.primary.start()
        self.demo.secondary.wait_for("/health/ready")

    def both(self):
        first, second = self.chance.sample(self.demo.regions, 2)
        first.kill()
        second.kill()
        for region in self.chance.sample(self.demo.regions, 2):
            region.start(wait=False)
        for region in self.demo.regions:
            region.wait_for("/health/ready")

    def one(self):
        kinds = [self.primary, self.secondary, self.secondary_while_it_catches_up, self.primary_while_the_secondary_catches_up, self.both]
        # Every kind once, in an order of the seed; then any.
        fresh = [kind for kind in kinds if kind.__name__ not in self.done]
        kind = self.chance.choice(fresh or [self.primary, *kinds])
        self.done.append(kind.__name__)
        kind()
        self.demo.primary.wait_writable()


def test_kills_on_both_sides_lose_nothing_acknowledged(demo):
    print(f"seed {SEED}")
    chance = random.Random(SEED)
    kills = Kills(demo, chance)
    until = time.monotonic() + SECONDS
    with Workload(demo, SEED) as workload:
        while time.monotonic() < until or len(set(kills.done)) < 5:
            time.sleep(chance.uniform(0.3, 3.0))
            workload.check_alive()
            kills.one()
    demo.wait_caught_up()
    try:
        workload.compare()
    except AssertionError as error:
        raise AssertionError(f"seed {SEED}, kills {kills.done}: {error}") from error
    report = expect(demo.primary.admin.call("POST", "/admin/v1/region/verify", {}), 200).json()
    assert report["identical"], (SEED, report)
    print(f"{len(kills.done)} kills; {workload}; kill to sign-in: median {statistics.median(kills.times):.2f} s, "
          f"worst {max(kills.times):.2f} s over {len(kills.times)}")
