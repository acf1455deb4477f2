"""Two regions: reading what was written elsewhere (Holdfast-Min-Position), asking again after a failover."""

import base64
import struct

import pytest

from demo import Demo, wait_until
from holdfast_client import expect, new_id, request


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    with Demo(tmp_path_factory.mktemp("positions") / "demo") as demo:
        demo.token = demo.sign_in(demo.primary.cognito)["AccessToken"]
        yield demo


def comments(demo, region, method, body=None, photo="beach.jpg", **headers):
    headers = {"Authorization": f"Bearer {demo.token}", **{name.replace("_", "-"): text for name, text in headers.items()}}
    return request(demo.ca, method, f"{region.public}/apps/{demo.info['app']}/comments/{photo}", body, headers)


def shown_once_applied(ask):
    """The answer of `ask`, which names a position: a region waits two seconds for it, then asks its client to come again."""
    def look():
        answer = ask()
        return None if answer.status == 503 and answer.headers["Retry-After"] else answer

    return expect(wait_until("the position", look), 200)


def moved(position, index=0, flip=0):
    """The position of another place: so much further, or of another history."""
    raw = base64.urlsafe_b64decode(position + "=" * (-len(position) % 4))
    version, reign, incarnation, at, prefix = struct.unpack(">BIIQ8s", raw)
    prefix = bytes([prefix[0] ^ flip]) + prefix[1:]
    return base64.urlsafe_b64encode(struct.pack(">BIIQ8s", version, reign, incarnation, at + index, prefix)).rstrip(b"=").decode()


def test_a_secondary_shows_what_was_just_written(demo):
    for i in range(100):
        photo = f"{i}.jpg"
        written = expect(comments(demo, demo.primary, "POST", {"message": "hello"}, photo), 201)
        position = written.headers["Holdfast-Position"]
        shown = shown_once_applied(
            lambda: comments(demo, demo.secondary, "GET", None, photo, Holdfast_Min_Position=position))
        assert [comment["commentId"] for comment in shown.json()["comments"]] == [written.json()["commentId"]]


def test_a_user_who_was_just_made_signs_in_at_the_secondary(demo):
    for i in range(10):
        made = expect(demo.primary.admin.call("POST", f"/admin/v1/pools/{demo.info['pool']}/users",
                                              {"username": f"new{i}", "password": "Correct-Horse-1"}), 201)
        answer = shown_once_applied(lambda: request(demo.ca, "POST", demo.secondary.public + "/", {
            "AuthFlow": "USER_PASSWORD_AUTH", "ClientId": demo.info["clients"]["web"]["clientId"],
            "AuthParameters": {"USERNAME": f"new{i}", "PASSWORD": "Correct-Horse-1"}}, {
            "X-Amz-Target": "AWSCognitoIdentityProviderService.InitiateAuth",
            "Holdfast-Min-Position": made.headers["Holdfast-Position"]}))
        assert "AuthenticationResult" in answer.json()


def test_positions_that_are_not_here(demo):
    written = expect(comments(demo, demo.primary, "POST", {"message": "last"}), 201).headers["Holdfast-Position"]
    for region in demo.regions:
        shown_once_applied(lambda: comments(demo, region, "GET", Holdfast_Min_Position=written))
        lost = expect(comments(demo, region, "GET", Holdfast_Min_Position=moved(written, flip=1)), 409)
        assert lost.json()["code"] == "position_lost"
        pending = expect(comments(demo, region, "GET", Holdfast_Min_Position=moved(written, index=10_000)), 503)
        assert pending.json()["code"] == "position_pending" and pending.headers["Retry-After"]
        for bad in ("x", written + "A", written[1:]):
            assert expect(comments(demo, region, "GET", Holdfast_Min_Position=bad), 400).json()["code"] == "invalid_position"
        expect(request(demo.ca, "GET", region.public + "/health/ready", headers={"Holdfast-Min-Position": "x"}), 200)


def test_asking_again_survives_the_primary(demo):
    key, body = new_id(), {"message": "once"}
    first = expect(comments(demo, demo.primary, "POST", body, Idempotency_Key=key), 201)
    demo.wait_caught_up()
    demo.primary.kill()
    again = expect(comments(demo, demo.secondary, "POST", body, Idempotency_Key=key), 201)
    assert again.headers["Idempotency-Replayed"] == "true"
    assert again.json() == first.json()
    assert expect(comments(demo, demo.secondary, "POST", {"message": "other"}, Idempotency_Key=key), 422)
    expect(comments(demo, demo.secondary, "POST", body, Idempotency_Key=new_id()), 421)
