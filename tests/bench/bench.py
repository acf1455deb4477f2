"""`./dev bench`: one table of ratios, each measured in one run on the same cores against an honest reference.

Usage: bench.py [ROW...] [--quick] [--long] [--loaded] [--markdown] [--dir DIR]
Needs HOLDFAST_BINARY, HOLDFAST_BASE_PORT, HOLDFAST_BENCH_PROGRAMS and PYTHONPATH, as `./dev bench` sets them.
"""

import argparse
import pathlib
import shutil
import signal
import sys
import time

import machine
import quiet
import report
import rows_http
import rows_objects
import rows_replication
import rows_scale
import rows_writes
from context import FULL, LONG, QUICK, Context

# In the order of the table: name, title, function.
ROWS = [
    ("state", "GET state", rows_http.state),
    ("jwks", "GET JWKS", rows_http.jwks),
    ("discovery", "GET discovery", rows_http.discovery),
    ("client-credentials", "client_credentials grants", rows_http.client_credentials),
    ("refresh", "refresh", rows_http.refresh),
    ("password", "password sign-in", rows_http.password),
    ("comment", "POST comment", rows_writes.comment),
    ("object-get", "GET object, 1 MiB", rows_objects.object_get),
    ("object-put", "PUT object, 1 MiB", rows_objects.object_put),
    ("lag", "replication lag", rows_replication.lag),
    ("shipped", "bytes shipped a write", rows_replication.shipped),
    ("secondaries", "writes with secondaries", rows_replication.secondaries),
    ("start", "start to first answer", rows_scale.start),
    ("memory", "resident memory", rows_scale.memory),
    ("many-users", "sign-ins, many users", rows_scale.many_users),
    ("first-sync", "first sync of a secondary", rows_scale.first_sync),
]


def arguments():
    parser = argparse.ArgumentParser(prog="./dev bench", description="Ratios against honest references, measured here and now.")
    parser.add_argument("rows", nargs="*", metavar="ROW", help="only these: " + ", ".join(name for name, _, _ in ROWS))
    parser.add_argument("--quick", action="store_true", help="two pairs of a second: to see that it works")
    parser.add_argument("--long", action="store_true", help="the rows of many users with 2,000,000 instead of 200,000")
    parser.add_argument("--loaded", action="store_true", help=f"measure also where the 1-minute load stays above {quiet.LOAD_LIMIT:.1f}")
    parser.add_argument("--markdown", action="store_true", help="docs/performance.md: with --long the whole page")
    parser.add_argument("--dir", default="build/bench", help="where daemons live while they are measured (a real disk)")
    options = parser.parse_args()
    unknown = set(options.rows) - {name for name, _, _ in ROWS}
    if unknown:
        parser.error(f"no such row: {', '.join(sorted(unknown))}")
    return options


def measure(options, context, say):
    """Outcomes by row. A row that cannot be measured says why in its place and the others go on."""
    found, failed = [], []
    for name, title, function in ROWS:
        if options.rows and name not in options.rows:
            continue
        say(f"{name} …")
        before = quiet.look(0.2 if options.quick else 1)
        begin = time.monotonic()
        try:
            outcome = function(context)
            outcome.before = before
        except Exception as error:  # one row's trouble is not the others'
            failed.append((name, f"{type(error).__name__}: {error}"))
            say(f"{name} could not be measured: {failed[-1][1]}")
            continue
        found.append((name, title, outcome))
        say(f"{name}: {report.in_short(outcome)} ({time.monotonic() - begin:.0f} s)")
    return found, failed


def main():
    options = arguments()
    try:
        load = quiet.wait_until_quiet(options.loaded)
    except quiet.TooBusy as error:
        print(f"./dev bench: {error}", file=sys.stderr)
        return 2
    settings = QUICK if options.quick else LONG if options.long else FULL
    directory = pathlib.Path(options.dir).absolute()
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    described = machine.describe(directory, options.quick) + [("load average at the start", load)]
    context = Context(settings, directory)
    try:
        found, failed = measure(options, context, lambda text: print(text, file=sys.stderr, flush=True))
    finally:
        context.close()
    described.append(("load average at the end", quiet.loads()))
    show = report.markdown if options.markdown else report.table
    print(show(settings, described, found, failed, sys.argv[1:]))
    if not failed:
        shutil.rmtree(directory, ignore_errors=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
