"""A small disk of a test's own: a tmpfs in a mount namespace, which daemons enter and the test fills from outside."""

import os
import pathlib
import subprocess

MIB = 1024 * 1024


class SmallDisk:
    """Mounted at `place` for those who are started with `launcher` in front; for this process it is at `root`.

    The namespace lives as long as its holder, which ends with its standard input: with this process at the latest.
    Root makes a mount namespace; anybody else makes one inside a user namespace of their own.
    """

    def __init__(self, place, size_bytes):
        self.place = pathlib.Path(place)
        self.place.mkdir(parents=True, exist_ok=True)
        is_root = os.geteuid() == 0
        made = ["unshare", "--mount"] if is_root else ["unshare", "--map-root-user", "--mount"]
        script = 'mount -t tmpfs -o "size=$2" holdfast-test "$1" && echo mounted && exec cat'
        self.holder = subprocess.Popen([*made, "sh", "-c", script, "sh", str(self.place), str(size_bytes)],
                                       stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        if self.holder.stdout.readline() != "mounted\n":
            raise AssertionError(f"no disk of {size_bytes} bytes at {self.place}: `unshare` or `mount` failed")
        self.launcher = ["nsenter", "--target", str(self.holder.pid), "--mount", f"--wd={self.place.parent}"]
        if not is_root:
            self.launcher += ["--user", "--preserve-credentials"]
        self.root = pathlib.Path(f"/proc/{self.holder.pid}/root{self.place.resolve()}")
        self.filler = self.root / "filler"

    def free_bytes(self):
        space = os.statvfs(self.root)
        return space.f_bavail * space.f_frsize

    def fill(self, leave_bytes=0):
        """Takes blocks until `leave_bytes` are free, whatever is freed meanwhile."""
        with open(self.filler, "ab") as filler:
            while (take := self.free_bytes() - leave_bytes) > 0:
                os.posix_fallocate(filler.fileno(), os.fstat(filler.fileno()).st_size, take)

    def make_room(self):
        self.filler.unlink()

    def close(self):
        self.holder.stdin.close()
        self.holder.wait(10)
        self.holder.stdout.close()

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.close()
