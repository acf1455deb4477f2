"""Rows of many users: start, memory, sign-ins against a small region, first sync of a joining secondary."""

import time

from context import ITERATIONS, MEMORY_KIB
from demo import BASE_PORT, wait_until
from holdfast_client import Cognito, expect
from measure import Figures, Outcome, clock_note, compare, cpu_note, pairs
from processes import LOAD_CORE, memory_bytes, output_of
from region import FEW_USERS, PASSWORD, USERNAME, BenchRegion, run, settings
from rows_http import cognito_load, sign_in_script

MIB = 1024 * 1024


def users_text(context):
    return f"{context.settings.users:,} users ({context.seeding})"


def start(context):
    region, rounds, values = context.seeded, max(3, context.settings.pairs), []
    for _ in range(rounds):
        region.stop()
        begin = time.monotonic()
        region.serve(wait=False)
        wait_until("ready", lambda: answers(region), interval=0.002)
        values.append(time.monotonic() - begin)
    figures = Figures(values)
    return Outcome(unit="seconds from exec to the first 200 of /health/ready", subject=figures, goal="≤ 0.5 s", holds=figures.median <= 0.5,
                   parameters=f"{users_text(context)}, stopped in order before, files in the page cache; ready means that unsealing, "
                              "signing and the store work")


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
    load, values = many_load(context, region), []
    for _ in range(context.settings.pairs):
        load.run(context.settings.seconds, region.pids)
        values.append(memory_bytes(region.pids[0]) / MIB)
    page = expect(region.admin.call("GET", f"/admin/v1/pools/{region.pool}/users?limit=200"), 200).json()
    figures = Figures(values)
    most = memory_bytes(region.pids[0], "VmHWM") / MIB
    return Outcome(unit="MiB resident while random users sign in", subject=figures, goal="≤ 400 MiB", holds=figures.median <= 400,
                   parameters=f"{users_text(context)}; 8 connections; one hashing thread ({MEMORY_KIB // 1024} MiB of it)",
                   notes=[f"{at_start:.0f} MiB before the first sign-in, {most:.0f} MiB at most; a page of the user list held {len(page['users'])}"])


def many_users(context):
    many, few = running(context), context.region
    crowd = many_load(context, many)
    small = cognito_load(context, "few", None, 8, sign_in_script(few.web, USERNAME, FEW_USERS))
    ours, theirs = pairs(context.settings, lambda s: crowd.run(s, many.pids), lambda s: small.run(s, few.pids))
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


def first_sync(context):
    primary, values = running(context), []
    for number in range(1, 2 if context.settings.quick or context.settings.users > 1_000_000 else 4):
        secondary = join(context, primary, number)
        begin = time.monotonic()
        secondary.serve(wait=False, core=LOAD_CORE)
        try:
            wait_until("the secondary is ready", secondary.is_ready, 600)
            wait_until("the secondary is level", lambda: is_level(primary, secondary.region), 600)
            values.append(time.monotonic() - begin)
            prove_synced(primary, secondary, f"many{context.settings.users - 1}")
            size = int(output_of(["du", "-sb", secondary.dir / "data" / "generations"]).split()[0]) / MIB
        finally:
            secondary.stop()
    figures = Figures(values)
    return Outcome(unit="seconds from the secondary's start until it is ready and level", subject=figures, goal="≤ 60 s for 2,000,000 users",
                   holds=figures.median <= 60 * min(1, context.settings.users / 2_000_000) if not context.settings.quick else None,
                   parameters=f"{users_text(context)}; primary on one core, secondary on the other, loopback, no rate cap",
                   notes=[f"the secondary's store has {size:.0f} MiB: {size / figures.median:.0f} MiB/s, made durable"])
