"""The machine that the figures come from, and how fast its disk makes things durable."""

import os
import pathlib
import platform
import statistics
import subprocess
import time

from processes import CORES, output_of


def cpu_model():
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.machine()


def memory_gib():
    line = pathlib.Path("/proc/meminfo").read_text().splitlines()[0]
    return int(line.split()[1]) / 1024 / 1024


def sync_latencies(directory, rounds):
    """Seconds of one appended 4 KiB block until fdatasync has returned."""
    file = pathlib.Path(directory) / "sync-probe"
    block = os.urandom(4096)
    taken = []
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        for _ in range(rounds):
            begin = time.perf_counter()
            os.write(descriptor, block)
            os.fdatasync(descriptor)
            taken.append(time.perf_counter() - begin)
    finally:
        os.close(descriptor)
        file.unlink()
    return taken


def file_latencies(directory, rounds, size=1024 * 1024, synced=True):
    """Seconds of one new file of `size` bytes: written, and (synced) fsync of the file and of its directory."""
    content = os.urandom(size)
    parent = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    taken = []
    try:
        for number in range(rounds):
            file = pathlib.Path(directory) / f"file-probe-{number}"
            begin = time.perf_counter()
            descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            os.write(descriptor, content)
            if synced:
                os.fsync(descriptor)
            os.close(descriptor)
            if synced:
                os.fsync(parent)
            taken.append(time.perf_counter() - begin)
            file.unlink()
    finally:
        os.close(parent)
    return taken


def processor_times():
    """Seconds since boot that the machine's cores were (busy, there), whoever had them; the hypervisor's count as busy."""
    ticks = [int(word) for word in pathlib.Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]]
    idle = ticks[3] + ticks[4]
    return (sum(ticks) - idle) / os.sysconf("SC_CLK_TCK"), sum(ticks) / os.sysconf("SC_CLK_TCK")


def busy_share(before):
    """How much of all cores was taken since `before` = processor_times(), in percent."""
    (busy, there), (busy_then, there_then) = processor_times(), before
    return 100 * (busy - busy_then) / max(there - there_then, 0.01)


def percentile(values, share):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def first_line(*command):
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return f"{command[0]}: not installed"
    return (done.stdout or done.stderr).splitlines()[0].strip()


def describe(directory, quick):
    """Lines of (what, value)."""
    rounds = 50 if quick else 500
    syncs = sync_latencies(directory, rounds)
    files = file_latencies(directory, rounds // 10)
    milli = 1000
    return [
        ("cores", f"{len(CORES)} × {cpu_model()}, {memory_gib():.0f} GiB of memory"),
        ("kernel", f"{platform.system()} {platform.release()}"),
        ("file system", output_of(["stat", "-f", "-c", "%T", directory]).strip()),
        ("disk: 4 KiB appended and fdatasync", f"median {statistics.median(syncs) * milli:.2f} ms, "
                                               f"p99 {percentile(syncs, 0.99) * milli:.2f} ms"),
        ("disk: a new file of 1 MiB, fsync of it and its directory", f"median {statistics.median(files) * milli:.1f} ms"),
        ("software", "; ".join([first_line("nginx", "-v"), first_line("openssl", "version"), first_line("wrk", "-v").split(" Copyright")[0]])),
    ]
