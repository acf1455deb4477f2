"""Rows of two and three regions on this machine: lag, bytes on the wire, what a secondary costs the primary's writers."""

import contextlib
import dataclasses
import json
import os
import signal
import statistics
import time

import limits
from demo import BASE_PORT, Demo, is_running, wait_until
from load import Wrk
from machine import busy_share, percentile, processor_times, sync_latencies
from measure import Figures, Outcome, number
from paced import Paced, Sampler, add_users, seen_at_secondary
from processes import LOAD_CORE, SERVER_CORE, output_of, pin

MESSAGE = "What a light! " * 8


@contextlib.contextmanager
def regions(context, name, secondaries, pinned):
    """A demo of our own; pinned: the primary alone on the server's core, everything else on the load's."""
    threads = "1" if pinned else "0"
    with Demo(context.folder(name), "--secondaries", str(secondaries), "--set", f"threads.io={threads}", "--set",
              f"threads.hash={threads}", base_port=BASE_PORT + 20) as demo:
        if pinned:
            pin(demo.primary.pid, {SERVER_CORE})
            for region in demo.regions[1:]:
                pin(region.pid, {LOAD_CORE})
        demo.tokens = demo.sign_in(demo.primary.cognito)
        yield demo


def comment_load(context, demo, connections):
    headers = {"Authorization": f"Bearer {demo.tokens['AccessToken']}", "Content-Type": "application/json"}
    port = int(demo.primary.public.rsplit(":", 1)[1])
    return Wrk(context.folder("scripts"), f"comments-{connections}", port, f"/apps/{demo.info['app']}/comments/sunset.jpg", "POST",
               headers, json.dumps({"message": MESSAGE}), connections)


@dataclasses.dataclass
class LagRun:
    """What was seen while the load ran; lags in ms."""

    lags: list
    idle: list
    seen: list
    answered: dict
    busy: float
    commit_ms: float


def run_lag(demo, rates, seconds, idle_seconds):
    add_users(demo)
    idle = Sampler(demo).run_for(idle_seconds)
    paced, sampler = Paced(demo, rates), Sampler(demo)
    paced.start()
    time.sleep(1)  # the load's own start is not measured
    before = processor_times()
    with sampler:
        seen = seen_at_secondary(demo, seconds)
    busy = busy_share(before)
    return LagRun([1000 * value for value in sampler.values], [1000 * value for value in idle], [1000 * value for value in seen],
                  paced.stop(), busy, commit_milliseconds(demo))


def lag(context):
    quick = context.settings.quick
    share, seconds, idle_seconds = (0.25, 3, 1) if quick else (1, 45, 5)
    rates = {"sign-in": 40 * share, "refresh": 100 * share, "comment": 200 * share}
    with regions(context, "lag", 1, False) as demo:
        found = run_lag(demo, rates, seconds, idle_seconds)
        sync_p99 = 1000 * percentile(sync_latencies(context.dir, 50 if quick else 500), 0.99)
    p50, p99 = statistics.median(found.lags), percentile(found.lags, 0.99)
    limit = 50.0
    return Outcome(unit="ms of lag, p99 over the time of the load", subject=Figures([p99]), goal=f"≤ {limit:g} ms + round trip",
                   holds=p99 <= limit,
                   parameters=f"wanted a second: {', '.join(f'{rate:g} {kind}s' for kind, rate in rates.items())}; answered: "
                              f"{', '.join(f'{rate:.1f} {kind}s' for kind, rate in found.answered.items())}; {seconds} s; two regions, the "
                              "load and whatever asks for the lag share all cores; Argon2id 19456 KiB t=2; asynchronous",
                   notes=[f"lag as the primary tells it (age of the oldest batch that the secondary lacks durably), asked {len(found.lags)} times: "
                          f"p50 {number(p50)} ms, p99 {number(p99)} ms, most {number(max(found.lags))} ms; without load p99 "
                          f"{number(percentile(found.idle, 0.99))} ms",
                          f"seen from outside, {len(found.seen)} comments: sent to the primary until read at the secondary p50 "
                          f"{number(statistics.median(found.seen))} ms, p99 {number(percentile(found.seen, 0.99))} ms (both requests included)"],
                   limit=limits.lag(p99, found.busy, found.commit_ms, sync_p99))


def commit_milliseconds(demo):
    """What the primary's commits took on average, write and sync, by its metrics; none where they cannot be read."""
    answer = demo.primary.admin.call("GET", "/metrics")
    values = {}
    for line in answer.body.decode().splitlines() if answer.status == 200 else []:
        if line.startswith("holdfast_commit_"):
            name, value = line.rsplit(" ", 1)
            values[name] = float(value)
    count, total = (values.get(f"holdfast_commit_write_duration_seconds_{what}") for what in ("count", "sum"))
    return 1000 * total / count if count and total is not None else None


def sent_bytes(demo):
    """What the primary has sent to its secondary on all replication connections, TLS included, as the kernel counts it."""
    ports = [int(region["replication"].rsplit(":", 1)[1]) for region in demo.info["regions"]]
    total = 0
    for filter_text in (f"sport = :{ports[0]}", f"dport = :{ports[1]}"):
        text = output_of(["ss", "-tinH", "state", "established", f"( {filter_text} )"])
        total += sum(int(word.removeprefix("bytes_sent:")) for word in text.split() if word.startswith("bytes_sent:"))
    return total


def shipped(context):
    figures, notes = {}, []
    seconds = context.settings.seconds
    with regions(context, "shipped", 1, True) as demo:
        begin = sent_bytes(demo)
        time.sleep(1)
        beats = sent_bytes(demo) - begin
        for connections in (1, 64):
            load, values = comment_load(context, demo, connections), []
            for _ in range(1 if context.settings.quick else context.settings.pairs):
                before = sent_bytes(demo)
                sample = load.run(seconds, [demo.primary.pid])
                demo.wait_caught_up()
                values.append((sent_bytes(demo) - before - beats * sample.wall) / sample.operations)
            figures[connections] = Figures(values)
            notes.append(f"{connections} outstanding: {figures[connections].text('bytes')} a comment")
    return Outcome(unit="bytes sent to one secondary for each comment, 64 outstanding", subject=figures[64],
                   parameters=f"comments of {len(MESSAGE)} bytes: two sealed rows and their share of the batch's head record; bytes_sent "
                              f"of the replication connections as the kernel counts it, less {beats} bytes a second of beats; frames are not compressed",
                   notes=notes)


def stop_region(region):
    os.kill(region.pid, signal.SIGTERM)
    if region.process is not None:
        region.process.wait(30)
    wait_until(f"{region.name} has stopped", lambda: not is_running(region.pid), 30)


def secondaries(context):
    """None, one and two secondaries in turn, over and over: a ratio of each to none."""
    figures = {0: [], 1: [], 2: []}
    with regions(context, "secondaries", 2, True) as demo:
        load = comment_load(context, demo, 64)
        load.run(context.settings.warm_seconds, [demo.primary.pid])
        for _ in range(1 if context.settings.quick else context.settings.pairs):
            for region in demo.regions[1:]:
                stop_region(region)
            for count in (0, 1, 2):
                if count:
                    region = demo.regions[count]
                    region.start()
                    pin(region.pid, {LOAD_CORE})
                    wait_until(f"{region.name} has caught up", lambda: caught_up(demo, count))
                figures[count].append(load.run(context.settings.seconds, [demo.primary.pid]))
    rates = {count: Figures([sample.by_clock for sample in samples]) for count, samples in figures.items()}
    costs = {count: statistics.median(1e6 * sample.cpu / sample.operations for sample in samples) for count, samples in figures.items()}
    ratio = {count: Figures([a / b for a, b in zip(rates[count].values, rates[0].values)]) for count in (1, 2)}
    return Outcome(unit="durable comments a second with two secondaries; reference: with none", subject=rates[2], reference=rates[0],
                   reference_name="the same primary, no secondary running", ratio=ratio[2],
                   parameters="64 outstanding, asynchronous; the primary alone on the server's core, secondaries on the load's",
                   notes=[f"none {rates[0].text('/s')}, one {rates[1].text('/s')} (ratio {ratio[1].median:.2f}), two {rates[2].text('/s')} "
                          f"(ratio {ratio[2].median:.2f})",
                          f"processor time a comment at the primary: none {costs[0]:.0f} µs, one {costs[1]:.0f} µs, two {costs[2]:.0f} µs"])


def caught_up(demo, count):
    told = demo.primary.admin.get("/admin/v1/region")
    return sum(other["durablePosition"] == told["position"] for other in told["secondaries"]) >= count

