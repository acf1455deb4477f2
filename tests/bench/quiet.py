"""Waits until the machine is quiet enough to measure on, refuses where it does not become so, and says how it was."""

import os
import sys
import time

from machine import busy_share, processor_times
from measure import Before

LOAD_LIMIT = 1.0
PATIENCE = 300  # seconds: the build before has gone from the 1-minute load by then


class TooBusy(Exception):
    """The machine did not become quiet."""


def loads(load=os.getloadavg):
    return " ".join(f"{value:.2f}" for value in load())


def say_on_stderr(text):
    print(text, file=sys.stderr, flush=True)


def wait_until_quiet(loaded, say=say_on_stderr, load=os.getloadavg, sleep=time.sleep, patience=PATIENCE):
    """Gives what the page says of the load at the start. `loaded`: go on anyway, and say that."""
    if loaded:
        over = load()[0] > LOAD_LIMIT
        return f"{loads(load)}{f': **above {LOAD_LIMIT:.1f}, measured all the same (`--loaded`)**' if over else ''}"
    waited, step = 0, 5
    while load()[0] > LOAD_LIMIT:
        if waited >= patience:
            raise TooBusy(f"the machine's 1-minute load is {load()[0]:.2f} after {waited} s of waiting, above {LOAD_LIMIT:.1f}: "
                          "figures would not hold. End what runs beside this, or go on with --loaded, which the output then says")
        if waited % 30 == 0:
            say(f"waiting for the machine: its 1-minute load is {load()[0]:.2f}, at most {LOAD_LIMIT:.1f} is wanted ({waited} of {patience} s)")
        sleep(step)
        waited += step
    return f"{loads(load)}{f', after {waited} s of waiting for at most {LOAD_LIMIT:.1f}' if waited else ''}"


def look(seconds):
    """The machine while the bench itself does nothing."""
    begin = processor_times()
    time.sleep(seconds)
    return Before(load=os.getloadavg()[0], others=busy_share(begin))
