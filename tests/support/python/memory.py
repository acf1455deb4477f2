"""The memory of a running daemon, and that it stays within bounds whatever happens meanwhile."""

import pathlib
import threading


def memory_kib(pid, field="VmRSS"):
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(status.split(field + ":")[1].split()[0])


def is_sanitized(binary):
    """Built with the address sanitizer, whose shadow and red zones are memory that the product does not use."""
    return b"__asan_init" in pathlib.Path(binary).read_bytes()


class BoundedMemory(threading.Thread):
    """While it is entered, the process's resident memory grows by less than `most_kib` at any time, as often as it is looked at.

    Before each look `ask` is called, which raises if something else is not as it must be. What did not hold is raised at the end."""

    def __init__(self, pid, most_kib, interval=0.02, ask=lambda: None):
        super().__init__(daemon=True)
        self.pid, self.most_kib, self.interval, self.ask = pid, most_kib, interval, ask
        self.before, self.grown_kib = memory_kib(pid), 0
        self.over, self.problem = threading.Event(), None

    def look(self):
        self.ask()
        self.grown_kib = max(self.grown_kib, memory_kib(self.pid) - self.before)
        assert self.grown_kib < self.most_kib, f"{self.grown_kib} KiB more than before"

    def run(self):
        while not self.over.wait(self.interval):
            try:
                self.look()
            except Exception as problem:
                self.problem = problem
                return

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, kind, *_):
        self.over.set()
        self.join()
        if kind is None:  # else something has failed already, and is what should be told
            if self.problem is not None:
                raise self.problem
            self.look()
            print(f"process {self.pid}: at most {self.grown_kib} KiB more")
