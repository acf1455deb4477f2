"""Rows of one region against nginx, `openssl speed` and the bare Argon2id call, on one core."""

import base64
import json

from context import ITERATIONS, MEMORY_KIB, PROGRAMS
from load import Wrk
from measure import Sample, clock_note, compare, cpu_note, pairs
from processes import SERVER_CORE, on_core, output_of
from region import FEW_USERS, PASSWORD, USERNAME

PER_CPU = "requests per second of the server's core"


def read_row(context, name, goal=0.9):
    region, nginx, path = context.region, context.nginx, context.read_paths()[name]
    connections = 32
    folder = context.folder("scripts")
    subject = Wrk(folder, name, region.base_port, path, connections=connections)
    reference = Wrk(folder, f"{name}-nginx", nginx.port, path, connections=connections)
    ours, theirs = pairs(context.settings, lambda s: subject.run(s, region.pids), lambda s: reference.run(s, nginx.pids))
    size = len(region.get(path).body)
    return compare(ours, theirs, lambda sample: sample.by_cpu, goal, unit=PER_CPU, reference_name="nginx `return 200`",
                   parameters=f"{connections} kept connections, {size} bytes of JSON, {nginx.protocol} {nginx.cipher}, "
                              "the same certificate; one nginx worker, one I/O thread",
                   notes=[cpu_note(ours, theirs), clock_note(ours, theirs)])


def state(context):
    return read_row(context, "state")


def jwks(context):
    return read_row(context, "jwks")


def discovery(context):
    return read_row(context, "discovery")


def rsa_signatures(seconds):
    """`openssl speed` on the server's core: it counts signatures by its own user time."""
    whole = max(1, round(seconds))
    text = output_of(on_core(SERVER_CORE, ["openssl", "speed", "-mr", "-seconds", whole, "rsa2048"]))
    line = next(line for line in text.splitlines() if line.startswith("+F2:"))
    return Sample(operations=float(line.split(":")[3]), wall=1, cpu=1)


def signing_row(context, load, signatures, parameters, goal):
    region = context.region

    def subject(seconds):
        sample = load.run(seconds, region.pids)
        return Sample(operations=sample.operations * signatures, wall=sample.wall, cpu=sample.cpu)

    ours, theirs = pairs(context.settings, subject, rsa_signatures)
    sign = 1e6 / theirs[0].by_cpu
    rest = 1e6 / ours[0].by_cpu - sign
    return compare(ours, theirs, lambda sample: sample.by_cpu, goal, unit="RS256 signatures per second of the server's core",
                   reference_name="`openssl speed rsa2048` (sign)", parameters=parameters,
                   notes=[f"a signature alone takes {sign:.0f} µs, what is around each {rest:.0f} µs; "
                          f"p99 of an answer {load.last['p99']:.1f} ms"])


def client_credentials(context):
    region = context.region
    basic = base64.b64encode(":".join(region.machine).encode()).decode()
    load = Wrk(context.folder("scripts"), "client-credentials", region.base_port, f"/{region.pool}/oauth2/token", "POST",
               {"Authorization": f"Basic {basic}", "Content-Type": "application/x-www-form-urlencoded"},
               "grant_type=client_credentials", connections=16)
    return signing_row(context, load, 1, "16 kept connections, HTTP Basic, RSA 2048, one signature a grant", 0.85)


def cognito_load(context, name, body, connections, script="", port=None):
    headers = {"X-Amz-Target": "AWSCognitoIdentityProviderService.InitiateAuth", "Content-Type": "application/x-amz-json-1.1"}
    return Wrk(context.folder("scripts"), name, port or context.region.base_port, "/", "POST", headers, body, connections, script)


def refresh(context):
    region = context.region
    body = json.dumps({"AuthFlow": "REFRESH_TOKEN_AUTH", "ClientId": region.web,
                       "AuthParameters": {"REFRESH_TOKEN": context.tokens["RefreshToken"]}})
    load = cognito_load(context, "refresh", body, 16)
    return signing_row(context, load, 2, "16 kept connections, Cognito JSON API, no rotation, RSA 2048, two signatures a refresh "
                                         "(access and ID token)", 0.85)


def sign_in_script(client, prefix, users):
    """Each request signs in another of the users, drawn at random."""
    body = json.dumps({"AuthFlow": "USER_PASSWORD_AUTH", "ClientId": client,
                       "AuthParameters": {"USERNAME": f"{prefix}NUMBER", "PASSWORD": PASSWORD}})
    before, after = body.split("NUMBER")
    return (f"math.randomseed(os.time())\nrequest = function()\n"
            f"  return wrk.format(nil, nil, nil, '{before}' .. math.random(0, {users - 1}) .. '{after}')\nend\n")


def argon2(seconds):
    text = output_of(on_core(SERVER_CORE, [PROGRAMS / "bench_reference_argon2", MEMORY_KIB, ITERATIONS, seconds]))
    hashes, wall, cpu = map(float, text.split())
    return Sample(operations=hashes, wall=wall, cpu=cpu)


def password(context):
    region = context.region
    load = cognito_load(context, "password", None, 8, sign_in_script(region.web, USERNAME, FEW_USERS))
    ours, theirs = pairs(context.settings, lambda s: load.run(s, region.pids), argon2)
    return compare(ours, theirs, lambda sample: sample.by_cpu, 0.9, unit="sign-ins per second of the server's core",
                   reference_name="bare Argon2id (libsodium), calls per second of the same core",
                   parameters=f"8 kept connections, Argon2id {MEMORY_KIB} KiB t={ITERATIONS} p=1, one hashing thread; each sign-in "
                              "writes its session durably and signs two RS256 tokens",
                   notes=[cpu_note(ours, theirs), clock_note(ours, theirs)])
