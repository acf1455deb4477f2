"""The Debian package: lintian, and a life in a throw-away Debian under its own systemd: install, init, start, watchdog,
upgrade, remove, purge. The region's data and keys outlive all of it."""

import json
import re
import shutil
import subprocess

import pytest

from conftest import debian_root, not_possible_here
from demo import wait_until
from installed import depends, file_of, page_block
from machine import Machine, make_root

CONFIG = ["--config", "/etc/holdfast/holdfast.json"]


def test_lintian_finds_nothing(deb):
    done = subprocess.run(["lintian", "--allow-root", "--fail-on", "error,warning", "--info", str(deb)], capture_output=True, text=True,
                          timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_unit_tells_systemd_how_it_is(deb):
    """As packaged: the machine below has a shorter watchdog of its own."""
    unit = file_of(deb, "./usr/lib/systemd/system/holdfast.service").splitlines()
    assert "Type=notify" in unit
    assert "WatchdogSec=30" in unit, "docs/operations/install.md says 30 s"


@pytest.fixture(scope="module")
def newer(deb, tmp_path_factory):
    """The same package as the next version."""
    place = tmp_path_factory.mktemp("newer")
    subprocess.run(["dpkg-deb", "-R", str(deb), str(place / "tree")], check=True)
    control = place / "tree" / "DEBIAN" / "control"
    control.write_text(re.sub(r"^Version: (.*)$", r"Version: \1+next", control.read_text(), flags=re.M))
    subprocess.run(["dpkg-deb", "--root-owner-group", "-Zgzip", "-z1", "-b", str(place / "tree"), str(place / "newer.deb")], check=True,
                   stdout=subprocess.DEVNULL)
    return place / "newer.deb"


@pytest.fixture(scope="module")
def machine(deb, newer, tmp_path_factory):
    place = tmp_path_factory.mktemp("machine")
    make_root(place / "root", debian_root(*depends(deb)))
    patience = place / "root" / "etc/systemd/system/holdfast.service.d/patience.conf"
    patience.parent.mkdir(parents=True)
    patience.write_text("[Service]\nWatchdogSec=3\n")  # 30 in the unit: the test need not wait as long
    for file, name in ((deb, "holdfast.deb"), (newer, "newer.deb")):
        shutil.copy(file, place / "root" / "root" / name)
    debian = Machine(place / "root", place / "log")
    try:
        debian.start()
        yield debian
    finally:
        debian.stop()
        shutil.rmtree(place / "root")


def is_active(machine):
    return machine.run("systemctl", "is-active", "holdfast", check=False).stdout.strip() == "active"


def shown(machine, name):
    return machine.run("systemctl", "show", "--value", "-p", name, "holdfast").stdout.strip()


def region(machine):
    return json.loads(machine.run("holdfast", "region", "status", "--json", *CONFIG).stdout)


def pools(machine):
    return machine.run("holdfast", "pool", "list", "--json", *CONFIG).stdout


def is_running(machine, process):
    return machine.run("test", "-d", f"/proc/{process}", check=False).returncode == 0


def owner_of(machine, process):
    """The user id it runs as; /proc itself belongs to root, for the process may not be dumped."""
    return re.search(r"^Uid:\s+(\d+)", machine.run("cat", f"/proc/{process}/status").stdout, re.M).group(1)


def data_owner(machine):
    return machine.run("stat", "-c", "%U %a", "/var/lib/holdfast").stdout.strip()


def test_a_life_under_systemd(request, capsys):
    """One test: each step stands on the one before."""
    if not_possible_here(capsys, "the package under systemd"):
        return
    machine = request.getfixturevalue("machine")
    done = machine.run("dpkg", "-i", "/root/holdfast.deb")
    assert "holdfast init" in done.stdout, "a first install says what is next"
    assert not is_active(machine)
    assert machine.run("systemctl", "is-enabled", "holdfast", check=False).stdout.strip() == "disabled"
    machine.run("systemctl", "start", "holdfast")
    assert not is_active(machine), "nothing runs unconfigured"

    made = machine.run("sh", "-ec", page_block("holdfast init"))
    assert "PRIMARY" in made.stdout
    assert machine.run("stat", "-c", "%U %a", "/etc/holdfast/region.key").stdout.strip() == "root 600"
    assert is_active(machine)
    assert shown(machine, "Type") == "notify"
    assert shown(machine, "StatusText").startswith("primary, reign 1")
    assert owner_of(machine, shown(machine, "MainPID")) == machine.run("id", "-u", "holdfast").stdout.strip()
    assert data_owner(machine) == "holdfast 700"
    machine.run("holdfast", "health", *CONFIG)
    assert region(machine)["role"] == "primary"
    machine.run("holdfast", "pool", "create", "--name", "kept", *CONFIG)
    kept = pools(machine)
    assert "kept" in kept

    machine.run("systemctl", "reload", "holdfast")
    wait_until("the reload", lambda: shown(machine, "ActiveState") == "active")

    first = shown(machine, "MainPID")
    machine.run("sh", "-c", f"kill -STOP {first}")
    wait_until("a new process: the watchdog ended the one that was stopped",
               lambda: shown(machine, "MainPID") not in (first, "0") and is_active(machine), 180, 0.2)
    assert pools(machine) == kept

    def forced(process):
        return "--force-primary" in machine.run("cat", f"/proc/{process}/cmdline").stdout

    machine.run("sh", "-ec", page_block("drop_in=", "maintenance.md"))
    assert is_active(machine) and forced(shown(machine, "MainPID"))
    machine.run("systemctl", "restart", "holdfast")
    assert is_active(machine) and not forced(shown(machine, "MainPID")), "forced once"
    assert pools(machine) == kept

    before = shown(machine, "MainPID")
    machine.run("dpkg", "-i", "/root/newer.deb")
    assert is_active(machine) and shown(machine, "MainPID") != before, "an upgrade restarts what runs"
    assert pools(machine) == kept

    main_process = shown(machine, "MainPID")
    machine.run("dpkg", "-r", "holdfast")
    assert not is_running(machine, main_process)
    machine.run("dpkg", "-i", "/root/holdfast.deb")
    assert not is_active(machine)
    machine.run("systemctl", "start", "holdfast")
    assert pools(machine) == kept

    purged = machine.run("dpkg", "--purge", "holdfast")
    assert "kept /var/lib/holdfast" in purged.stdout
    for place in ("/var/lib/holdfast/data", "/etc/holdfast/region.key", "/etc/holdfast/holdfast.json"):
        machine.run("test", "-e", place)
    assert machine.run("find", "/usr", "/lib", "/etc/systemd/system/multi-user.target.wants", "-name", "*holdfast*").stdout == ""
