"""clang-tidy on what has changed since it was last found clean. Usage: lint.py --build DIR [--budget SECONDS] [--all]

All of src takes about an hour of one core, so a file is looked at again only when it, a project header that it includes
or the list of checks has changed: its content stamp (build/lint/NAME) says what was found clean. Files that were
committed last come first, so a clean clone, which has no stamps, spends its budget on what is new; the files that the
budget does not reach are counted aloud. Without a budget nothing is left out.
"""

import argparse
import concurrent.futures
import hashlib
import os
import pathlib
import re
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
STAMPS = ROOT / "build" / "lint"
INCLUDE = re.compile(r'^\s*#include "([^"]+)"', re.M)


def sources(build):
    """Every .cpp of src, and those that CMake makes for headers without one: each compiles alone here."""
    return sorted([*ROOT.glob("src/**/*.cpp"), *(build / "lone_headers").glob("*/*.cpp")])


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


def check(file, now, build):
    done = subprocess.run(["clang-tidy-19", "-p", str(build), "--quiet", str(file)], cwd=ROOT, capture_output=True, text=True)
    if done.returncode == 0:
        stamp(file).write_text(now)
        return None
    return done.stdout + "\n".join(line for line in done.stderr.splitlines() if "warnings generated" not in line)


def main():
    parser = argparse.ArgumentParser(prog="./dev lint")
    parser.add_argument("--build", required=True, type=pathlib.Path)
    parser.add_argument("--budget", type=float, help="seconds after which no further file is begun")
    parser.add_argument("--all", action="store_true", help="look at every file again")
    options = parser.parse_args()
    build = options.build.resolve()
    STAMPS.mkdir(parents=True, exist_ok=True)
    files = sources(build)
    digests = {file: digest(file) for file in files}
    wanted = newest_first([file for file in files if options.all or not is_clean(file, digests[file])])
    end = time.monotonic() + (options.budget or float("inf"))
    failed = left = 0

    def look_at(file):
        return "not reached" if time.monotonic() > end else check(file, digests[file], build)

    with concurrent.futures.ThreadPoolExecutor(int(os.environ.get("CMAKE_BUILD_PARALLEL_LEVEL", os.cpu_count()))) as pool:
        for file, complaint in zip(wanted, pool.map(look_at, wanted)):
            if complaint == "not reached":
                left += 1
            elif complaint is not None:
                failed += 1
                print(f"{file.relative_to(ROOT)}:\n{complaint}", flush=True)
    print(f"lint: {len(files) - len(wanted)} files unchanged, {len(wanted) - failed - left} found clean, {failed} not, "
          f"{left} not reached in time", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
