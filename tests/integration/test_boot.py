"""A former primary that comes back alone is fenced; the setting and the option that open it say whose risk that is."""

import os
import signal

import pytest

from demo import Demo, wait_for_log, wait_until
from holdfast_client import client_credentials, expect, new_id, request

WAITING = "waiting for every member's highest reign"


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    with Demo(tmp_path_factory.mktemp("demo")) as running:
        yield running


def comment(demo, region, token):
    url = f"{region.public}/apps/{demo.info['app']}/comments/boot"
    body = {"message": "who is there?", "commentId": new_id()}
    return request(demo.ca, "POST", url, body, {"Authorization": f"Bearer {token}"})


def role(region):
    return region.admin.get("/admin/v1/region")["role"]


def expect_open(region):
    region.wait_writable()
    assert role(region) == "primary"


def expect_fenced(demo, region):
    """It signs users in and serves what it has, and changes nothing."""
    described = region.admin.get("/admin/v1/region")
    assert (described["role"], described["reason"]) == ("fenced", WAITING)
    assert region.get("/health/live").status == 200
    assert region.get("/health/ready").status == 200
    assert region.get("/health/traffic").status == 200
    assert region.get("/health/traffic?role=primary").status == 503
    tokens = demo.sign_in(region.cognito)
    client = demo.info["clients"]["web"]["clientId"]
    expect(region.cognito.refresh(client, tokens["RefreshToken"]), 200)
    machine = demo.info["clients"]["machine"]
    expect(client_credentials(demo.ca, region.public, demo.info["pool"], machine["clientId"], machine["clientSecret"]), 200)
    refused = expect(comment(demo, region, tokens["AccessToken"]), 421).json()
    assert refused["code"] == "read_only_region" and refused["primary"] is None
    user = {"username": new_id(), "password": "Correct-Horse-1"}
    refused = region.admin.call("POST", f"/admin/v1/pools/{demo.info['pool']}/users", user)
    assert expect(refused, 421).json()["code"] == "read_only_region"
    photo = request(demo.ca, "PUT", f"{region.objects}/{demo.info['bucket']}/x", b"x",
                    {"Authorization": f"Bearer {tokens['AccessToken']}"})
    assert b"AccessDenied" in expect(photo, 403).body
    return tokens["AccessToken"]


def test_a_primary_that_stands_still_past_its_limit_goes_on_where_it_was(demo):
    """Fault test 23. Nobody was promoted meanwhile, so it need not ask anybody: the same term goes on, and nothing is lost."""
    primary, secondary = demo.primary, demo.secondary
    token = demo.sign_in(primary.cognito)["AccessToken"]
    demo.wait_caught_up()
    term = primary.admin.get("/admin/v1/region")["term"]
    os.kill(primary.pid, signal.SIGSTOP)
    try:
        wait_until("the secondary misses it", lambda: "cutOffSeconds" in secondary.admin.get("/admin/v1/region"))
        demo.sign_in(secondary.cognito)
        assert expect(comment(demo, secondary, token), 421).json()["code"] == "read_only_region"
    finally:
        os.kill(primary.pid, signal.SIGCONT)
    expect(comment(demo, primary, token), 201)
    demo.wait_caught_up()
    assert (role(primary), primary.admin.get("/admin/v1/region")["term"]) == ("primary", term)
    wait_until("the secondary hears it", lambda: "cutOffSeconds" not in secondary.admin.get("/admin/v1/region"))
    assert expect(primary.admin.call("POST", "/admin/v1/region/verify", {}), 200).json()["identical"]


@pytest.mark.parametrize("opened_by, warning", [
    (["--set", "boot.require_peers=none"], "boot.require_peers is none"),
    (["--force-primary"], "--force-primary"),
])
def test_a_primary_that_comes_back_alone(demo, opened_by, warning):
    primary, secondary = demo.primary, demo.secondary
    demo.wait_caught_up()
    for region in (primary, secondary):
        region.kill()

    primary.start()
    token = expect_fenced(demo, primary)
    wait_until("it says what it waits for", lambda: WAITING in primary.log())
    assert warning not in primary.log()

    primary.kill()
    primary.start(*opened_by)
    expect_open(primary)
    line, = wait_for_log(primary, warning)
    assert '"level":"warn"' in line and "two writable regions" in line and "bears that risk" in line
    expect(comment(demo, primary, token), 201)

    # Nothing had happened meanwhile: the other one follows as ever.
    secondary.start()
    demo.wait_caught_up()
    assert role(secondary) == "secondary"
    assert expect(primary.admin.call("POST", "/admin/v1/region/verify", {}), 200).json()["identical"]


def test_a_fenced_primary_opens_by_itself_once_it_has_heard_the_other(demo):
    primary, secondary = demo.primary, demo.secondary
    for region in (primary, secondary):
        region.kill()
    primary.start()
    expect_fenced(demo, primary)
    secondary.start()
    expect_open(primary)
    demo.wait_caught_up()
