"""Planted personal data and secrets are nowhere to be found: not on disk, not in logs, not in process arguments."""

import base64
import pathlib
import threading

import pytest

from demo import BASE_PORT, Demo, wait_until
from holdfast_client import client_credentials, expect, new_id, request
from photo_app import make_photo_app
from single_region import SingleRegion

EMAIL = "planted.lighthouse.keeper@example.com"
PHONE = "+14155550187"
ADMINISTRATOR = {"name": "Planted Harbour Master", "email": "planted.harbour.master@example.com", "phone": "+14155550193"}
PASSWORD = "Planted-9-Password-Foghorn"
TEMPORARY = "Planted-8-Temporary-Gull"
COMMENT = "planted comment about herrings"


class ArgumentWatch(threading.Thread):
    """Every command line that any process of this machine shows from now on, sampled again and again until the end."""

    def __init__(self):
        super().__init__(daemon=True)
        self.seen, self.done = set(), threading.Event()

    def run(self):
        while not self.done.is_set():
            self.seen.update(arguments_of_all_processes())
            self.done.wait(0.005)

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *exception):
        self.done.set()
        self.join()

    def expect_none(self, needles):
        for command_line in self.seen:
            for needle in needles:
                assert needle not in command_line, f"{needle[:12]}… is an argument of {command_line.split(bytes(1))[:2]}"


def arguments_of_all_processes():
    for process in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            yield (process / "cmdline").read_bytes()
        except (FileNotFoundError, ProcessLookupError, PermissionError):
            continue


def expect_nowhere(places, needles):
    looked_at = 0
    for path in places:
        try:
            content = path.read_bytes()
        except FileNotFoundError:  # a running store replaces its files
            continue
        looked_at += 1
        for needle in needles:
            assert needle not in content, f"{needle[:12]}… is in {path}"
    assert looked_at > 10


def files_in(*directories):
    return [path for directory in directories for path in directory.rglob("*") if path.is_file()]


@pytest.fixture(scope="module")
def arguments():
    with ArgumentWatch() as watch:
        yield watch


@pytest.fixture(scope="module", params=["json", "text"])
def demo(request, tmp_path_factory, arguments):
    with Demo(tmp_path_factory.mktemp("demo"), "--set", f"log.format={request.param}", "--set", "log.level=debug") as running:
        yield running


def test_planted_secrets_are_not_found(demo, arguments):
    info, admin = demo.info, demo.primary.admin
    pool = f"/admin/v1/pools/{info['pool']}"
    client = info["clients"]["web"]["clientId"]
    user = {"username": "keeper", "temporaryPassword": TEMPORARY, "attributes": {"email": EMAIL, "phone_number": PHONE}}
    expect(admin.call("POST", f"{pool}/users", user), 201)
    expect(admin.call("PUT", f"{pool}/users/keeper/password", {"password": PASSWORD, "permanent": True}), 200, 204)
    demo.wait_caught_up()
    tokens = [expect(region.cognito.sign_in(client, "keeper", PASSWORD), 200).json()["AuthenticationResult"]
              for region in demo.regions]
    for region in demo.regions:
        expect(region.cognito.sign_in(client, "keeper", "wrong " + PASSWORD), 400)
        expect(region.cognito.sign_in(client, EMAIL, PASSWORD), 400)
        machine = info["clients"]["machine"]
        expect(client_credentials(demo.ca, region.public, info["pool"], machine["clientId"], machine["clientSecret"]), 200)
    comments = f"{demo.primary.public}/apps/{info['app']}/comments/p"
    bearer = {"Authorization": f"Bearer {tokens[0]['AccessToken']}"}
    expect(request(demo.ca, "POST", comments, {"message": COMMENT, "commentId": new_id()}, bearer), 201)
    demo.wait_caught_up()

    found = expect(admin.call("GET", f"{pool}/users?phone=%2B{PHONE[1:]}"), 200).json()["users"]
    assert [user["username"] for user in found] == ["keeper"]

    planted = [EMAIL, PHONE, PASSWORD, TEMPORARY, COMMENT, info["clients"]["machine"]["clientSecret"], info["user"]["password"],
               info["adminToken"], *[(region.dir / "metrics-token").read_text().strip() for region in demo.regions],
               tokens[0]["RefreshToken"], tokens[1]["RefreshToken"], tokens[0]["AccessToken"]]
    needles = [text.encode() for text in planted] + [base64.b64encode(EMAIL.encode())]
    administrator = [b"admin@example.com", b"+14155550100"]  # the demo's; other tests' commands name the same
    places = files_in(*(region.dir / "data" for region in demo.regions))
    expect_nowhere(places + [region.log_file for region in demo.regions], needles + administrator)
    arguments.expect_none(needles)
    # The search can find: what is meant to be readable is there.
    wait_until("a request's line", lambda: b"/apps/{app}/comments/{photo}" in demo.primary.log_file.read_bytes())


def part_of(key_file):
    """A whole line of a PEM file that only this key has: not the first, which says what kind of key it is."""
    return max(key_file.read_bytes().splitlines()[2:-1], key=len)


def test_init_and_join_show_and_leave_nothing(tmp_path):
    """By hand, as an operator does it, with who the administrator is in a file."""
    first = SingleRegion(tmp_path / "first", BASE_PORT + 30)
    second = SingleRegion(tmp_path / "second", BASE_PORT + 40, region="eu-west-1")
    debug = ["--set", "log.level=debug"]
    with first, second, ArgumentWatch() as watch:
        made = first.init(*debug, administrator=ADMINISTRATOR)
        assert made.returncode == 0, made.stderr
        first.serve()
        joined = second.join(first, *debug)
        assert joined.returncode == 0, joined.stderr
        token = (tmp_path / "eu-west-1.join-token").read_bytes().strip()
        second.serve()
        make_photo_app(first, users=())
        user = {"username": "keeper", "password": PASSWORD, "attributes": {"email": EMAIL, "phone_number": PHONE}}
        expect(first.admin.call("POST", f"/admin/v1/pools/{first.pool}/users", user), 201)
        operators = first.admin.get("/admin/v1/operators")["operators"]
        assert [one["email"] for one in operators] == [ADMINISTRATOR["email"]]
        wait_until("the user is at the second region", lambda: expect(
            second.admin.call("GET", f"/admin/v1/pools/{first.pool}/users/keeper"), 200))
    personal = [EMAIL.encode(), PHONE.encode(), *(text.encode() for text in ADMINISTRATOR.values())]
    secrets = [PASSWORD.encode(), token, part_of(first.dir / "recovery.key"), part_of(first.dir / "region.key"),
               part_of(second.dir / "region.key"), part_of(first.dir / "tls" / "server.key")]
    secrets += [(region.dir / name).read_bytes().strip() for region in (first, second) for name in ("admin-token", "metrics-token")]
    said = tmp_path / "said"
    said.write_text(made.stdout + made.stderr + joined.stdout + joined.stderr)
    logs = [said, first.dir / "log", second.dir / "log"]
    expect_nowhere(files_in(first.dir / "data", second.dir / "data") + logs, personal + secrets)
    for command in (b"init", b"join", b"join-token", b"serve"):
        assert any(line.split(b"\0")[1:2] == [command] for line in watch.seen), f"{command} was not seen running"
    watch.expect_none(personal + secrets)
