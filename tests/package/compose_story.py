"""The demo's story against docker/compose.yaml. Runs where the engine runs: compose_story.py HOSTS_FILE ARTIFACTS_DIRECTORY

Docker-compose is 1.29's; the images are there already. The admin listeners are inside the compose network: as a user
would, through `docker-compose exec`, and from this host's side by the containers' addresses, which HOSTS_FILE names.
"""

import json
import pathlib
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests" / "support" / "python"), str(ROOT / "tests" / "story")]

from demo import Regions, wait_until  # noqa: E402
from holdfast_client import Admin, Cognito, request  # noqa: E402
from steps import Story  # noqa: E402

COMPOSE = ["docker-compose", "--project-name", "holdfast", "--file", str(ROOT / "docker" / "compose.yaml")]

CONFIG = ["--config", "/etc/holdfast/holdfast.json"]


def compose(*arguments, timeout=300):
    done = subprocess.run([*COMPOSE, *arguments], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=timeout)
    if done.returncode != 0:
        raise AssertionError(f"docker-compose {' '.join(arguments)}: {done.returncode}\n{done.stdout}\n{done.stderr}")
    return done.stdout


def execute(region, *command):
    return compose("exec", "-T", region, *command)


class ComposeRegion:
    def __init__(self, demo, name, port):
        self.demo, self.name = demo, name
        self.public, self.objects = f"https://localhost:{port}", f"https://localhost:{port + 1}"
        self.token = execute(name, "cat", "/etc/holdfast/admin-token").strip()

    @property
    def admin(self):
        return Admin(self.demo.ca, f"https://{self.name}:8445", self.token)

    @property
    def cognito(self):
        return Cognito(self.demo.ca, self.public)

    def get(self, path, **options):
        return request(self.demo.ca, "GET", self.public + path, **options)

    def kill(self):
        compose("kill", "-s", "KILL", self.name)

    def start(self):
        compose("start", self.name)
        self.demo.learn_addresses()
        self.wait_for("/health/ready")

    def wait_for(self, path):
        wait_until(f"{self.name}: GET {path}", lambda: self.get(path).status == 200)

    def log_end(self):
        return compose("logs", "--no-color", "--tail", "10", self.name)


class ComposeDemo(Regions):
    def __init__(self, hosts, directory):
        self.hosts = pathlib.Path(hosts)
        compose("up", "-d", "--no-build")
        self.front = "https://localhost:8443"
        self.info = {"objectsFrontDoor": "https://localhost:8444"}
        bundle = pathlib.Path(directory) / "ca.crt"
        bundle.write_text(execute("front-door", "cat", "/trust/ca.crt"))
        self.ca = str(bundle)
        self.learn_addresses()
        self.regions = [ComposeRegion(self, "us-east-1", 8453), ComposeRegion(self, "eu-west-1", 8463)]
        wait_until("the front door", lambda: request(self.ca, "GET", self.front + "/health/live").status == 200)
        for region in self.regions:  # the secondary's token arrives by the log
            wait_until(f"the token of {region.name}", lambda region=region: region.admin.get("/admin/v1/region"))

    def learn_addresses(self):
        lines = ["127.0.0.1 localhost"]
        for name in ("us-east-1", "eu-west-1"):
            container = compose("ps", "-q", name).strip()
            address = subprocess.run(["docker", "inspect", "-f", "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}", container],
                                     check=True, capture_output=True, text=True).stdout.strip()
            lines.append(f"{address} {name}")
        self.hosts.write_text("\n".join(lines) + "\n")


class ComposeStory(Story):
    """What looks into a region's files and runs its program goes through `docker-compose exec`."""

    def regions_are_made(self):
        for region in self.demo.regions:
            for name in ("region.key", "admin-token", "tls/server.key"):
                mode = execute(region.name, "stat", "-c", "%a %u", f"/etc/holdfast/{name}").strip()
                if mode != "600 10001":
                    raise AssertionError(f"{region.name}: {name} has mode and owner {mode}")
            status = json.loads(execute(region.name, "holdfast", "region", "status", "--json", *CONFIG))
            if status["name"] != region.name:
                raise AssertionError(status)
            execute(region.name, "holdfast", "health", *CONFIG)
            self.root_is_read_only(region.name)
        return f"up in {self.start_seconds:.1f} s"

    def root_is_read_only(self, name):
        """/recovery is the user's own and, in these containers, no volume: who could write there at all would."""
        if execute(name, "sh", "-c", "id -u; stat -c %u /recovery").split() != ["10001", "10001"]:
            raise AssertionError(f"{name}: /recovery is not the user's")
        tried = execute(name, "sh", "-c", "touch /recovery/x 2>&1 || true")
        is_said = subprocess.run(["docker", "inspect", "-f", "{{.HostConfig.ReadonlyRootfs}}", compose("ps", "-q", name).strip()],
                                 check=True, capture_output=True, text=True).stdout.strip()
        if "Read-only file system" not in tried or is_said != "true":
            raise AssertionError(f"{name}: its root can be written: {tried!r}, {is_said}")

    def regions_are_identical(self):
        self.demo.wait_caught_up()
        wait_until("the last comment at the secondary",
                   lambda: self.fetch_messages(self.demo.secondary.public)[-1] == "home again", 30)
        execute("us-east-1", "holdfast", "verify", "--json", *CONFIG)
        return "identical"


def main():
    hosts, directory = sys.argv[1:]
    begin = time.monotonic()
    try:
        demo = ComposeDemo(hosts, directory)
        held = ComposeStory(demo, ROOT / "tests" / "story" / "photo.jpg", time.monotonic() - begin).play()
        compose("up", "-d", "--no-build")  # once more: what is there already stays
    finally:
        logs = subprocess.run([*COMPOSE, "logs", "--no-color"], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
        (pathlib.Path(directory) / "containers.log").write_text(logs.stdout)
        subprocess.run([*COMPOSE, "down", "-v", "-t", "20"], stdin=subprocess.DEVNULL, capture_output=True, timeout=120)
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
