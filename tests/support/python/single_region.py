"""One region made with `holdfast init` and served alone, for tests of starting and refusing."""

import json
import pathlib
import re
import subprocess

from demo import BASE_PORT, BINARY, wait_until
from holdfast_client import Admin, request

ADMINISTRATOR = {"name": "Ada", "email": "ada@example.com", "phone": "+14155550100"}


def run(*arguments, launcher=(), timeout=120, text=None, **options):
    """Runs a command of the program to its end, with `text` on its standard input."""
    given = {"stdin": subprocess.DEVNULL} if text is None else {"input": text}
    return subprocess.run([*launcher, BINARY, *map(str, arguments)], capture_output=True, encoding="utf-8",
                          timeout=timeout, **given, **options)


def settings(base_port):
    listeners = {"public": 0, "objects": 1, "admin": 2, "replication": 3}
    texts = [f"listeners.{name}.address=127.0.0.1:{base_port + offset}" for name, offset in listeners.items()]
    texts.append(f"listeners.public.url=https://localhost:{base_port}")
    texts.append(f"listeners.objects.url=https://localhost:{base_port + 1}")
    texts.append(f"listeners.replication.peer_address=localhost:{base_port + 3}")
    return [part for text in texts for part in ("--set", text)]


class SingleRegion:
    def __init__(self, directory, base_port=BASE_PORT, region="us-east-1"):
        self.dir, self.base_port, self.region = pathlib.Path(directory), base_port, region
        self.public = f"https://localhost:{base_port}"
        self.objects = f"https://localhost:{base_port + 1}"
        self.admin_url = f"https://localhost:{base_port + 2}"
        self.process = None
        self.launcher = []  # what daemons are started through, see small_disk.py

    @property
    def config(self):
        return self.dir / "holdfast.json"

    @property
    def ca(self):
        return str(self.dir / "tls" / "ca.crt")

    @property
    def admin(self):
        return Admin(self.ca, self.admin_url, (self.dir / "admin-token").read_text().strip())

    def init(self, *arguments, issuer_base=None, administrator=ADMINISTRATOR):
        return self.run("init", "--dir", self.dir, "--region", self.region, "--issuer-base", issuer_base or self.public,
                        "--admin-file", "-", *settings(self.base_port), *arguments, text=json.dumps(administrator))

    def join(self, primary, *arguments):
        """Joins this region to `primary`, a running one, with a token in a file as an operator would."""
        token_file = self.dir.parent / f"{self.region}.join-token"
        made = run("join-token", "--config", primary.config, "--name", self.region, "--out", token_file)
        assert made.returncode == 0, made.stderr
        return self.run("join", "--dir", self.dir, "--region", self.region, "--token-file", token_file,
                        *settings(self.base_port), *arguments)

    def run(self, *arguments, timeout=120, text=None):
        return run(*arguments, launcher=self.launcher, timeout=timeout, text=text)

    def serve(self, *arguments, wait=True):
        log = open(self.dir / "log", "ab")
        command = [*self.launcher, BINARY, "serve", "--config", str(self.config), *arguments]
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        log.close()
        if wait:
            wait_until("ready", self.is_ready)

    def is_ready(self):
        if self.process.poll() is not None:
            raise RuntimeError(f"ended with {self.process.returncode}: {self.log()[-2000:]}")
        return request(self.ca, "GET", self.public + "/health/ready").status == 200

    def refused_start(self, *arguments):
        """Serves a region that must not start; gives (status, the one line it said)."""
        done = self.run("serve", "--config", self.config, *arguments, timeout=120)
        lines = [line for line in done.stderr.splitlines() if line.startswith("holdfast:")]
        assert len(lines) == 1, done.stderr
        return done.returncode, lines[0]

    def log(self):
        return re.sub(r"\x00", "", (self.dir / "log").read_text(errors="replace"))

    def stop(self):
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(120)

    def kill(self):
        self.process.kill()
        self.process.wait()

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.stop()
