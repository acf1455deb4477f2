"""Rows of what is written: comments against bare RocksDB, objects against nginx."""

import itertools
import json
import statistics

from context import APP, BUCKET, PROGRAMS
from load import Wrk
from machine import file_latencies
from measure import Figures, Sample, clock_note, compare, cpu_note, number, pairs
from processes import LOAD_CORE, SERVER_CORE, on_core, output_of
from region import PHOTO, USERNAME

MIB = 1024 * 1024
MESSAGE = "What a light! " * 8
SEALED_HEAD_AND_TAG = 1 + 1 + 4 + 2 + 24 + 16
FIELD = 3  # number and length of a field, at least


def comment_rows():
    """Sizes of the two rows of a comment as they lie in the store (docs/formats/apps-records.md)."""
    app, photo = 2 + len(APP) + 2, len(PHOTO) + 2
    comment = SEALED_HEAD_AND_TAG + 3 * FIELD + len(USERNAME) + 1 + 36 + len(MESSAGE)
    place = SEALED_HEAD_AND_TAG + 2 * FIELD + len(PHOTO) + 8
    return [(app + photo + 8 + 16, comment), (app + 16, place)]


def comment(context):
    region, connections = context.region, 64
    load = Wrk(context.folder("scripts"), "comment", region.base_port, f"/apps/{APP}/comments/{PHOTO}", "POST",
               {**context.bearer(), "Content-Type": "application/json"}, json.dumps({"message": MESSAGE}), connections)
    sizes, numbers = comment_rows(), itertools.count()

    def reference(seconds):
        store = context.folder("commits") / str(next(numbers))
        text = output_of([PROGRAMS / "bench_reference_commits", store, connections, seconds, SERVER_CORE, LOAD_CORE,
                          *(f"{key}:{value}" for key, value in sizes)])
        transactions, wall, batches = map(float, text.split())
        reference.merged = transactions / batches
        return Sample(operations=transactions, wall=wall)

    ours, theirs = pairs(context.settings, lambda s: load.run(s, region.pids), reference)
    busy = Figures([100 * sample.cpu / sample.wall for sample in ours])
    cost = Figures([1e6 * sample.cpu / sample.operations for sample in ours])
    shown = ", ".join(f"{key}+{value}" for key, value in sizes)
    return compare(ours, theirs, lambda sample: sample.by_clock, 0.7, unit="durable comments a second",
                   reference_name="merged sync commits of bare RocksDB",
                   parameters=f"{connections} outstanding on either side, rows of {shown} bytes, every answer after its fsync; "
                              f"the reference merged {reference.merged:.0f} to a batch",
                   notes=[f"the daemon's core was busy {busy.median:.0f} %, a comment takes {cost.median:.0f} µs of it (TLS, HTTP, token, "
                          "JSON, sealing, preconditions, hash chain included; the reference does none of that); "
                          f"p99 of an answer {load.last['p99']:.1f} ms"])


def mebibyte_micros(algorithm):
    """Processor time of one 1 MiB block on the server's core, by `openssl speed`."""
    text = output_of(on_core(SERVER_CORE, ["openssl", "speed", "-mr", "-seconds", 1, "-bytes", MIB, "-evp", algorithm]))
    line = next(line for line in text.splitlines() if line.startswith("+F:"))
    return 1e6 * MIB / float(line.rsplit(":", 1)[1])


def bound_note(theirs, **algorithms):
    """How near the reference a server could come that did what the reference does and these, and nothing else."""
    base = statistics.median(1e6 * sample.cpu / sample.operations for sample in theirs)
    micros = {name: mebibyte_micros(algorithm) for name, algorithm in algorithms.items()}
    shown = ", ".join(f"{name} {number(value)} µs" for name, value in micros.items())
    return (f"what the reference leaves out, a MiB by `openssl speed`: {shown}; with the reference's own {number(base)} µs that "
            f"bounds the ratio at {base / (base + sum(micros.values())):.2f}")


def object_get(context):
    region, nginx, connections = context.region, context.nginx, 8
    content = "\0" * 16 + "jpeg-like " * (MIB // 10)
    content = content[:MIB]
    (nginx.files / "photo").write_text(content)
    put = Wrk(context.folder("scripts"), "object-first", region.base_port + 1, f"/{BUCKET}/photo", "PUT",
              {**context.bearer(), "Content-Type": "image/jpeg"}, "x", 1, f"wrk.body = string.rep('x', {MIB})\n")
    put.run(1, region.pids)
    subject = Wrk(context.folder("scripts"), "object-get", region.base_port + 1, f"/{BUCKET}/photo", headers=context.bearer(),
                  connections=connections)
    reference = Wrk(context.folder("scripts"), "object-get-nginx", nginx.port, "/files/photo", connections=connections)
    ours, theirs = pairs(context.settings, lambda s: subject.run(s, region.pids), lambda s: reference.run(s, nginx.pids))
    return compare(ours, theirs, lambda sample: sample.by_cpu, 0.8, unit="objects of 1 MiB per second of the server's core",
                   reference_name="nginx, a static file",
                   parameters=f"{connections} kept connections, {nginx.protocol} {nginx.cipher}; ours opens sealed chunks "
                              "(XChaCha20-Poly1305) and checks the bearer token, nginx does neither",
                   notes=[cpu_note(ours, theirs), clock_note(ours, theirs), bound_note(theirs, opening="chacha20-poly1305")])


def object_put(context):
    region, nginx, connections = context.region, context.nginx, 8
    names = 64
    script = (f"local body = string.rep('jpeg-like-photo!', {MIB // 16})\nlocal n = 0\nrequest = function()\n  n = (n + 1) % {names}\n"
              "  return wrk.format('PUT', wrk.path .. n, nil, body)\nend\n")
    subject = Wrk(context.folder("scripts"), "object-put", region.base_port + 1, f"/{BUCKET}/put-", "PUT",
                  {**context.bearer(), "Content-Type": "image/jpeg"}, None, connections, script)
    reference = Wrk(context.folder("scripts"), "object-put-nginx", nginx.port, "/files/put-", "PUT", {}, None, connections, script)
    ours, theirs = pairs(context.settings, lambda s: subject.run(s, region.pids), lambda s: reference.run(s, nginx.pids))
    rounds = 5 if context.settings.quick else 50
    synced = Figures(file_latencies(context.dir, rounds)).median * 1000
    plain = Figures(file_latencies(context.dir, rounds, synced=False)).median * 1000
    return compare(ours, theirs, lambda sample: sample.by_cpu, 0.8, unit="objects of 1 MiB per second of the server's core",
                   reference_name="nginx, dav PUT",
                   parameters=f"{connections} kept connections, {names} names in turn, {nginx.protocol} {nginx.cipher}; ours seals, hashes "
                              "(SHA-256, MD5) and answers after fsync of file, directory and log; nginx leaves the file to the page cache",
                   notes=[cpu_note(ours, theirs), clock_note(ours, theirs),
                          bound_note(theirs, MD5="md5", SHA256="sha256", sealing="chacha20-poly1305"),
                          f"a bare 1 MiB file takes {plain:.1f} ms to write and {synced:.1f} ms to be durable (one after the other)"])
