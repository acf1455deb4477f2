"""The main job, again and again: the primary is killed, people sign in at the front door, it comes back, nothing is lost.

Each round writes for a while from several threads, kills one side at a random moment, and checks at the end that every
write that was acknowledged is there, at both regions, and that both stores are identical.
"""

import os
import random
import statistics
import threading
import time

import pytest

from demo import Demo, wait_until
from holdfast_client import Cognito, expect, new_id, request

LONG = os.environ.get("HOLDFAST_LONG") == "1"
ROUNDS = 20 if LONG else 3
SEED = int(os.environ.get("HOLDFAST_SEED", random.randrange(1 << 32)))


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    with Demo(tmp_path_factory.mktemp("demo")) as running:
        yield running


class Writers:
    """Threads that comment at the primary; remembers what was acknowledged and what has an unknown outcome."""

    def __init__(self, demo, token, count=4):
        self.demo, self.token = demo, token
        self.acknowledged, self.unknown = {}, set()
        self.lock, self.done = threading.Lock(), threading.Event()
        self.threads = [threading.Thread(target=self.write) for _ in range(count)]
        for thread in self.threads:
            thread.start()

    def write(self):
        url = f"{self.demo.primary.public}/apps/{self.demo.info['app']}/comments/busy"
        while not self.done.is_set():
            comment, message = new_id(), f"message {random.random()}"
            try:
                answer = request(self.demo.ca, "POST", url, {"message": message, "commentId": comment},
                                 {"Authorization": f"Bearer {self.token}"}, timeout=5)
            except OSError:
                with self.lock:
                    self.unknown.add(comment)
                self.done.wait(0.05)
                continue
            with self.lock:
                if answer.status == 201:
                    self.acknowledged[comment] = message
                elif answer.status >= 500:
                    self.unknown.add(comment)

    def stop(self):
        self.done.set()
        for thread in self.threads:
            thread.join(30)


def all_comments(demo, region, token):
    found, following = {}, None
    while True:
        query = "?limit=200" + (f"&next={following}" if following else "")
        url = f"{region.public}/apps/{demo.info['app']}/comments/busy{query}"
        page = expect(request(demo.ca, "GET", url, headers={"Authorization": f"Bearer {token}"}), 200).json()
        for comment in page["comments"]:
            assert comment["commentId"] not in found
            found[comment["commentId"]] = comment["message"]
        following = page.get("next")
        if not following:
            return found


def sign_in_time(demo):
    """Seconds from the kill of the primary to the first successful sign-in through the front door."""
    user, client = demo.info["user"], demo.info["clients"]["web"]["clientId"]
    front = Cognito(demo.ca, demo.front, timeout=2)
    demo.primary.kill()
    begin = time.monotonic()
    wait_until("a sign-in through the front door",
               lambda: front.sign_in(client, user["username"], user["password"]).status == 200, 30, interval=0.01)
    return time.monotonic() - begin


def come_back(demo, region):
    region.start()
    primary = demo.primary
    wait_until("the primary is writable", lambda: primary.get("/health/traffic?role=primary").status == 200)


def test_kills_on_both_sides_lose_nothing_acknowledged(demo):
    print(f"seed {SEED}")
    chance = random.Random(SEED)
    token = demo.sign_in(demo.primary.cognito)["AccessToken"]
    acknowledged, unknown, times = {}, set(), []
    for round_number in range(ROUNDS):
        writers = Writers(demo, token)
        try:
            time.sleep(chance.uniform(0.3, 2.0))
            if round_number % 2 == 0:
                times.append(sign_in_time(demo))
                writers.stop()
                come_back(demo, demo.primary)
            else:
                demo.secondary.kill()
                time.sleep(chance.uniform(0.1, 0.5))
                writers.stop()
                come_back(demo, demo.secondary)
        finally:
            writers.stop()
        acknowledged.update(writers.acknowledged)
        unknown |= writers.unknown
    assert len(acknowledged) > 20
    demo.wait_caught_up()
    here, there = (all_comments(demo, region, token) for region in (demo.primary, demo.secondary))
    missing = {comment for comment, message in acknowledged.items() if here.get(comment) != message}
    assert not missing, f"seed {SEED}: {len(missing)} acknowledged writes are gone"
    assert set(here) <= set(acknowledged) | unknown
    assert here == there
    report = expect(demo.primary.admin.call("POST", "/admin/v1/region/verify", {}), 200).json()
    assert report["identical"], report
    print(f"{len(acknowledged)} acknowledged, {len(unknown)} unknown; kill to sign-in: median "
          f"{statistics.median(times):.2f} s, worst {max(times):.2f} s over {len(times)}")
