"""What a demo that has ended may not leave behind: processes and open ports."""

import json
import os
import pathlib
import socket

from demo import is_running


def parents():
    """pid -> parent's pid of every process there is."""
    found = {}
    for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            found[int(stat.parent.name)] = int(stat.read_text().rsplit(")", 1)[1].split()[1])
        except (FileNotFoundError, ProcessLookupError):
            continue
    return found


def tree(root):
    """The process and all that descend from it now."""
    tree_of = {root}
    above = parents()
    while more := {pid for pid, parent in above.items() if parent in tree_of} - tree_of:
        tree_of |= more
    return tree_of


def processes_that_name(directory):
    """Running processes with the demo's directory among their arguments: whoever adopted them, they are its own."""
    needle, found = os.fsencode(str(directory)), set()
    for arguments in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
        try:
            pid = int(arguments.parent.name)
            if needle in arguments.read_bytes() and pid != os.getpid() and is_running(pid):
                found.add(pid)
        except (FileNotFoundError, ProcessLookupError):
            continue
    return found


def ports_of(directory):
    """Every port that a demo in `directory` was given."""
    layout = json.loads((pathlib.Path(directory) / "demo-layout.json").read_text())
    ports = [layout["frontDoor"], layout["objectsFrontDoor"]]
    return ports + [port for region in layout["regions"] for name, port in region.items() if name != "name"]


def is_open(port):
    with socket.socket() as probe:
        probe.settimeout(2)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def expect_nothing_left(pids, directory):
    """Called when the demo's own process has ended: its children were stopped before that."""
    running = {pid for pid in pids if is_running(pid)} | processes_that_name(directory)
    assert not running, f"left behind: {running}"
    open_ports = [port for port in ports_of(directory) if is_open(port)]
    assert not open_ports, f"still open: {open_ports}"
