"""Open-loop load at fixed rates, and two watches of the lag: the primary's own word, and a reader at the secondary."""

import http.client
import itertools
import json
import queue
import ssl
import threading
import time

from holdfast_client import Connection, expect, new_id

SIGN_IN_TARGET = {"X-Amz-Target": "AWSCognitoIdentityProviderService.InitiateAuth", "Content-Type": "application/x-amz-json-1.1"}


class Kept:
    """One kept connection; opened again when the server closed it."""

    def __init__(self, ca_file, url):
        self.connection = Connection(ca_file, url, timeout=20)

    def request(self, method, path, body=None, headers=None):
        for attempt in (1, 2):
            try:
                self.connection.request(method, path, body, headers or {})
                answer = self.connection.getresponse()
                return answer.status, answer.read()
            except (http.client.HTTPException, ConnectionError, ssl.SSLError):
                self.connection.close()
                if attempt == 2:
                    raise

    def close(self):
        self.connection.close()


# More than can be signing in at a time: the fifth attempt on one account at a time is refused.
PACED_USERS = 16
WORKERS = 8  # of each kind
PASSWORD = "Paced-7-Lantern-Hill"


def add_users(demo):
    """Who signs in under the load."""
    path = f"/admin/v1/pools/{demo.info['pool']}/users"
    for number in range(PACED_USERS):
        name = f"paced{number}"
        expect(demo.primary.admin.call("POST", path, {"username": name, "temporaryPassword": PASSWORD}), 201)
        expect(demo.primary.admin.call("PUT", f"{path}/{name}/password", {"password": PASSWORD, "permanent": True}), 200, 204)
    demo.wait_caught_up()


class Paced:
    """Requests of three kinds at the primary, each at its rate, whether or not earlier ones were answered."""

    def __init__(self, demo, rates):
        self.demo, self.rates = demo, rates
        self.web = demo.info["clients"]["web"]["clientId"]
        self.stopping = threading.Event()
        self.due = {kind: queue.SimpleQueue() for kind in rates}
        self.answered = dict.fromkeys(rates, 0)
        self.lock = threading.Lock()
        self.threads, self.failure = [], None
        self.turns = itertools.count()

    def start(self):
        self.begin = time.monotonic()
        for kind, rate in self.rates.items():
            self.threads.append(threading.Thread(target=self._tick, args=(kind, rate), daemon=True))
            self.threads += [threading.Thread(target=self._work, args=(kind,), daemon=True) for _ in range(WORKERS)]
        for thread in self.threads:
            thread.start()

    def stop(self):
        """Gives the rates that were answered."""
        seconds = time.monotonic() - self.begin
        answered = dict(self.answered)
        self.stopping.set()
        for due in self.due.values():
            for _ in range(WORKERS):
                due.put(None)
        for thread in self.threads:
            thread.join()
        if self.failure:
            raise AssertionError(self.failure)
        return {kind: count / seconds for kind, count in answered.items()}

    def _tick(self, kind, rate):
        at = time.monotonic()
        while not self.stopping.is_set():
            at += 1 / rate
            self.stopping.wait(max(0, at - time.monotonic()))
            self.due[kind].put(None)

    def _work(self, kind):
        make, kept = getattr(self, "_" + kind.replace("-", "_")), Kept(self.demo.ca, self.demo.primary.public)
        while not self.stopping.is_set():
            # Without a time limit, which Python 3.11 can miss (it then waits for ever): stop() wakes every worker.
            self.due[kind].get()
            if self.stopping.is_set():
                break
            status, body = kept.request(*make())
            with self.lock:
                self.answered[kind] += 1
                if status not in (200, 201):
                    self.failure = f"{kind}: {status} {body[:200]!r}"
        kept.close()

    def _initiate(self, flow, parameters):
        body = json.dumps({"AuthFlow": flow, "ClientId": self.web, "AuthParameters": parameters})
        return "POST", "/", body, SIGN_IN_TARGET

    def _sign_in(self):
        name = f"paced{next(self.turns) % PACED_USERS}"
        return self._initiate("USER_PASSWORD_AUTH", {"USERNAME": name, "PASSWORD": PASSWORD})

    def _refresh(self):
        return self._initiate("REFRESH_TOKEN_AUTH", {"REFRESH_TOKEN": self.demo.tokens["RefreshToken"]})

    def _comment(self):
        return comment_request(self.demo, "sunset.jpg")


def comment_request(demo, photo):
    headers = {"Authorization": f"Bearer {demo.tokens['AccessToken']}", "Content-Type": "application/json"}
    return "POST", f"/apps/{demo.info['app']}/comments/{photo}", json.dumps({"message": "What a light!"}), headers


class Sampler:
    """Asks the primary for its secondary's lag, a hundred times a second; `values` in seconds."""

    def __init__(self, demo):
        self.demo, self.values = demo, []
        self.stopping = threading.Event()
        self.thread = threading.Thread(target=self._run)

    def _run(self):
        kept = Kept(self.demo.ca, self.demo.primary.admin_url)
        headers = {"Authorization": f"Bearer {self.demo.info['adminToken']}"}
        while not self.stopping.wait(0.01):
            status, body = kept.request("GET", "/admin/v1/region", None, headers)
            if status != 200:
                raise AssertionError(f"/admin/v1/region: {status}")
            self.values.append(json.loads(body)["secondaries"][0]["lagSeconds"])
        kept.close()

    def __enter__(self):
        self.thread.start()

    def __exit__(self, *exception):
        self.stopping.set()
        self.thread.join()

    def run_for(self, seconds):
        with self:
            time.sleep(seconds)
        return self.values


def seen_at_secondary(demo, seconds):
    """Every quarter of a second a comment on a photo of its own; how long until the secondary shows it."""
    writer, reader = Kept(demo.ca, demo.primary.public), Kept(demo.ca, demo.secondary.public)
    headers = {"Authorization": f"Bearer {demo.tokens['AccessToken']}"}
    end, taken = time.monotonic() + seconds, []
    while time.monotonic() < end:
        photo, begin = new_id(), time.monotonic()
        status, body = writer.request(*comment_request(demo, photo))
        if status != 201:
            raise AssertionError(f"comment: {status} {body[:200]!r}")
        shown = False
        while not shown:
            status, body = reader.request("GET", f"/apps/{demo.info['app']}/comments/{photo}", None, headers)
            shown = status == 200 and bool(json.loads(body)["comments"])
            if time.monotonic() - begin > 30:
                raise AssertionError("the secondary did not show a comment within 30 s")
        taken.append(time.monotonic() - begin)
        time.sleep(0.25)
    writer.close()
    reader.close()
    return taken
