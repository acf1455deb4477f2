"""The story that `./dev demo` plays: two regions, real requests, one region killed, people still signing in.

Usage: story.py --binary HOLDFAST [--keep] [--dir DIR] [--secondaries N] [--base-port P] [--set KEY=VALUE]...
Prints one line a step with its time; exits 0 only if every step held.
"""

import argparse
import os
import pathlib
import shlex
import shutil
import signal
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "support" / "python"))

from demo import Demo, DemoEnded  # noqa: E402
from steps import Story  # noqa: E402


def arguments():
    parser = argparse.ArgumentParser(prog="./dev demo", description="Two regions on this machine: kill one, still sign in.")
    parser.add_argument("--binary", required=True, help=argparse.SUPPRESS)
    parser.add_argument("--keep", action="store_true", help="stay up afterwards and write demo.env into --dir")
    parser.add_argument("--dir", help="where everything is kept (default: a temporary directory; with --keep: ./demo)")
    parser.add_argument("--secondaries", type=int, default=1, help="how many secondary regions (default 1)")
    parser.add_argument("--base-port", type=int, default=8443, help="first port; taken ones are replaced by free ones")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="configuration of every region")
    options = parser.parse_args()
    if not 1 <= options.secondaries <= 5:
        parser.error("--secondaries takes a number from 1 to 5: the story kills a region, and people sign in at another")
    return options


def write_env(demo, file):
    info = demo.info
    lines = {
        "HOLDFAST_CA": info["caFile"], "HOLDFAST_FRONT_DOOR": info["frontDoor"],
        "HOLDFAST_OBJECTS": info["objectsFrontDoor"], "HOLDFAST_ISSUER": info["issuer"], "HOLDFAST_POOL": info["pool"],
        "HOLDFAST_APP": info["app"], "HOLDFAST_BUCKET": info["bucket"], "HOLDFAST_BINARY": info["binary"],
        "HOLDFAST_CLIENT_ID": info["clients"]["web"]["clientId"],
        "HOLDFAST_MACHINE_ID": info["clients"]["machine"]["clientId"],
        "HOLDFAST_MACHINE_SECRET": info["clients"]["machine"]["clientSecret"],
        "HOLDFAST_USERNAME": info["user"]["username"], "HOLDFAST_PASSWORD": info["user"]["password"],
        "HOLDFAST_ADMIN_TOKEN": info["adminToken"],
        "HOLDFAST_PRIMARY": info["regions"][0]["public"], "HOLDFAST_PRIMARY_PID": demo.primary.pid,
        "HOLDFAST_PRIMARY_CONFIG": f'{info["regions"][0]["dir"]}/holdfast.json',
        "HOLDFAST_PRIMARY_ADMIN": info["regions"][0]["admin"],
    }
    if len(info["regions"]) > 1:
        lines["HOLDFAST_SECONDARY"] = info["regions"][1]["public"]
        lines["HOLDFAST_SECONDARY_ADMIN"] = info["regions"][1]["admin"]
    # Whole once it is there: a shell that waits for it sources it at once.
    whole = f"{file}.new"
    descriptor = os.open(whole, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as out:
        out.writelines(f"export {name}={shlex.quote(str(value))}\n" for name, value in lines.items())
    os.replace(whole, file)


def end_by_signal(*_):
    sys.exit(143)


def main():
    options = arguments()
    directory = pathlib.Path(options.dir or ("demo" if options.keep else tempfile.mkdtemp(prefix="holdfast-demo-")))
    directory.mkdir(parents=True, exist_ok=True)
    signal.signal(signal.SIGTERM, end_by_signal)
    # A shell starts what runs in its background with this one ignored, and then nothing would end the demo.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    extra = ["--secondaries", str(options.secondaries)]
    for setting in options.set:
        extra += ["--set", setting]
    begin = time.monotonic()
    held = False
    demo = None
    try:
        demo = Demo(directory, *extra, binary=options.binary, base_port=options.base_port)
        story = Story(demo, HERE / "photo.jpg", time.monotonic() - begin)
        held = story.play()
        if held and options.keep:
            write_env(demo, directory / "demo.env")
            env = shlex.quote(str(directory / "demo.env"))
            print(f"\nStill up. In another shell: source {env}\nCtrl-C stops everything.", flush=True)
            signal.sigwait({signal.SIGINT, signal.SIGTERM})
    except DemoEnded as error:
        print(f"  FAILED  the regions do not start\n          {error}", flush=True)
    except KeyboardInterrupt:
        print("stopping", file=sys.stderr)
    finally:
        # A second Ctrl-C must not leave half of it behind: what ends is bounded.
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)
        if demo is not None:
            demo.stop()
        if held and not options.keep and not options.dir:
            shutil.rmtree(directory, ignore_errors=True)
        elif not held:
            print(f"logs: {directory}/*.log", file=sys.stderr)
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
