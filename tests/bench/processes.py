"""Processes under measurement: where they run, what processor time and memory they take."""

import collections
import dataclasses
import os
import pathlib
import subprocess

CORES = sorted(os.sched_getaffinity(0))
SERVER_CORE = CORES[0]  # subject and reference
LOAD_CORE = CORES[-1]  # whatever makes the load; the same one where there is only one


def on_core(core, command):
    return ["taskset", "-c", str(core), *map(str, command)]


def tasks_of(pid):
    return [int(task.name) for task in pathlib.Path(f"/proc/{pid}/task").iterdir()]


def pin(pid, cores):
    """Every thread there is; later ones inherit."""
    for task in tasks_of(pid):
        os.sched_setaffinity(task, cores)


# What the daemon's threads do, by the first part of their names; those that it does not name are the rest.
THREADS = {"io": "I/O", "hash": "hashing", "disk": "disk pool", "nginx": "nginx"}
REST = "commit and RocksDB"


@dataclasses.dataclass
class Usage:
    """Processor time in seconds: of all threads, the kernel's part of it, and of each kind of thread."""

    cpu: float = 0.0
    kernel: float = 0.0
    threads: dict = dataclasses.field(default_factory=dict)

    def since(self, before):
        threads = {kind: seconds - before.threads.get(kind, 0) for kind, seconds in self.threads.items()}
        return Usage(self.cpu - before.cpu, self.kernel - before.kernel, threads)


def kernel_seconds(pid):
    """The scheduler's ticks, scaled by the kernel to its own nanoseconds."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return int(fields[12]) / os.sysconf("SC_CLK_TCK")


def usage(*pids):
    """So far; threads by the scheduler's own nanoseconds."""
    threads = collections.Counter()
    for pid in pids:
        for task in tasks_of(pid):
            folder = pathlib.Path(f"/proc/{pid}/task/{task}")
            try:
                name, spent = (folder / "comm").read_text(), (folder / "schedstat").read_text()
            except (FileNotFoundError, ProcessLookupError):  # a thread that has just ended
                continue
            threads[THREADS.get(name.split("-")[0].strip(), REST)] += int(spent.split()[0]) / 1e9
    return Usage(sum(threads.values()), sum(map(kernel_seconds, pids)), dict(threads))


def memory_bytes(pid, field="VmRSS"):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(field + ":"):
            return int(line.split()[1]) * 1024
    raise AssertionError(f"no {field} of process {pid}")


def children(pid):
    text = pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text()
    return [int(child) for child in text.split()]


def output_of(command, timeout=600):
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, timeout=timeout,
                          stdin=subprocess.DEVNULL)
    if done.returncode != 0:
        raise AssertionError(f"{command[0]} ended with {done.returncode}: {done.stderr[-2000:]}")
    return done.stdout
