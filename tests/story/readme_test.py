"""Runs the README's own commands, in its order, as a newcomer would. Usage: readme_test.py REPOSITORY

The first block plays the story; the second stays up; all others run against it in one shell.
"""

import pathlib
import re
import shutil
import signal
import subprocess
import sys
import textwrap
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support" / "python"))

from left_overs import expect_nothing_left, tree  # noqa: E402

LEFT_OVERS = ("tokens.json", "photo-back.jpg", "primary.log")


def blocks(readme):
    found = re.findall(r"^( *)```sh\n(.*?)^\1```", readme, re.S | re.M)
    return [textwrap.dedent(indent + body if indent else body) for indent, body in found]


def check_answers(output):
    """What the five curls and the sign-in after the kill must have said."""
    for expected in ('"state":"active"', '"What a light!"', '"role":"primary"', '"AuthenticationResult"'):
        if expected not in output:
            raise AssertionError(f"the README's commands did not answer {expected}: {output}")


def main():
    root = pathlib.Path(sys.argv[1]).resolve()
    first, second, *others = blocks((root / "README.md").read_text())
    assert first.strip() == "./dev demo" and second.strip() == "./dev demo --keep --dir demo", (first, second)
    directory = root / "demo"
    shutil.rmtree(directory, ignore_errors=True)
    subprocess.run(["bash", "-euo", "pipefail", "-c", first], cwd=root, check=True, timeout=1200)
    kept = subprocess.Popen(second.split(), cwd=root)
    try:
        deadline = time.monotonic() + 300
        while not (directory / "demo.env").exists():
            if kept.poll() is not None or time.monotonic() > deadline:
                raise AssertionError("`./dev demo --keep` did not stay up")
            time.sleep(0.1)
        script = "shopt -s expand_aliases\n" + "\n".join(others) + "\nkill $!\n"
        done = subprocess.run(["bash", "-eo", "pipefail", "-c", script], cwd=root, capture_output=True, text=True, timeout=120)
        print(done.stdout, done.stderr, sep="\n")
        assert done.returncode == 0, done.returncode
        check_answers(done.stdout.replace(": ", ":"))
        pids = tree(kept.pid)
        assert len(pids) >= 4, pids
        kept.send_signal(signal.SIGINT)
        assert kept.wait(60) == 0
        expect_nothing_left(pids, directory)
    finally:
        if kept.poll() is None:
            kept.send_signal(signal.SIGINT)
            kept.wait(60)
        shutil.rmtree(directory, ignore_errors=True)
        for name in LEFT_OVERS:
            (root / name).unlink(missing_ok=True)
    print("2 passed, 0 failed")


if __name__ == "__main__":
    main()
