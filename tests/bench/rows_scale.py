"""Rows of many users: start, memory, sign-ins against a small region, first sync of a joining secondary."""

import shutil
import statistics
import time

import limits
from context import ITERATIONS, MEMORY_KIB
from costs import clock_note, cpu_note
from demo import BASE_PORT, wait_until
from holdfast_client import Cognito, expect
from machine import file_latencies
from measure import Figures, Outcome, compare, interleave
from processes import LOAD_CORE, memory_bytes, output_of, usage
from region import FEW_USERS, PASSWORD, USERNAME, BenchRegion, run, settings
from rows_http import cognito_load, sign_in_script

MIB = 1024 * 1024
GOALS_USERS = 2_000_000


def users_text(context):
    return f"{context.settings.users:,} users ({context.seeding})"


def reached(context, fine):
    """The goals are for two million users: with fewer a figure can only miss one."""
    if not fine:
        return False
    return True if context.settings.users >= GOALS_USERS else None


def goal(text):
    return f"{text} with {GOALS_USERS:,} users"


def start(context):
    region, rounds, values, used = context.seeded, max(3, context.settings.pairs), [], []
    for _ in range(rounds):
        region.stop()
        begin = time.monotonic()
        region.serve(wait=False)
        wait_until("ready", lambda: answers(region), interval=0.002)
        values.append(time.monotonic() - begin)
        used.append(usage(*region.pids))
    figures = Figures(values)
    return Outcome(unit="seconds from exec to the first 200 of /health/ready", subject=figures, goal=goal("≤ 0.5 s"),
                   holds=reached(context, figures.median <= 0.5),
                   parameters=f"{users_text(context)}, stopped in order before, files in the page cache; ready means that unsealing, "
                              "signing and the store work",
                   limit=limits.start(figures.median, statistics.median(one.cpu for one in used),
                                      statistics.median(one.kernel for one in used)))


def answers(region):
    if region.process.poll() is not None:
        raise RuntimeError(f"ended with {region.process.returncode}: {region.log()[-2000:]}")
    return region.get("/health/ready").status == 200


def running(context):
    region = context.seeded
    if region.process.poll() is not None:
        region.serve()
    return region


def many_load(context, region):
    port = region.base_port
    return cognito_load(context, "many", None, 8, sign_in_script(region.web, "many", context.settings.users), port)


def memory(context):
    region = running(context)
    at_start = memory_bytes(region.pids[0]) / MIB
    load, seen = many_load(context, region), []
    for _ in range(context.settings.pairs):
        load.run(context.settings.seconds, region.pids)
        seen.append([memory_bytes(region.pids[0], field) / MIB for field in ("VmRSS", "RssAnon")])
    page = expect(region.admin.call("GET", f"/admin/v1/pools/{region.pool}/users?limit=200"), 200).json()
    figures, own = (Figures(list(column)) for column in zip(*seen))
    most = memory_bytes(region.pids[0], "VmHWM") / MIB
    return Outcome(unit="MiB resident while random users sign in", subject=figures, goal=goal("≤ 400 MiB"),
                   holds=reached(context, figures.median <= 400),
                   parameters=f"{users_text(context)}; 8 connections; one hashing thread ({MEMORY_KIB // 1024} MiB of it)",
                   notes=[f"{at_start:.0f} MiB before the first sign-in, {most:.0f} MiB at most; a page of the user list held {len(page['users'])}"],
                   limit=limits.memory(figures.median, own.median, MEMORY_KIB / 1024))


def many_users(context):
    many, few = running(context), context.region
    crowd = many_load(context, many)
    small = cognito_load(context, "few", None, 8, sign_in_script(few.web, USERNAME, FEW_USERS))
    ours, theirs = interleave(context.settings, lambda s: crowd.run(s, many.pids), lambda s: small.run(s, few.pids))
    return compare(ours, theirs, lambda sample: sample.by_cpu, None, unit="sign-ins per second of the server's core",
                   reference_name=f"the same with {FEW_USERS} users",
                   parameters=f"{users_text(context)}, drawn at random; 8 kept connections, Argon2id {MEMORY_KIB} KiB t={ITERATIONS}",
                   notes=[cpu_note(ours, theirs), clock_note(ours, theirs)])


def join(context, primary, number):
    """A new secondary of the seeded region, made and not yet started."""
    name = f"eu-west-{number}"
    region = BenchRegion(context.dir / name, BASE_PORT + 56 + 4 * number, name)
    token = expect(primary.admin.call("POST", "/admin/v1/join-tokens", {"name": name}), 201).json()["token"]
    token_file = context.dir / f"{name}.token"
    token_file.touch(mode=0o600)
    token_file.write_text(token)
    done = run("join", "--dir", region.dir, "--region", name, "--token-file", token_file, *settings(region.base_port))
    if done.returncode != 0:
        raise AssertionError(done.stderr)
    return region


def is_level(primary, name):
    told = primary.admin.get("/admin/v1/region")
    return any(other["name"] == name and other["durablePosition"] == told["position"] for other in told["secondaries"])


def prove_synced(primary, secondary, username):
    """The new secondary signs in a user who was there before it, by itself."""
    answer = Cognito(secondary.ca, secondary.public).sign_in(primary.web, username, PASSWORD)
    expect(answer, 200)


def sync_one(context, primary, number):
    """(seconds, MiB that came, processor time of the primary, of the secondary)."""
    secondary = join(context, primary, number)
    before, begin = usage(*primary.pids), time.monotonic()
    secondary.serve(wait=False, core=LOAD_CORE)
    try:
        wait_until("the secondary is ready", secondary.is_ready, 600)
        wait_until("the secondary is level", lambda: is_level(primary, secondary.region), 600)
        seconds = time.monotonic() - begin
        used = usage(*primary.pids).since(before).cpu, usage(*secondary.pids).cpu
        prove_synced(primary, secondary, f"many{context.settings.users - 1}")
        size = int(output_of(["du", "-sb", secondary.dir / "data" / "generations"]).split()[0]) / MIB
    finally:
        secondary.stop()
    shutil.rmtree(secondary.dir)
    return seconds, size, *used


def first_sync(context):
    primary, quick = running(context), context.settings.quick
    rounds = [sync_one(context, primary, number) for number in range(1, 2 if quick else 4)]
    seconds, size, primary_cpu, secondary_cpu = (statistics.median(column) for column in zip(*rounds))
    disk_rate = 1 / statistics.median(file_latencies(context.dir, 5 if quick else 50))
    return Outcome(unit="seconds from the secondary's start until it is ready and level", subject=Figures([one[0] for one in rounds]),
                   goal=goal("≤ 60 s"), holds=reached(context, seconds <= 60),
                   parameters=f"{users_text(context)}; primary on one core, secondary on the other, loopback, no rate cap",
                   notes=[f"the secondary's store has {size:.0f} MiB: {size / seconds:.0f} MiB/s, made durable"],
                   limit=limits.first_sync(seconds, size, primary_cpu, secondary_cpu, disk_rate))
