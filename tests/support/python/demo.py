"""Runs `holdfast demo --json` for tests; every process started here is stopped here."""

import http.client
import json
import os
import pathlib
import signal
import subprocess
import time

from holdfast_client import Admin, Cognito, expect, request

BINARY = os.environ.get("HOLDFAST_BINARY", "holdfast")
BASE_PORT = int(os.environ.get("HOLDFAST_BASE_PORT", "20000"))


def wait_until(what, check, timeout=120.0, interval=0.02):
    """Polls `check` until it gives something true, and gives that; fails with `what` when time is up.

    An answer that is not there yet, not whole yet or not the one yet is looked for again; a RuntimeError ends the wait."""
    deadline = time.monotonic() + timeout
    last = "not yet"
    while time.monotonic() < deadline:
        try:
            result = check()
            if result:
                return result
            last = "not yet"
        except (OSError, http.client.HTTPException, AssertionError, LookupError, ValueError) as error:
            last = error
        time.sleep(interval)
    raise AssertionError(f"not within {timeout} s: {what} (the last look: {last})")


def wait_for_log(region, text, times=1):
    """The lines of the region's log with `text`, of which there are `times` and no more.

    What a region says of a connection's end, or of a request, it says after the other side has seen it."""
    def found():
        return [line for line in region.log().splitlines() if text in line]

    lines = wait_until(f"{times} in the log: {text}", lambda: len(found()) >= times and found())
    assert len(lines) == times, lines
    return lines


def log_end(file, lines=10):
    """The path of a log and its last lines but for the front door's checks, for who has to find out what went wrong."""
    try:
        text = file.read_bytes()[-65536:].decode(errors="replace")
    except OSError as error:
        return f"log: {file}: {error.strerror}"
    told = [line for line in text.splitlines() if "/health/" not in line]
    return "\n    ".join([f"log: {file}, which ends:", *told[-lines:]])


class DemoEnded(AssertionError):
    """`holdfast demo` did not come up; why it did not is on standard error."""


class Region:
    """One region of a demo, as its JSON describes it, and the process that serves it now."""

    def __init__(self, demo, described):
        self.demo = demo
        self.name, self.pid, self.dir = described["name"], described["pid"], pathlib.Path(described["dir"])
        self.public, self.objects, self.admin_url = described["public"], described["objects"], described["admin"]
        self.ca = described.get("caFile", demo.ca)
        self.token = described.get("adminToken", demo.info["adminToken"])
        self.process = None

    @property
    def admin(self):
        return Admin(self.ca, self.admin_url, self.token)

    @property
    def cognito(self):
        return Cognito(self.ca, self.public)

    def get(self, path, **options):
        return request(self.ca, "GET", self.public + path, **options)

    def is_ready(self):
        return self.get("/health/ready").status == 200

    def wait_for(self, path, timeout=120.0):
        """Until GET `path` answers 200. Who gives up says what was asked, what came back last, and how the log ends."""
        def look():
            if self.process is not None and self.process.poll() is not None:
                raise RuntimeError(f"{self.name} ended with {self.process.returncode}")
            return expect(self.get(path), 200)

        try:
            wait_until(f"{self.name}: GET {self.public}{path}", look, timeout)
        except (AssertionError, RuntimeError) as error:
            raise AssertionError(f"{error}\n{self.log_end()}") from error

    def wait_writable(self):
        self.wait_for("/health/traffic?role=primary")

    @property
    def log_file(self):
        return self.demo.dir / f"{self.name}.log"

    def log(self):
        return self.log_file.read_text(errors="replace")

    def log_end(self):
        return log_end(self.log_file)

    def kill(self):
        """kill -9, and waits until the kernel has taken the process away."""
        os.kill(self.pid, signal.SIGKILL)
        if self.process is not None:
            self.process.wait()
        wait_until(f"{self.name} is gone", lambda: not is_running(self.pid))

    def start(self, *arguments, wait=True):
        """Serves the region again, as an operator would after a crash."""
        log = open(self.log_file, "ab")
        command = [self.demo.info["binary"], "serve", "--config", str(self.dir / "holdfast.json"), *arguments]
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        log.close()
        self.pid = self.process.pid
        if wait:
            self.wait_for("/health/ready")

    def stop(self):
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(120)


def is_running(pid):
    """A zombie does not run: its parent has not collected it yet, that is all. But its files and ports are held as long as one
    of its threads is on its way out, say from an fsync."""
    process = pathlib.Path(f"/proc/{pid}")
    try:
        leader = (process / "stat").read_text().rsplit(")", 1)[1].split()[0]
        return leader != "Z" or len(os.listdir(process / "task")) > 1
    except (FileNotFoundError, ProcessLookupError):
        return False


class Regions:
    """Regions that run, wherever: `self.regions`, the first of which begins as primary."""

    @property
    def primary(self):
        return self.regions[0]

    @property
    def secondary(self):
        return self.regions[1]

    def wait_caught_up(self):
        def check():
            region = self.primary.admin.get("/admin/v1/region")
            # A region that is still fenced lists nobody, which proves nothing; a position may be remembered of one that is gone.
            others = region["secondaries"]
            return region["role"] == "primary" and len(others) == len(self.regions) - 1 and all(
                other["state"] == "streaming" and other["durablePosition"] == region["position"] for other in others)

        wait_until("the secondaries have caught up", check)


class Demo(Regions):
    def __init__(self, directory, *arguments, binary=BINARY, base_port=BASE_PORT):
        self.dir = pathlib.Path(directory)
        command = [str(binary), "demo", "--json", "--dir", str(directory), "--base-port", str(base_port), *arguments]
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
        try:
            line = self.process.stdout.readline()
        except BaseException:  # told to end before it was up: nothing may stay behind
            self.regions = []
            self.stop()
            raise
        if not line:
            raise DemoEnded(f"`{' '.join(command)}` ended with {self.process.wait()} and printed nothing")
        self.info = json.loads(line)
        self.ca = self.info["caFile"]
        self.front = self.info["frontDoor"]
        self.regions = [Region(self, described) for described in self.info["regions"]]

    def add_region(self, name, directory, base_port):
        """A region that was joined by hand into `directory`, with ports from `base_port` (single_region.settings)."""
        urls = {kind: f"https://localhost:{base_port + offset}"
                for offset, kind in enumerate(("public", "objects", "admin"))}
        self.regions.append(Region(self, {"name": name, "pid": None, "dir": str(directory), **urls,
                                          "caFile": str(directory / "tls" / "ca.crt"),
                                          "adminToken": (directory / "admin-token").read_text().strip()}))
        return self.regions[-1]

    def sign_in(self, cognito):
        user, client = self.info["user"], self.info["clients"]["web"]["clientId"]
        answer = cognito.sign_in(client, user["username"], user["password"])
        return expect(answer, 200).json()["AuthenticationResult"]

    def stop(self):
        for region in self.regions:
            region.stop()
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        self.process.wait(180)
        self.process.stdout.close()

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.stop()
