"""clang-tidy on what has changed since it was last found clean. Usage: lint.py --build DIR [--budget SECONDS] [--all] [--alone]

A file is looked at again only when it, a project header that it includes or the list of checks has changed: its content
stamp (build/lint/NAME) says what was found clean. Up to ten files of a room are read as one, joined as in a unity build:
most of the work is in headers, so that is three times cheaper (docs/adr/0071). Files that were committed last come first,
so a clean clone, which has no stamps, spends its budget on what is new; the files that the budget does not reach are
counted aloud. Without a budget nothing is left out.
"""

import argparse
import concurrent.futures
import hashlib
import json
import os
import pathlib
import re
import shlex
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
STAMPS = ROOT / "build" / "lint"
INCLUDE = re.compile(r'^\s*#include "([^"]+)"', re.M)
FINDING = re.compile(r"^([^:\s]+):\d+:\d+: (?:error|warning): ", re.M)
BATCH = 10


def sources(build, compiled):
    """Every .cpp of src, and those that CMake makes for headers without one: each compiles alone here. Not what it made
    for a header that is gone."""
    return sorted([*ROOT.glob("src/**/*.cpp"), *(file for file in compiled if file.is_relative_to(build / "lone_headers"))])


def header(name, room):
    for place in (ROOT / "include" / name, ROOT / "src" / room / name):
        if place.exists():
            return place
    return None


def content(file, room, seen):
    """What clang-tidy's verdict depends on: the file and, once each, the project headers it includes."""
    text = file.read_text()
    parts = [text]
    for name in INCLUDE.findall(text):
        found = header(name, room)
        if found is not None and found not in seen:
            seen.add(found)
            parts += content(found, found.parent.name, seen)
    return parts


def digest(file):
    parts = content(file, file.parent.name, set())
    checks = (ROOT / ".clang-tidy").read_text()
    return hashlib.sha256("\0".join([checks, *parts]).encode()).hexdigest()


def stamp(file):
    return STAMPS / f"{file.parent.name}_{file.stem}"


def is_clean(file, now):
    return stamp(file).exists() and stamp(file).read_text() == now


def commit_times():
    """Seconds of each path's newest commit; what is not committed is newer than all of them."""
    log = subprocess.run(["git", "log", "--format=@%ct", "--name-only", "--", "src", "include"], cwd=ROOT,
                         capture_output=True, text=True, check=True).stdout
    times, at = {}, 0
    for line in log.splitlines():
        if line.startswith("@"):
            at = int(line[1:])
        elif line:
            times.setdefault(line, at)
    changed = subprocess.run(["git", "status", "--porcelain", "--", "src", "include"], cwd=ROOT, capture_output=True,
                             text=True, check=True).stdout
    for line in changed.splitlines():
        times[line[3:]] = sys.maxsize
    return times


def newest_first(files):
    times = commit_times()
    return sorted(files, key=lambda file: -times.get(str(file.relative_to(ROOT)), 0))


def compile_flags(build):
    """By file: what it is compiled with."""
    flags = {}
    for entry in json.loads((build / "compile_commands.json").read_text()):
        words = shlex.split(entry["command"])
        flags[pathlib.Path(entry["file"])] = words[1:words.index("-o")]
    return flags


def batches(files, size):
    """Files of one room together, in the order of the first of each."""
    rooms = {}
    for file in files:
        rooms.setdefault(file.parent.name, []).append(file)
    found = [room[at:at + size] for room in rooms.values() for at in range(0, len(room), size)]
    return sorted(found, key=lambda batch: files.index(batch[0]))


def run_clang_tidy(file, flags):
    done = subprocess.run(["clang-tidy-19", "--quiet", f"--config-file={ROOT / '.clang-tidy'}", str(file), "--", *flags],
                          cwd=ROOT, capture_output=True, text=True)
    if done.returncode == 0:
        return None
    return done.stdout + "\n".join(line for line in done.stderr.splitlines() if "warnings generated" not in line)


def joined(batch, at):
    """One file that includes those of the batch; the comment is for the check against including a .cpp."""
    if len(batch) == 1:
        return batch[0]
    file = STAMPS / f"batch_{at}.cpp"
    file.write_text("".join(f'#include "{one}"  // NOLINT(bugprone-suspicious-include)\n' for one in batch))
    return file


def blamed(complaint, batch):
    """The files of a batch that a complaint speaks of; all of them when it speaks of a header."""
    places = {pathlib.Path(place) for place in FINDING.findall(complaint)}
    return [file for file in batch if file in places] if places and places <= set(batch) else batch


def check(batch, at, digests, flags):
    """The complaint, if any, and the files that it is about; stamps the others."""
    complaint = run_clang_tidy(joined(batch, at), flags[batch[0]])
    if complaint is not None and len(batch) > 1 and "clang-diagnostic-error" in complaint:
        # They do not compile together: each for itself.
        results = [check([file], at, digests, flags) for file in batch]
        return "".join(text for text, _ in results if text) or None, [file for _, bad in results for file in bad]
    bad = blamed(complaint, batch) if complaint is not None else []
    for file in batch:
        if file not in bad:
            stamp(file).write_text(digests[file])
    return complaint, bad


def main():
    parser = argparse.ArgumentParser(prog="./dev lint")
    parser.add_argument("--build", required=True, type=pathlib.Path)
    parser.add_argument("--budget", type=float, help="seconds after which nothing further is begun")
    parser.add_argument("--all", action="store_true", help="look at every file again")
    parser.add_argument("--alone", action="store_true", help="each file for itself, which finds includes that it forgot")
    options = parser.parse_args()
    build = options.build.resolve()
    STAMPS.mkdir(parents=True, exist_ok=True)
    flags = compile_flags(build)
    files = sources(build, flags)
    digests = {file: digest(file) for file in files}
    wanted = newest_first([file for file in files if options.all or not is_clean(file, digests[file])])
    end = time.monotonic() + (options.budget or float("inf"))
    work = batches(wanted, 1 if options.alone else BATCH)
    failed = left = 0

    def look_at(at):
        return None if time.monotonic() > end else check(work[at], at, digests, flags)

    with concurrent.futures.ThreadPoolExecutor(int(os.environ.get("CMAKE_BUILD_PARALLEL_LEVEL", os.cpu_count()))) as pool:
        for batch, result in zip(work, pool.map(look_at, range(len(work)))):
            if result is None:
                left += len(batch)
                continue
            complaint, bad = result
            failed += len(bad)
            if complaint is not None:
                print(complaint, flush=True)
    print(f"lint: {len(files) - len(wanted)} files unchanged, {len(wanted) - failed - left} found clean, {failed} not, "
          f"{left} not reached in time", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
