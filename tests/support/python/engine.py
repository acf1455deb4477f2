"""A container engine of the test's own: Debian's dockerd in namespaces of its own (isolated.py). Needs overlayfs, iptables."""

import os
import pathlib
import shutil

from isolated import Isolated

# $1: the state directory. The engine's sockets and containers live below it and in /run of these namespaces alone.
BOOT = r"""
set -e
state=$1
mount -t tmpfs -o mode=755 tmpfs /run
mount -t proc proc /proc
umount -R /sys/fs/cgroup
mount -t cgroup2 cgroup2 /sys/fs/cgroup
mkdir -p "$state/tmp" "$state/data"
# Whatever the host's file system is, overlays can be laid over this one.
mount -t tmpfs tmpfs "$state/data"
mount --bind "$state/hosts" /etc/hosts
ip link set lo up
exec env DOCKER_TMPDIR="$state/tmp" dockerd --data-root "$state/data" --exec-root /run/docker --pidfile /run/docker.pid \
  --host unix:///run/docker.sock --storage-driver overlay2 --exec-opt native.cgroupdriver=cgroupfs --log-level warn
"""


class Engine(Isolated):
    script = BOOT

    def __init__(self, state):
        pathlib.Path(state).mkdir(parents=True, exist_ok=True)
        super().__init__(state, pathlib.Path(state) / "dockerd.log")

    @property
    def hosts(self):
        """/etc/hosts as the engine's namespaces see it."""
        return self.directory / "hosts"

    def start(self):
        self.hosts.write_text("127.0.0.1 localhost\n")
        super().start()

    def is_up(self):
        return self.run("docker", "version", check=False).returncode == 0

    def run(self, *command, check=True, timeout=300, env=None, cwd="/", **options):
        environment = {"PATH": os.environ["PATH"], "HOME": str(self.directory), "DOCKER_BUILDKIT": "0", "LANG": "C.UTF-8", **(env or {})}
        inside = [*self.enter(), "env", f"--chdir={cwd}", *map(str, command)]
        return self.finish(inside, check, timeout=timeout, env=environment, **options)

    def load_root(self, tarball, name):
        """A root file system as an image: no registry is asked for anything."""
        with open(tarball, "rb") as file:
            self.run("docker", "import", "-", name, stdin=file)

    def stop(self):
        super().stop()
        shutil.rmtree(self.directory, ignore_errors=True)
