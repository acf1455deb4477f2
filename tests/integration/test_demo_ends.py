"""However a demo is told to end, and whenever: no process and no open port stays behind."""

import json
import os
import pathlib
import signal
import subprocess
import sys

import pytest

from demo import BASE_PORT, BINARY, is_running, wait_until
from left_overs import expect_nothing_left, is_open, ports_of, processes_that_name, tree

STORY = pathlib.Path(__file__).parents[1] / "story" / "story.py"
PATIENCE = 120


@pytest.fixture
def started(tmp_path):
    """Starts a command with its output in pipes, in a process group of its own as a shell's job is; kills what a failed test leaves."""
    running = []

    def start(*command):
        process = subprocess.Popen([*map(str, command)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, text=True, start_new_session=True)
        running.append(process)
        return process

    yield start
    for process in running:
        for pid in tree(process.pid) if process.poll() is None else ():
            os.kill(pid, signal.SIGKILL)
        process.communicate()
    for pid in processes_that_name(tmp_path):
        os.kill(pid, signal.SIGKILL)


def demo_command(directory):
    return [BINARY, "demo", "--json", "--dir", directory, "--base-port", BASE_PORT]


def read_until(stream, text):
    for line in stream:
        if text in line:
            return line
    raise AssertionError(f"ended before it said {text!r}")


@pytest.mark.parametrize("number, send", [(signal.SIGTERM, os.kill), (signal.SIGINT, os.killpg)],
                         ids=["SIGTERM to it alone", "SIGINT to its group, as Ctrl-C does"])
def test_a_demo_that_is_up(started, tmp_path, number, send):
    demo = started(*demo_command(tmp_path))
    described = json.loads(demo.stdout.readline())
    pids = tree(demo.pid)
    assert {demo.pid, *(region["pid"] for region in described["regions"])} < pids and len(pids) == 4, pids
    ports = ports_of(tmp_path)
    assert len(ports) == 14 and all(is_open(port) for port in ports)
    send(demo.pid, number)
    assert demo.wait(PATIENCE) == 0
    expect_nothing_left(pids, tmp_path)


def test_a_demo_that_is_killed_takes_its_children_along(started, tmp_path):
    demo = started(*demo_command(tmp_path))
    demo.stdout.readline()
    pids = tree(demo.pid)
    demo.kill()
    demo.wait()
    wait_until("the kernel has told the children", lambda: not any(is_running(pid) for pid in pids))
    # A killed process is a zombie as soon as its first thread has ended; its sockets go with the last one.
    wait_until("the kernel has closed what they held", lambda: not any(is_open(port) for port in ports_of(tmp_path)))
    expect_nothing_left(pids, tmp_path)


@pytest.mark.parametrize("step", ["init us-east-1", "join eu-west-1", "front door"])
def test_a_demo_that_is_not_up_yet(started, tmp_path, step):
    demo = started(*demo_command(tmp_path))
    read_until(demo.stderr, step)
    pids = tree(demo.pid)
    os.killpg(demo.pid, signal.SIGINT)
    printed, said = demo.communicate(timeout=PATIENCE)
    expect_nothing_left(pids, tmp_path)
    # One that came too late for the start ends a demo that is up.
    assert (demo.returncode, printed) == (1, "") and "told to end" in said or demo.returncode == 0 and printed
    if step != "join eu-west-1":
        return
    # The directory is good for another try.
    again = started(*demo_command(tmp_path))
    assert json.loads(again.stdout.readline())["regions"]
    again.terminate()
    assert again.wait(PATIENCE) == 0
    expect_nothing_left({again.pid}, tmp_path)


@pytest.mark.parametrize("step, number", [("serve us-east-1", signal.SIGTERM), ("front door", signal.SIGINT)])
def test_a_story_that_is_not_up_yet(started, tmp_path, step, number):
    """`./dev demo` is this process, once the daemon is built."""
    story = started(sys.executable, "-B", STORY, "--binary", BINARY, "--dir", tmp_path, "--base-port", BASE_PORT)
    read_until(story.stderr, step)
    pids = tree(story.pid)
    os.kill(story.pid, number)
    story.communicate(timeout=PATIENCE)
    assert story.returncode != 0
    expect_nothing_left(pids, tmp_path)
