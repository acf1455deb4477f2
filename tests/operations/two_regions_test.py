"""Runs every command of docs/operations/two-regions.md, on two "hosts": network namespaces with the page's names.

Run: two_regions_test.py REPOSITORY (HOLDFAST_BINARY: the program). Starts itself again in namespaces of its own.
"""

import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile

HOSTS = {"us-east-1": ("us-east-1.id.example.com", "10.77.0.1"), "eu-west-1": ("eu-west-1.id.example.com", "10.77.0.2")}
EXPECTED = [
    "us-east-1 is the PRIMARY",
    "no other region could sign users in",
    "secondary  eu-west-1: caught up",
    "eu-west-1: identical",
    "eu-west-1 is a SECONDARY",
    '"status":"ok"',
    "us-east-1, NOT HEARD for",
]


def in_namespaces():
    """Own network and mounts; without root also an own user namespace."""
    flags = ["--net", "--mount"] if os.geteuid() == 0 else ["--user", "--map-root-user", "--net", "--mount"]
    return subprocess.run(["unshare", *flags, sys.executable, "-B", *sys.argv], env={**os.environ, "IN_NAMESPACES": "1"}).returncode


def build_network(work):
    hosts = work / "hosts"
    hosts.write_text("127.0.0.1 localhost\n" + "".join(f"{ip} {name}\n" for name, ip in HOSTS.values()))
    script = f"""
      mount --make-rprivate /
      mount --bind {hosts} /etc/hosts
      mount -t tmpfs tmpfs /run
      ip netns add us-east-1
      ip netns add eu-west-1
      ip link add us netns us-east-1 type veth peer name eu netns eu-west-1
      ip -n us-east-1 addr add 10.77.0.1/24 dev us
      ip -n eu-west-1 addr add 10.77.0.2/24 dev eu
      ip -n us-east-1 link set us up
      ip -n eu-west-1 link set eu up
      ip -n us-east-1 link set lo up
      ip -n eu-west-1 link set lo up
    """
    subprocess.run(["bash", "-euc", script], check=True)


def blocks(page):
    """(host, script) in the page's order; the first is for both."""
    found = re.findall(r"^```sh\n# (\S+)\n(.*?)^```", page, re.S | re.M)
    assert len(found) == page.count("```sh"), "a block does not say which host it is for"
    (first, variables), *others = found
    assert first == "both" and all(host in HOSTS for host, _ in others)
    return variables, others


def directory(work, host):
    return work / host / "srv"


def localised(script, work, host):
    """The page's directory becomes this host's; `scp HOST:FILE` becomes a copy from the other's."""
    script = re.sub(r"\$A:\$DIR", str(directory(work, "us-east-1")), script)
    return script.replace("/srv/holdfast", str(directory(work, host)))


def run(work, page, binary):
    variables, scripts = blocks(page)
    path = f"{pathlib.Path(binary).parent}:{os.environ['PATH']}"
    spoken = ""
    for host, script in scripts:
        directory(work, host).mkdir(parents=True, exist_ok=True)
        whole = "scp() { cp \"$@\"; }\n" + localised(variables, work, host) + localised(script, work, host)
        done = subprocess.run(["ip", "netns", "exec", host, "bash", "-euo", "pipefail", "-c", whole], stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=180,
                              env={**os.environ, "PATH": path})
        print(f"--- {host}\n{script}>>> {done.stdout}", flush=True)
        assert done.returncode == 0, f"{host}: status {done.returncode}: {script}"
        spoken += done.stdout
    for text in EXPECTED:
        assert text in spoken, f"nobody said: {text}"


def stop_all(work):
    for lock in work.glob("*/srv/region/data/LOCK"):
        try:
            os.kill(int(lock.read_text().strip()), signal.SIGKILL)
        except (ValueError, ProcessLookupError):
            continue


def main():
    if "IN_NAMESPACES" not in os.environ:
        sys.exit(in_namespaces())
    root, binary = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(os.environ["HOLDFAST_BINARY"]).resolve()
    assert binary.name == "holdfast"
    work = pathlib.Path(tempfile.mkdtemp(prefix="two-regions-"))
    try:
        build_network(work)
        run(work, (root / "docs" / "operations" / "two-regions.md").read_text(), binary)
    except BaseException:
        for log in work.glob("*/srv/holdfast.log"):
            print(log, log.read_text()[-3000:], sep="\n")
        raise
    finally:
        stop_all(work)
        shutil.rmtree(work, ignore_errors=True)
    print("every command of the page works")


if __name__ == "__main__":
    main()
