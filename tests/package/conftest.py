"""What the package tests share: the built artifacts and a Debian root file system, made once from the Debian mirror."""

import hashlib
import os
import pathlib
import subprocess

import pytest

from isolated import cgroup2_mount

ROOT = pathlib.Path(__file__).parents[2]


def only(pattern):
    found = sorted(ROOT.glob(pattern))
    assert len(found) == 1, f"{pattern}: {found}: run ./dev package and ./dev package --tarball first"
    return found[0]


@pytest.fixture(scope="session")
def deb():
    return only("build/ci-release/package/*.deb")


@pytest.fixture(scope="session")
def tarball():
    return only("build/portable/package/*.tar.gz")


def debian_root(*packages):
    """The tar of a minimal Debian with these packages; kept in build/, for the mirror is asked once only."""
    name = hashlib.sha256(" ".join(packages).encode()).hexdigest()[:12]
    file = ROOT / "build" / "package-roots" / f"bookworm-{name}.tar"
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        part = file.with_suffix(f".{os.getpid()}.tar")
        mirror = [os.environ["HOLDFAST_DEBIAN_MIRROR"]] if "HOLDFAST_DEBIAN_MIRROR" in os.environ else []
        subprocess.run(["mmdebstrap", "--quiet", "--variant=minbase", *([f"--include={','.join(packages)}"] if packages else []),
                        "bookworm", str(part), *mirror], check=True, timeout=600, stdin=subprocess.DEVNULL)
        part.rename(file)
    return file


def not_possible_here(capsys, what):
    """Whether this machine cannot give a process namespaces and a control group of its own, as an unprivileged container
    cannot. Then what needs them is not tested, loudly; under `./dev test --long` that is a failure. Where they can be
    had, everything else that goes wrong is a failure always."""
    try:
        group = pathlib.Path(cgroup2_mount()) / f"holdfast-probe-{os.getpid()}"
        group.mkdir()
        group.rmdir()
        unshare = ["unshare", "--mount", "--pid", "--fork", "--uts", "--ipc", "--net", "--cgroup",
                   "sh", "-ec", "mount -t tmpfs tmpfs /mnt; ip link add probe0 type veth peer name probe1"]
        done = subprocess.run(unshare, capture_output=True, text=True, timeout=120)
        reason = done.stderr if done.returncode else ""
    except (OSError, AssertionError) as error:
        reason = str(error)
    return bool(reason) and not_tested(capsys, what, f"no namespaces can be had here: {reason.strip()}")


def not_tested(capsys, what, reason):
    """Says so, loudly; under `./dev test --long` it is a failure."""
    message = f"NOT TESTED: {what}, for {reason}"
    if os.environ.get("HOLDFAST_LONG"):
        pytest.fail(message)
    with capsys.disabled():
        print(f"\n\033[1;31m{message}\033[0m")
    return True
