"""What limits a row, said with figures of the same run alone: each function is given the row's own samples.

Shown for every row with a goal, so that a reader sees what is left of the gap when the known costs are taken off.
"""

import statistics

from costs import by_threads, inside_and_outside, kernel_micros, micros, more, thread_micros, us, wall_micros
from measure import number

EVERY_REQUEST = "the head checked by rules of our own, then parsed; routing, a coroutine, the answer's headers"


def read_gap(ours, theirs, goal):
    """Against nginx with the same bytes."""
    row, nginx, kernel = micros(ours), micros(theirs), kernel_micros(ours) - kernel_micros(theirs)
    return (f"a request takes {us(row)}, {more(row - nginx)} than nginx's with the same bytes, where the goal leaves "
            f"{us(nginx / goal - nginx)}: {more(kernel)} in the kernel, {more(row - nginx - kernel)} outside of it. Ours takes "
            f"{inside_and_outside(ours)}")


def ready_made(ours, theirs, goal):
    """The row of a document that is ready and is only copied."""
    return f"{read_gap(ours, theirs, goal)}. The document is ready, no JSON is written: it is what every request costs here ({EVERY_REQUEST})"


def state(ours, theirs, ready, goal):
    """`ready`: a ready-made document of the same listener."""
    return (f"{read_gap(ours, theirs, goal)}. A ready-made document of the same listener (JWKS) takes {us(micros(ready))}, "
            f"{more(micros(ready) - micros(theirs))} than nginx's: that is every request's ({EVERY_REQUEST}). The state takes "
            f"{more(micros(ours) - micros(ready))} than that document: its row and the view of it are copied and written as JSON for each request")


GRANT_OWN = {
    "client-credentials": "the client's secret is checked, the token's claims and the answer are written as JSON",
    "refresh": "the refresh token is opened, user, groups and session are read, two tokens and the answer are written as JSON",
}


def grants(name, ours, theirs, ready, signatures, goal):
    """Of whole requests; `ours` and `theirs` count signatures. `ready`: a ready-made document, by as many connections."""
    sign, whole, bare = signatures * micros(theirs), signatures * micros(ours), micros(ready)
    around = whole - sign
    kernel = signatures * kernel_micros(ours)
    return (f"a request takes {us(whole)}: {signatures} × {us(sign / signatures)} are signatures as `openssl speed` makes them in a loop, "
            f"{us(around)} are around them, where the goal leaves {us(sign / goal - sign)}. A ready-made document (JWKS) to as "
            f"many connections takes {us(bare)} ({us(kernel_micros(ready))} of it in the kernel, a request of this row {us(kernel)}). "
            f"The other {us(around - bare)} are the work itself ({GRANT_OWN[name]}) and what a signature among other work takes more "
            "than one in a loop")


def password(ours, bare, beside, signatures, goal):
    """`beside`: the bare call while another runs on the load's core. `signatures`: openssl's."""
    whole, alone, shared = micros(ours), micros(bare), micros(beside)
    hashing, sign = thread_micros(ours, "hashing"), 2 * micros(signatures)
    io = thread_micros(ours, "I/O")
    return (f"a sign-in takes {us(whole)}, {more(whole - alone)} than the bare call, where the goal leaves {us(alone / goal - alone)}. By "
            f"threads: {by_threads(ours)}. The hash takes {more(hashing - alone)} in the daemon than the bare call in its loop (which takes "
            f"{more(shared - alone)} beside another on the load's core than alone); the kernel's part, mostly the fresh memory of each hash, "
            f"is {us(kernel_micros(bare))} of the bare call and {us(kernel_micros(ours))} of a sign-in. Two signatures are {us(sign)} as `openssl speed` "
            f"makes them, {us(io - sign)} the rest of the I/O thread (request, claims, JSON, and what a signature among other work takes more), "
            f"{us(whole - hashing - io)} the durable session")


def comment(ours, commits, tls):
    """`commits`: the reference, its commit thread's processor time. `tls`: nginx's `return 200`, as many connections."""
    whole, commit, request, clock = micros(ours), micros(commits), micros(tls), wall_micros(commits)
    bound = min(1, clock / (commit + request))
    return (f"processor time: requests and commits share one core, a comment takes {us(whole)} of it ({by_threads(ours)}). The reference's "
            f"commit thread takes {us(commit)} a comment ({us(clock)} by the clock), a request over TLS that does nothing {us(request)} "
            f"(nginx): a server of these two alone would reach a ratio of {bound:.2f}. The other {us(whole - commit - request)} are "
            f"what the reference leaves out: the head's rules, token, JSON, sealing, preconditions, hash chain. Ours takes "
            f"{inside_and_outside(ours)}")


def total(costs):
    """Sum of the medians of {name: µs} dictionaries, one a round; and the names with their figures."""
    medians = {name: statistics.median(cost[name] for cost in costs) for name in costs[0]}
    return sum(medians.values()), ", ".join(f"{name} {us(value)}" for name, value in medians.items())


def bound_note(theirs, left_out):
    """How near the reference a server could come that did what the reference does and these, and nothing else."""
    base = micros(theirs)
    extra, shown = total(left_out)
    return (f"what the reference leaves out, a MiB by `openssl speed`: {shown}; with the reference's own {us(base)} that bounds the "
            f"ratio at {base / (base + extra):.2f}")


OBJECT_OWN = {
    "object-get": ("bearer token, the object's row, two hops to the disk pool", "copies, so that several records leave in one call"),
    "object-put": ("bearer token, the row's commit, fsync of file, directory and log",
                   "copies on the way from TLS to the sealed chunk, and the pages of the file made durable"),
}


def objects(name, ours, theirs, left_out, small, small_theirs):
    """`small`, `small_theirs`: the same request for an object of one byte, on either side."""
    whole, bound = micros(ours), micros(theirs) + total(left_out)[0]
    request = micros(small) - micros(small_theirs)
    of_request, of_bytes = OBJECT_OWN[name]
    return (f"a MiB takes {us(whole)}, {more(whole - bound)} than the {us(bound)} of the bound above. An object of one byte takes "
            f"{us(micros(small))} here, {more(request)} than at nginx ({of_request}); the bytes take "
            f"{more(whole - bound - request)} than the bound's ({of_bytes}). By threads: {by_threads(ours)}; ours takes {inside_and_outside(ours)}, "
            f"nginx's {inside_and_outside(theirs)}")


def lag(p99, busy, commit_ms, sync_p99_ms):
    """Milliseconds; `busy` in percent of all cores. `commit_ms`: write and sync at the primary, on average."""
    commit = f"a commit's write and sync took {number(commit_ms)} ms on average at the primary, the secondary syncs after it; " if commit_ms else ""
    return (f"the p99 of {number(p99)} ms counts a batch until the secondary has it durably: {commit}the same disk's fdatasync has a p99 of "
            f"{number(sync_p99_ms)} ms just after the load; all cores together were busy {busy:.0f} % under it, hashes of passwords included")


def start(seconds, processor, kernel):
    return (f"of {number(seconds)} s, {number(processor)} s are processor time of the daemon's ({number(kernel)} s of it in the kernel), "
            f"{number(seconds - processor)} s are waits: for the disk, and for the core")


def memory(resident, own, hashing):
    """MiB."""
    return (f"of {number(resident)} MiB, {number(own)} MiB are the daemon's own (heap, RocksDB's memtables and caches, stacks; "
            f"{number(hashing)} MiB of it while a password is hashed), {number(resident - own)} MiB mapped files: the program and its libraries")


def first_sync(seconds, mebibytes, primary_cpu, secondary_cpu, disk_rate):
    return (f"{number(mebibytes)} MiB in {number(seconds)} s are {number(mebibytes / seconds)} MiB/s; files of 1 MiB made durable one after "
            f"the other reach {number(disk_rate)} MiB/s on this disk. The primary took {number(primary_cpu)} s of processor time, "
            f"the secondary {number(secondary_cpu)} s, each of a core of its own")
