"""A host that knows no names at all, as a container or a chroot may be: the whole story runs there.

And whoever waits in vain for a region is told what was asked, what came back last, and how the region's log ends.
"""

import json
import os
import pathlib
import subprocess
import sys

import pytest

from demo import BASE_PORT, BINARY, Demo

STORY = pathlib.Path(__file__).parents[1] / "story" / "story.py"
# Own mounts: the host's files stay as they are.
WITHOUT_NAMES = ["unshare", "--mount", "--propagation", "private", "sh", "-ec", """
for file in /etc/hosts /etc/resolv.conf; do [ ! -e "$file" ] || mount --bind "$1/empty" "$file"; done
mount --bind "$1/nsswitch" /etc/nsswitch.conf
shift
exec "$@"
""", "sh"]


@pytest.fixture
def nameless(tmp_path):
    """What to put before a command so that no resolver knows `localhost`."""
    assert os.geteuid() == 0, "mounts of its own need root"
    (tmp_path / "empty").touch()
    (tmp_path / "nsswitch").write_text("hosts: files\n")
    launcher = [*WITHOUT_NAMES, str(tmp_path)]
    assert subprocess.run([*launcher, "getent", "ahosts", "localhost"], capture_output=True).returncode == 2
    return launcher


def test_the_story_needs_no_resolver(nameless, tmp_path):
    command = [sys.executable, "-B", STORY, "--binary", BINARY, "--dir", tmp_path / "demo", "--base-port", BASE_PORT]
    done = subprocess.run([*nameless, *map(str, command)], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Every step held." in done.stdout


def test_a_region_that_does_not_start_is_told_with_the_end_of_its_log(tmp_path):
    with Demo(tmp_path) as demo:
        config = demo.primary.dir / "holdfast.json"
        log = demo.primary.log_file
    broken = json.loads(config.read_text())
    broken["no_such_key"] = 1
    config.write_text(json.dumps(broken))
    story = [sys.executable, "-B", STORY, "--binary", BINARY, "--dir", tmp_path]
    done = subprocess.run(list(map(str, story)), stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert "us-east-1 ended before it answered GET https://localhost:" in done.stderr, done.stderr
    assert f"log: {log}, which ends:\n" in done.stderr and "no_such_key" in done.stderr, done.stderr
    assert "FAILED" in done.stdout and "Traceback" not in done.stdout + done.stderr


def test_who_waits_in_vain_is_told_why(tmp_path):
    with Demo(tmp_path) as demo:
        region = demo.primary
        with pytest.raises(AssertionError) as given_up:
            region.wait_for("/state/nobody", timeout=0.2)
        assert f"GET {region.public}/state/nobody: expected 200, got 404" in str(given_up.value)
        region.kill()
        with pytest.raises(AssertionError) as given_up:
            region.wait_for("/health/ready", timeout=0.2)
        told = str(given_up.value)
        assert f"GET {region.public}/health/ready: ConnectionRefusedError" in told
        assert f"log: {region.log_file}, which ends:\n" in told and '"message":"request"' in told
