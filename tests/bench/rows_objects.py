"""Rows of objects of 1 MiB against nginx."""

import limits
from context import BUCKET
from costs import clock_note, cpu_note
from floors import MIB, mebibytes
from load import Wrk
from machine import file_latencies
from measure import Figures, compare, interleave

CONNECTIONS, NAMES = 8, 64
PER_CPU = "objects of 1 MiB per second of the server's core"


def put_script(size):
    """PUTs of `size` bytes, under one of the names after the other: no two at a time on one."""
    return (f"local body = string.rep('jpeg-like-photo!', {size // 16 + 1}):sub(1, {size})\nlocal n = 0\nrequest = function()\n"
            f"  n = (n + 1) % {NAMES}\n  return wrk.format('PUT', wrk.path .. n, nil, body)\nend\n")


def sides(context, name, method, path, script=""):
    """(subject, reference) of one kind of request."""
    region, nginx, folder = context.region, context.nginx, context.folder("scripts")
    headers = context.bearer() | ({"Content-Type": "image/jpeg"} if method == "PUT" else {})
    ours = Wrk(folder, name, region.base_port + 1, f"/{BUCKET}/{path}", method, headers, None, CONNECTIONS, script)
    theirs = Wrk(folder, f"{name}-nginx", nginx.port, f"/files/{path}", method, {}, None, CONNECTIONS, script)
    return lambda s: ours.run(s, region.pids), lambda s: theirs.run(s, nginx.pids)


def add_object(context, name, size):
    """The same bytes at either side; ours one at a time."""
    (context.nginx.files / name).write_text(("jpeg-like-photo!" * (size // 16 + 1))[:size])
    put = Wrk(context.folder("scripts"), f"add-{name}", context.region.base_port + 1, f"/{BUCKET}/{name}", "PUT",
              {**context.bearer(), "Content-Type": "image/jpeg"}, None, 1,
              f"wrk.body = string.rep('jpeg-like-photo!', {size // 16 + 1}):sub(1, {size})\n")
    put.run(1, context.region.pids)


def row(context, name, big, small, left_out, **rest):
    ours, theirs, tiny, tiny_theirs, costs = interleave(context.settings, *big, *small, left_out)
    rest["notes"] = [cpu_note(ours, theirs), clock_note(ours, theirs), limits.bound_note(theirs, costs), *rest.get("notes", [])]
    return compare(ours, theirs, lambda sample: sample.by_cpu, 0.8, unit=PER_CPU,
                   limit=limits.objects(name, ours, theirs, costs, tiny, tiny_theirs), **rest)


def object_get(context):
    add_object(context, "photo", MIB)
    add_object(context, "dot", 1)
    nginx = context.nginx
    return row(context, "object-get", sides(context, "object-get", "GET", "photo"), sides(context, "dot-get", "GET", "dot"),
               mebibytes(opening="chacha20-poly1305"), reference_name="nginx, a static file",
               parameters=f"{CONNECTIONS} kept connections, {nginx.protocol} {nginx.cipher}; ours opens sealed chunks "
                          "(XChaCha20-Poly1305) and checks the bearer token, nginx does neither")


def object_put(context):
    nginx, rounds = context.nginx, 5 if context.settings.quick else 50
    synced = Figures(file_latencies(context.dir, rounds)).median * 1000
    plain = Figures(file_latencies(context.dir, rounds, synced=False)).median * 1000
    return row(context, "object-put", sides(context, "object-put", "PUT", "put-", put_script(MIB)),
               sides(context, "dot-put", "PUT", "dot-", put_script(1)),
               mebibytes(MD5="md5", SHA256="sha256", sealing="chacha20-poly1305"), reference_name="nginx, dav PUT",
               parameters=f"{CONNECTIONS} kept connections, {NAMES} names in turn, {nginx.protocol} {nginx.cipher}; ours seals, hashes "
                          "(SHA-256, MD5) and answers after fsync of file, directory and log; nginx leaves the file to the page cache",
               notes=[f"a bare 1 MiB file takes {plain:.1f} ms to write and {synced:.1f} ms to be durable (one after the other)"])
