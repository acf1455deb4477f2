"""Planted personal data and secrets are nowhere to be found: not on disk, not in logs, not in process arguments."""

import base64
import pathlib

import pytest

from demo import Demo
from holdfast_client import client_credentials, expect, new_id, request

EMAIL = "planted.lighthouse.keeper@example.com"
PASSWORD = "Planted-9-Password-Foghorn"
TEMPORARY = "Planted-8-Temporary-Gull"
COMMENT = "planted comment about herrings"


@pytest.fixture(scope="module", params=["json", "text"])
def demo(request, tmp_path_factory):
    with Demo(tmp_path_factory.mktemp("demo"), "--set", f"log.format={request.param}", "--set", "log.level=debug") as running:
        yield running


def arguments_of_all_processes():
    for process in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            yield (process / "cmdline").read_bytes()
        except (FileNotFoundError, ProcessLookupError, PermissionError):
            continue


def test_planted_secrets_are_not_found(demo):
    info, admin = demo.info, demo.primary.admin
    pool = f"/admin/v1/pools/{info['pool']}"
    client = info["clients"]["web"]["clientId"]
    user = {"username": "keeper", "temporaryPassword": TEMPORARY, "attributes": {"email": EMAIL}}
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

    planted = [EMAIL, PASSWORD, TEMPORARY, COMMENT, info["clients"]["machine"]["clientSecret"], info["user"]["password"],
               info["adminToken"], *[(region.dir / "metrics-token").read_text().strip() for region in demo.regions], tokens[0]["RefreshToken"], tokens[1]["RefreshToken"], tokens[0]["AccessToken"]]
    needles = [text.encode() for text in planted] + [base64.b64encode(EMAIL.encode())]
    places = [path for region in demo.regions for path in (region.dir / "data").rglob("*") if path.is_file()]
    places += [demo.dir / f"{region.name}.log" for region in demo.regions]
    assert len(places) > 10
    for path in places:
        content = path.read_bytes()
        for needle in needles:
            assert needle not in content, f"{needle[:12]}… is in {path}"
    for command_line in arguments_of_all_processes():
        for needle in needles:
            assert needle not in command_line
    # The search can find: what is meant to be readable is there.
    log = (demo.dir / f"{demo.primary.name}.log").read_bytes()
    assert b"/apps/{app}/comments/{photo}" in log
