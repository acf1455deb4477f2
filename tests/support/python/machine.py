"""A throw-away Debian root file system with its own systemd as PID 1, in namespaces of its own (isolated.py)."""

import pathlib
import shutil
import subprocess

from isolated import Isolated

# $1: the root. Ends as systemd.
BOOT = r"""
set -e
root=$1
mount --bind "$root" "$root"
mount -t proc proc "$root/proc"
mount -t sysfs -o ro sysfs "$root/sys"
mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup"
mount -t tmpfs -o mode=755 tmpfs "$root/run"
mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"
mount -t tmpfs -o mode=755 tmpfs "$root/dev"
for device in null zero full random urandom tty; do
  touch "$root/dev/$device"
  mount --bind "/dev/$device" "$root/dev/$device"
done
mkdir "$root/dev/pts" "$root/dev/shm"
mount -t devpts -o newinstance,mode=620,ptmxmode=666 devpts "$root/dev/pts"
mount -t tmpfs -o mode=1777 tmpfs "$root/dev/shm"
ln -s pts/ptmx "$root/dev/ptmx"
ln -s /proc/self/fd "$root/dev/fd"
ip link set lo up
hostname holdfast-test
mkdir -p "$root/old"
cd "$root"
pivot_root . old
umount -l /old
# As systemd has it on a host: what it mounts for a service (credentials) must reach the service's own namespace.
mount --make-rshared /
exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin container=holdfast-test /lib/systemd/systemd --system --log-target=console --show-status=no
"""

# What a Debian system does at its start and a region does not need.
NOT_NEEDED = ("systemd-udevd.service", "systemd-udev-trigger.service", "systemd-networkd.service", "systemd-resolved.service",
              "systemd-timesyncd.service", "getty@.service", "console-getty.service", "apt-daily.timer", "apt-daily-upgrade.timer")


class Machine(Isolated):
    script = BOOT

    def start(self):
        units = self.directory / "etc/systemd/system"
        for unit in NOT_NEEDED:
            if not (units / unit).is_symlink():
                (units / unit).symlink_to("/dev/null")
        super().start()

    def is_up(self):
        return self.run("systemctl", "is-system-running", check=False).stdout.strip() in ("running", "degraded")

    def run(self, *command, check=True, timeout=120):
        """A command inside, as root."""
        environment = ["env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "DEBIAN_FRONTEND=noninteractive", "LANG=C.UTF-8"]
        return self.finish([*self.enter(), "-r", "-w", *environment, *map(str, command)], check, timeout=timeout)


def make_root(directory, tarball):
    """Unpacks a root file system made by mmdebstrap."""
    shutil.rmtree(directory, ignore_errors=True)
    pathlib.Path(directory).mkdir(parents=True)
    subprocess.run(["tar", "-C", str(directory), "--numeric-owner", "-xf", str(tarball)], check=True)
