"""What `holdfast demo` takes: --set for every region, --dir used again, and errors in one line."""

import contextlib
import json
import os
import pathlib
import re
import socket
import subprocess
import sys

import pytest

from demo import BASE_PORT, BINARY, Demo, wait_until
from holdfast_client import Cognito, expect, new_id, request

sys.path.append(str(pathlib.Path(__file__).parents[1] / "story"))

import story  # noqa: E402


def post_comment(demo, token, comment):
    url = f"{demo.primary.public}/apps/{demo.info['app']}/comments/acknowledged"
    headers = {"Authorization": f"Bearer {token}"}
    return request(demo.ca, "POST", url, {"message": "hello", "commentId": comment}, headers)


def comments_at(demo, region, token):
    url = f"{region.public}/apps/{demo.info['app']}/comments/acknowledged"
    answer = expect(request(demo.ca, "GET", url, headers={"Authorization": f"Bearer {token}"}), 200)
    return {comment["commentId"] for comment in answer.json()["comments"]}


def test_set_reaches_every_region_and_acknowledged_writes_wait_for_the_secondary(tmp_path):
    settings = ("--set", "replication.acknowledge.all=1 of 1", "--set", "replication.acknowledge_timeout_ms=10000")
    with Demo(tmp_path / "demo", *settings) as demo:
        for region in demo.regions:
            assert '"1 of 1"' in (region.dir / "holdfast.json").read_text()
        token = demo.sign_in(demo.primary.cognito)["AccessToken"]

        def is_enforced():  # the setting is a replicated record: the primary writes it once it may
            return demo.primary.admin.get("/admin/v1/region")["secondaries"][0]["state"] == "streaming"

        wait_until("the secondary follows", is_enforced)
        acknowledged = new_id()
        expect(post_comment(demo, token, acknowledged), 201)
        demo.secondary.kill()
        # Nobody knows: it is in the primary's log, and the client is told so, never "failed".
        in_doubt = new_id()
        answer = expect(post_comment(demo, token, in_doubt), 504)
        assert answer.json()["code"] == "outcome_unknown"
        demo.primary.kill()
        demo.secondary.start()
        assert acknowledged in comments_at(demo, demo.secondary, token)
        assert in_doubt not in comments_at(demo, demo.secondary, token)
        demo.primary.start()
        demo.wait_caught_up()
        assert {acknowledged, in_doubt} <= comments_at(demo, demo.secondary, token)


def test_a_directory_used_again_keeps_its_ports_its_issuer_and_its_data(tmp_path):
    with Demo(tmp_path / "demo") as demo:
        before = demo.info
        comment = new_id()
        expect(post_comment(demo, demo.sign_in(demo.primary.cognito)["AccessToken"], comment), 201)
    with Demo(tmp_path / "demo", base_port=BASE_PORT + 50) as demo:
        for name in ("issuer", "frontDoor", "objectsFrontDoor", "pool", "clients", "user", "app", "bucket"):
            assert demo.info[name] == before[name], name
        for now, then in zip(demo.info["regions"], before["regions"]):
            assert {**now, "pid": None} == {**then, "pid": None}
        token = demo.sign_in(demo.primary.cognito)["AccessToken"]
        assert comment in comments_at(demo, demo.primary, token)


def test_set_reaches_a_directory_that_was_used_before(tmp_path):
    with Demo(tmp_path / "demo"):
        pass
    with Demo(tmp_path / "demo", "--set", "log.format=text") as demo:
        for region in demo.regions:
            assert json.loads((region.dir / "holdfast.json").read_text())["log"]["format"] == "text"
            assert not region.log_file.read_text().splitlines()[-1].startswith("{")
        expect(demo.secondary.get("/health/ready"), 200)


def test_two_demos_never_share_a_directory(tmp_path):
    with Demo(tmp_path / "demo") as demo:
        cfg = (tmp_path / "demo" / "haproxy.cfg").read_bytes()
        done = subprocess.run([BINARY, "demo", "--json", "--dir", tmp_path / "demo"], stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=60)
        assert done.returncode == 1 and done.stdout == ""
        assert "a demo runs there already" in done.stderr and len(done.stderr.strip().splitlines()) == 1, done.stderr
        assert (tmp_path / "demo" / "haproxy.cfg").read_bytes() == cfg
        for region in demo.regions:
            expect(region.get("/health/ready"), 200)


def test_ports_that_are_taken_are_passed_over(tmp_path):
    with contextlib.ExitStack() as stack:
        taken = set()
        for port in (BASE_PORT + 60, BASE_PORT + 63):
            listener = stack.enter_context(socket.socket())
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(("127.0.0.1", port))
            listener.listen()
            taken.add(str(port))
        with Demo(tmp_path / "demo", base_port=BASE_PORT + 60) as demo:
            ports = set(re.findall(r"localhost:(\d+)", json.dumps(demo.info)))
            assert len(ports) >= 8 and not ports & taken, ports
            demo.sign_in(demo.primary.cognito)


def test_a_temporary_directory_that_is_not_there_is_told(tmp_path):
    done = subprocess.run([BINARY, "demo"], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60,
                          env={**os.environ, "TMPDIR": str(tmp_path / "absent")})
    assert done.returncode == 2 and "--dir" in done.stderr and len(done.stderr.splitlines()) == 1, done


def test_a_directory_may_have_any_name(tmp_path):
    """Its path stands in the front door's configuration and in the file that shells source."""
    directory = tmp_path / "it's a \"demo\" for $5 \\ #1"
    with Demo(directory) as demo:
        demo.sign_in(Cognito(demo.ca, demo.front))
        story.write_env(demo, tmp_path / "demo.env")
    told = subprocess.run(["bash", "-euc", f"source {tmp_path / 'demo.env'}; printf '%s' \"$HOLDFAST_CA\""],
                          check=True, capture_output=True, text=True, timeout=60)
    assert told.stdout == demo.ca and str(directory) in demo.ca


@pytest.mark.parametrize("arguments, expected", [
    (["--set", "replication.no_such_key=1"], "replication.no_such_key"),
    (["--set", "replication.acknowledge.all=3 of 1"], "replication.acknowledge.all"),
    (["--set", "nothing"], "nothing"),
    (["--secondaries", "many"], "--secondaries"),
    (["--no-such-option"], "--no-such-option"),
])
def test_what_it_cannot_take_is_named_before_anything_is_made(tmp_path, arguments, expected):
    directory = tmp_path / "demo"
    done = subprocess.run([BINARY, "demo", "--json", "--dir", directory, *arguments], stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
    assert done.stdout == ""
    assert expected in done.stderr
    assert len(done.stderr.strip().splitlines()) <= 2, done.stderr
    assert not list(directory.glob("*/data"))
