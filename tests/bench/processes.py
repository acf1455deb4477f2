"""Processes under measurement: where they run, what processor time and memory they take."""

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


def cpu_seconds(*pids):
    """User and system time of all threads, by the scheduler's own nanoseconds."""
    total = 0
    for pid in pids:
        for task in tasks_of(pid):
            total += int(pathlib.Path(f"/proc/{pid}/task/{task}/schedstat").read_text().split()[0])
    return total / 1e9


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
