"""Every line of a region's log is one JSON object; requests are found by the id that the client was told."""

import datetime
import json
import socket
import ssl
import struct

import pytest

from demo import Demo, wait_until
from holdfast_client import expect, request

LEVELS = {"debug", "info", "warn", "error"}


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    with Demo(tmp_path_factory.mktemp("demo"), "--set", "log.level=debug") as running:
        yield running


def no_duplicates(pairs):
    names = [name for name, _ in pairs]
    assert len(set(names)) == len(names), f"a name comes twice: {names}"
    return dict(pairs)


def events(region):
    """The log as events; the bytes are strict UTF-8, each line ends and is one object with one value a name."""

    def whole():  # a look may fall into the writing of a line
        log = region.log_file.read_bytes()
        return log if log.endswith(b"\n") else None

    text = wait_until("the last line's end", whole).decode()
    return [json.loads(line, object_pairs_hook=no_duplicates) for line in text.splitlines()]


def test_every_line_is_an_event(demo):
    client = demo.info["clients"]["web"]["clientId"]
    for region in demo.regions:
        demo.sign_in(region.cognito)
        region.cognito.sign_in(client, 'no"body\n\\ \u0000', "x")
        region.get("/state/nobody%0d%0aforged")
        region.get("/%00")
    demo.primary.kill()
    demo.primary.start()
    demo.wait_caught_up()
    for region in demo.regions:
        seen = events(region)
        assert len(seen) > 10
        for event in seen:
            assert list(event)[:3] == ["time", "level", "message"], event
            assert event["level"] in LEVELS and event["message"]
            assert event["time"].endswith("Z")
            datetime.datetime.strptime(event["time"], "%Y-%m-%dT%H:%M:%S.%fZ")
            assert all(isinstance(value, (str, int, float)) for value in event.values()), event
        served = [event for event in seen if event["message"] == "request"]
        assert len(served) > 5
        assert all(event["requestId"] and "route" in event and "status" in event for event in served)
        assert not any("forged" in json.dumps(event) or "nobody" in json.dumps(event) for event in seen)


def test_an_answer_is_found_by_its_request_id(demo):
    answer = demo.primary.get("/state/nobody")
    assert answer.status == 404
    assert answer.json()["requestId"] == answer.headers["X-Request-Id"]

    def lines():  # what was sent is in the line, so it is written after the answer
        return [event for event in events(demo.primary) if event.get("requestId") == answer.headers["X-Request-Id"]]

    found = wait_until("the request's line", lines)
    assert [event["status"] for event in found] == [404]
    assert found[0]["route"] == "/state/{app}" and found[0]["listener"] == "public"


def lines_of(demo, region, answer):
    """What the log says of the request behind `answer` beside that it was served."""
    wanted = answer.headers["X-Request-Id"]
    return [event["message"] for event in events(region)
            if event.get("requestId") == wanted and event["message"] != "request"]


def test_what_services_say_of_a_request_carries_its_id_too(demo):
    demo.wait_caught_up()
    tokens = demo.sign_in(demo.secondary.cognito)
    client = demo.info["clients"]["web"]["clientId"]
    revoked = demo.secondary.cognito.call("RevokeToken", {"ClientId": client, "Token": tokens["RefreshToken"]})
    assert lines_of(demo, demo.secondary, expect(revoked, 200)) == ["remembered at this region alone"]
    overridden = demo.secondary.admin.call("PUT", f"/admin/v1/apps/{demo.info['app']}/state", {"state": "fenced"})
    assert lines_of(demo, demo.secondary, expect(overridden, 200)) == ["app state overridden here"]
    fenced = demo.primary.admin.call("POST", "/admin/v1/region/fence")
    assert lines_of(demo, demo.primary, expect(fenced, 200)) == ["this region was fenced"]
    expect(demo.primary.admin.call("POST", "/admin/v1/region/unfence"), 200)
    demo.primary.wait_writable()

    def is_home():  # the override, which the primary merges
        return demo.primary.get(f"/state/{demo.info['app']}").json()["state"] == "fenced"

    wait_until("the override at the primary", is_home)
    expect(demo.primary.admin.call("PUT", f"/admin/v1/apps/{demo.info['app']}/state", {"state": "active"}), 200)


def errors_since(demo, seen):
    return [event for event in events(demo.primary)[seen:] if event["level"] == "error"]


def test_an_upload_that_its_client_broke_off_is_no_failure_of_the_region(demo):
    seen = len(events(demo.primary))
    token = demo.sign_in(demo.primary.cognito)["AccessToken"]
    host, port = demo.primary.objects.removeprefix("https://").split(":")
    context = ssl.create_default_context(cafile=demo.ca)
    with socket.create_connection((host, int(port))) as plain:
        with context.wrap_socket(plain, server_hostname=host) as upload:
            upload.sendall(f"PUT /{demo.info['bucket']}/broken.bin HTTP/1.1\r\nHost: {host}\r\nContent-Length: 1000000"
                           f"\r\nExpect: 100-continue\r\nAuthorization: Bearer {token}\r\n\r\n".encode())
            assert upload.recv(100).startswith(b"HTTP/1.1 100 "), "it is being handled"
            upload.sendall(bytes(1000))
            upload.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    def broken():
        return [event for event in events(demo.primary) if event["message"] == "request"
                and event["route"] == "/{bucket}/{key...}" and event["outcome"] == "client_gone"]

    wait_until("the upload's line", broken)
    assert [(event["status"], event["level"]) for event in broken()] == [(400, "info")]
    assert not errors_since(demo, seen)


def test_pools_are_made_without_an_error_in_the_log(demo):
    seen = len(events(demo.primary))
    for number in range(8):
        expect(demo.primary.admin.call("POST", "/admin/v1/pools", {"name": f"pool-{number}"}), 201)
    assert not errors_since(demo, seen)


def test_text_is_there_for_people(tmp_path):
    with Demo(tmp_path / "demo", "--secondaries", "0", "--set", "log.format=text") as demo:
        line = demo.primary.log().splitlines()[0]
        assert line.split(" ")[1] in LEVELS
        expect(request(demo.ca, "GET", demo.primary.public + "/health/live"), 200)
