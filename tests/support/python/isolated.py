"""A process with mounts, processes, network, host name and a control group of its own. Needs root and cgroup2.

Nothing of the host is changed but for one control group below its tree, which is removed at the end. Stopping kills the one
process that was started; the kernel takes everything in its namespaces with it.
"""

import itertools
import os
import pathlib
import shlex
import signal
import subprocess

from demo import wait_until


def cgroup2_mount():
    for line in pathlib.Path("/proc/self/mounts").read_text().splitlines():
        _, place, kind, *_ = line.split()
        if kind == "cgroup2":
            return place
    raise AssertionError("no cgroup2 is mounted")


numbers = itertools.count(1)  # one process may have several at a time


class Isolated:
    """`script` is run by sh as the first process of the namespaces, with `directory` as its $1; it ends as the program."""

    script = ""

    def __init__(self, directory, log):
        self.directory, self.log = pathlib.Path(directory), pathlib.Path(log)
        self.group = pathlib.Path(cgroup2_mount()) / f"holdfast-test-{os.getpid()}-{next(numbers)}"
        self.process = None

    def start(self):
        self.group.mkdir(exist_ok=True)
        enter = f'echo $$ > {shlex.quote(str(self.group))}/cgroup.procs; exec "$@"'
        command = ["sh", "-c", enter, "sh", "unshare", "--mount", "--pid", "--fork", "--kill-child", "--uts", "--ipc", "--net", "--cgroup",
                   "--propagation", "private", "sh", "-c", self.script, "sh", str(self.directory)]
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
        wait_until(f"{type(self).__name__} in its namespaces", self.is_up_or_ended, 60, 0.1)

    def is_up_or_ended(self):
        if self.process.poll() is not None:
            raise RuntimeError(f"it ended: {self.log.read_text(errors='replace')[-3000:]}")
        return self.is_up()

    @property
    def first_process(self):
        """Its id on the host: the child of `unshare`."""
        children = pathlib.Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        if not children:
            raise OSError("not forked yet")
        return children[0]

    def enter(self):
        """What to put before a command so that it runs in the namespaces."""
        return ["nsenter", "-t", self.first_process, "-m", "-p", "-u", "-i", "-n", "-C"]

    def run_in_its_network(self, *command, check=True, timeout=60):
        """A program of this machine, but with that network alone."""
        return self.finish(["nsenter", "-t", self.first_process, "-n", *map(str, command)], check, timeout=timeout)

    def finish(self, command, check, **options):
        """Runs a complete command line to its end; an AssertionError says what it said."""
        options.setdefault("stdin", subprocess.DEVNULL)
        done = subprocess.run(command, capture_output=True, text=True, **options)
        if check and done.returncode != 0:
            raise AssertionError(f"{' '.join(command)}: {done.returncode}\n{done.stdout[-4000:]}\n{done.stderr[-4000:]}")
        return done

    def stop(self):
        if self.process is not None:
            self.process.send_signal(signal.SIGKILL)  # --kill-child: the first process goes with it
            self.process.wait()
            wait_until("the control group is empty", self.remove_groups, 30, 0.1)

    def remove_groups(self):
        if self.group.exists():
            for folder, _, _ in os.walk(self.group, topdown=False):
                os.rmdir(folder)
        return True
