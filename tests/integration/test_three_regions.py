"""A primary with two secondaries, and a third one that joins a region with data late."""

import json
import os

import pytest

from demo import BASE_PORT, Demo, wait_until
from holdfast_client import Cognito, expect, new_id, request
from single_region import run, settings


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    with Demo(tmp_path_factory.mktemp("demo"), "--secondaries", "2") as running:
        yield running


@pytest.fixture(scope="module")
def token(demo):
    return demo.sign_in(demo.primary.cognito)["AccessToken"]


def post_comments(demo, region, token, count):
    url = f"{region.public}/apps/{demo.info['app']}/comments/three"
    for number in range(count):
        body = {"message": f"comment {number}", "commentId": new_id()}
        expect(request(demo.ca, "POST", url, body, {"Authorization": f"Bearer {token}"}), 201)


def comments(demo, public, token):
    url = f"{public}/apps/{demo.info['app']}/comments/three?limit=200"
    return expect(request(demo.ca, "GET", url, headers={"Authorization": f"Bearer {token}"}), 200).json()["comments"]


def region_command(region, *arguments):
    done = run(*arguments, "--config", region.dir / "holdfast.json")
    return done.returncode, done.stdout


def expect_identical(demo, others):
    """`holdfast verify` for people and for machines: the same position, no difference, every other region named."""
    status, text = region_command(demo.primary, "verify")
    assert status == 0, text
    assert text.count(": identical,") == len(others)
    status, text = region_command(demo.primary, "verify", "--json")
    report = json.loads(text)
    assert status == 0 and report["identical"] is True
    assert sorted(entry["region"] for entry in report["reports"]) == sorted(others)
    assert all(entry["rows"] > 0 for entry in report["reports"])


def test_both_secondaries_hold_everything(demo, token):
    assert [region.name for region in demo.regions] == ["us-east-1", "eu-west-1", "ap-south-1"]
    post_comments(demo, demo.primary, token, 20)
    demo.wait_caught_up()
    expect_identical(demo, ["eu-west-1", "ap-south-1"])
    expected = comments(demo, demo.primary.public, token)
    assert len(expected) == 20
    for region in demo.regions[1:]:
        assert comments(demo, region.public, token) == expected


def test_region_status_lists_both(demo):
    status, text = region_command(demo.primary, "region", "status", "--json")
    described = json.loads(text)
    assert status == 0 and described["role"] == "primary"
    assert sorted(entry["name"] for entry in described["secondaries"]) == ["ap-south-1", "eu-west-1"]
    assert all(entry["state"] == "streaming" for entry in described["secondaries"])
    status, text = region_command(demo.primary, "region", "status")
    assert status == 0 and "eu-west-1: caught up" in text and "ap-south-1: caught up" in text
    status, text = region_command(demo.regions[2], "region", "status")
    assert status == 0 and text.startswith("ap-south-1 is a SECONDARY") and "primary    us-east-1" in text


def test_a_killed_primary_needs_every_member_to_come_back(demo, token):
    """Both secondaries sign users in without it; it stays fenced until the last of them has answered."""
    primary, *secondaries = demo.regions
    post_comments(demo, primary, token, 5)
    demo.wait_caught_up()
    primary.kill()
    client = demo.info["clients"]["web"]["clientId"]
    for region in secondaries:
        tokens = demo.sign_in(region.cognito)
        expect(region.cognito.refresh(client, tokens["RefreshToken"]), 200)
        assert len(comments(demo, region.public, tokens["AccessToken"])) == 25
    wait_until("a sign-in through the front door", lambda: demo.sign_in(Cognito(demo.ca, demo.front)))

    secondaries[1].kill()
    primary.start()
    wait_until("one of two has answered", lambda: waits_for(primary) == ["ap-south-1"])
    assert primary.get("/health/traffic?role=primary").status == 503
    demo.sign_in(primary.cognito)

    secondaries[1].start()
    primary.wait_writable()
    post_comments(demo, primary, token, 5)
    demo.wait_caught_up()
    expect_identical(demo, ["eu-west-1", "ap-south-1"])
    assert len(comments(demo, secondaries[1].public, token)) == 30


def waits_for(region):
    """Whom a fenced region still waits for, as its newest log line about that says."""
    assert region.admin.get("/admin/v1/region")["reason"] == "waiting for every member's highest reign"
    lines = [json.loads(line) for line in region.log().splitlines() if '"waitingFor"' in line]
    return sorted(name for name in lines[-1]["waitingFor"].split(", ") if name)


def test_a_region_that_joins_late_gets_a_snapshot(demo, token, tmp_path_factory):
    """By hand, as an operator does it: join-token at the primary, join and serve at the new machine."""
    photo, path = os.urandom(2_000_000), f"/{demo.info['bucket']}/late.jpg"
    bearer = {"Authorization": f"Bearer {token}"}
    expect(request(demo.ca, "PUT", demo.primary.objects + path, photo, bearer), 200)
    place = tmp_path_factory.mktemp("late")
    token_file = place / "join-token"
    status, text = region_command(demo.primary, "join-token", "--name", "sa-east-1", "--out", token_file)
    assert status == 0 and token_file.stat().st_mode & 0o777 == 0o600
    assert token_file.read_text().strip() not in text

    base = BASE_PORT + 60
    joined = run("join", "--dir", place / "sa-east-1", "--region", "sa-east-1", "--token-file", token_file,
                 *settings(base))
    assert joined.returncode == 0, joined.stderr
    late = demo.add_region("sa-east-1", place / "sa-east-1", base)
    late.start()
    demo.wait_caught_up()
    expect_identical(demo, ["eu-west-1", "ap-south-1", "sa-east-1"])
    wait_until("its log tells of a snapshot", lambda: "snapshot" in late.log())
    arrived = wait_until("the photo's bytes", lambda: expect(request(late.ca, "GET", late.objects + path, headers=bearer), 200))
    assert arrived.body == photo
    assert expect(late.cognito.sign_in(demo.info["clients"]["web"]["clientId"], demo.info["user"]["username"],
                                       demo.info["user"]["password"]), 200)

    # Once used, the token opens nothing.
    again = run("join", "--dir", place / "again", "--region", "sa-east-1", "--token-file", token_file, *settings(base + 10))
    assert again.returncode == 1 and again.stderr.startswith("holdfast: "), again.stderr
    assert not (place / "again" / "holdfast.json").exists()

    # It takes part in what follows: the primary waits for it, too.
    primary = demo.primary
    primary.kill()
    late.kill()
    primary.start()
    wait_until("only the late one is missing", lambda: waits_for(primary) == ["sa-east-1"])
    late.start()
    primary.wait_writable()
    demo.wait_caught_up()
    expect_identical(demo, ["eu-west-1", "ap-south-1", "sa-east-1"])
