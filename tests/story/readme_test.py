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


# What each block that asks something must answer: a part of the block, what its output holds, and how often at least.
ANSWERS = (
    ("/state/$HOLDFAST_APP", '"state":"active"', 1),
    ("/comments/sunset.jpg", '"What a light!"', 2),  # the answer to the post, and the list at the secondary
    ("/admin/v1/region", '"role":"primary"', 1),
    ("kill -9", '"AuthenticationResult"', 1),
)
MARK = "=== block "
# "Bring it back" has worked when the region says that it is the primary; then this shell ends it.
BACK = """
curl -sS --fail --cacert "$HOLDFAST_CA" --retry 120 --retry-all-errors --retry-delay 1 "$HOLDFAST_PRIMARY/health/traffic?role=primary"
kill $!
wait $! || true
"""


def check_answers(commands, output):
    for part, expected, times in ANSWERS:
        asked = [number for number, block in enumerate(commands) if part in block]
        assert len(asked) == 1, (part, asked)
        answered = output.split(f"{MARK}{asked[0]}\n", 1)[1].split(MARK, 1)[0].replace(": ", ":")
        assert answered.count(expected) >= times, f"{commands[asked[0]]} did not answer {expected} {times} times: {answered}"


def main():
    root = pathlib.Path(sys.argv[1]).resolve()
    first, second, *others = blocks((root / "README.md").read_text())
    assert first.strip() == "./dev demo" and second.strip() == "./dev demo --keep --dir demo", (first, second)
    directory = root / "demo"
    shutil.rmtree(directory, ignore_errors=True)
    subprocess.run(["bash", "-euo", "pipefail", "-c", first], cwd=root, check=True, timeout=1200)
    # Twice: a directory that was used before goes on where it was.
    subprocess.run([*second.replace(" --keep", "").split()], cwd=root, check=True, timeout=1200)
    kept = subprocess.Popen(second.split(), cwd=root)
    try:
        deadline = time.monotonic() + 300
        while not (directory / "demo.env").exists():
            if kept.poll() is not None or time.monotonic() > deadline:
                raise AssertionError("`./dev demo --keep` did not stay up")
            time.sleep(0.1)
        marked = [f"echo '{MARK}{number}'\n{block}" for number, block in enumerate(others)]
        script = "shopt -s expand_aliases\n" + "\n".join(marked) + BACK
        done = subprocess.run(["bash", "-eo", "pipefail", "-c", script], cwd=root, capture_output=True, text=True, timeout=300)
        print(done.stdout, done.stderr, sep="\n")
        assert done.returncode == 0, done.returncode
        check_answers(others, done.stdout)
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
