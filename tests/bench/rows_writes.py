"""The row of comments against bare RocksDB."""

import itertools
import json

import limits
from context import APP, PROGRAMS
from costs import busy, micros, us
from floors import least_of_nginx
from load import Wrk
from measure import Figures, Sample, compare, interleave, number
from processes import LOAD_CORE, SERVER_CORE, output_of
from region import PHOTO, USERNAME

MESSAGE = "What a light! " * 8
SEALED_HEAD_AND_TAG = 1 + 1 + 4 + 2 + 24 + 16
FIELD = 3  # number and length of a field, at least


def comment_rows():
    """Sizes of the two rows of a comment as they lie in the store (docs/formats/apps-records.md)."""
    app, photo = 2 + len(APP) + 2, len(PHOTO) + 2
    comment = SEALED_HEAD_AND_TAG + 3 * FIELD + len(USERNAME) + 1 + 36 + len(MESSAGE)
    place = SEALED_HEAD_AND_TAG + 2 * FIELD + len(PHOTO) + 8
    return [(app + photo + 8 + 16, comment), (app + 16, place)]


class Commits:
    """The reference; `merged` keeps how many transactions each run merged to a batch."""

    def __init__(self, context, connections):
        self.folder, self.connections = context.folder("commits"), connections
        self.sizes, self.numbers, self.merged = comment_rows(), itertools.count(), []

    def run(self, seconds):
        text = output_of([PROGRAMS / "bench_reference_commits", self.folder / str(next(self.numbers)), self.connections, seconds,
                          SERVER_CORE, LOAD_CORE, *(f"{key}:{value}" for key, value in self.sizes)])
        transactions, wall, batches, cpu = map(float, text.split())
        self.merged.append(transactions / batches)
        return Sample(operations=transactions, wall=wall, cpu=cpu)


def comment(context):
    region, connections = context.region, 64
    load = Wrk(context.folder("scripts"), "comment", region.base_port, f"/apps/{APP}/comments/{PHOTO}", "POST",
               {**context.bearer(), "Content-Type": "application/json"}, json.dumps({"message": MESSAGE}), connections)
    reference = Commits(context, connections)
    ours, theirs, tls = interleave(context.settings, lambda s: load.run(s, region.pids), reference.run, least_of_nginx(context, connections))
    shown = ", ".join(f"{key}+{value}" for key, value in reference.sizes)
    return compare(ours, theirs, lambda sample: sample.by_clock, 0.7, unit="durable comments a second",
                   reference_name="merged sync commits of bare RocksDB",
                   parameters=f"{connections} outstanding on either side, rows of {shown} bytes, every answer after its fsync; "
                              f"the reference merged {number(Figures(reference.merged).median)} to a batch",
                   notes=[f"the daemon's core was busy {busy(ours):.0f} %, a comment takes {us(micros(ours))} of it (TLS, HTTP, token, "
                          "JSON, sealing, preconditions, hash chain included; the reference does none of that); the core of the "
                          f"reference's commits was busy {busy(theirs):.0f} %; p99 of an answer {load.last['p99']:.1f} ms"],
                   limit=limits.comment(ours, theirs, tls))
