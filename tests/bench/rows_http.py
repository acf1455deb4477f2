"""Rows of one region against nginx, `openssl speed` and the bare Argon2id call, on one core."""

import base64
import json

import limits
from context import ITERATIONS, MEMORY_KIB
from costs import clock_note, cpu_note, micros, us
from floors import argon2, argon2_beside_another, ready_document, rsa_signatures
from load import Wrk
from measure import Sample, compare, interleave
from region import FEW_USERS, PASSWORD, USERNAME

PER_CPU = "requests per second of the server's core"
READERS = 32  # connections


def read_row(context, name, explain, *beside, goal=0.9):
    """`explain` makes the limit from the samples of ours, nginx, what else takes its turn (`beside`), and the goal."""
    region, nginx, path = context.region, context.nginx, context.read_paths()[name]
    folder = context.folder("scripts")
    subject = Wrk(folder, name, region.base_port, path, connections=READERS)
    reference = Wrk(folder, f"{name}-nginx", nginx.port, path, connections=READERS)
    ours, theirs, *others = interleave(context.settings, lambda s: subject.run(s, region.pids), lambda s: reference.run(s, nginx.pids), *beside)
    size = len(region.get(path).body)
    return compare(ours, theirs, lambda sample: sample.by_cpu, goal, unit=PER_CPU, reference_name="nginx `return 200`",
                   parameters=f"{READERS} kept connections, {size} bytes of JSON, {nginx.protocol} {nginx.cipher}, "
                              "the same certificate; one nginx worker, one I/O thread",
                   notes=[cpu_note(ours, theirs), clock_note(ours, theirs)], limit=explain(ours, theirs, *others, goal))


def state(context):
    return read_row(context, "state", limits.state, ready_document(context, READERS))


def jwks(context):
    return read_row(context, "jwks", limits.ready_made)


def discovery(context):
    return read_row(context, "discovery", limits.ready_made)


def signing_row(context, name, load, signatures, parameters, goal=0.85):
    region = context.region

    def subject(seconds):
        sample = load.run(seconds, region.pids)
        return Sample(sample.operations * signatures, sample.wall, sample.cpu, sample.kernel, sample.threads)

    ours, theirs, ready = interleave(context.settings, subject, rsa_signatures, ready_document(context, load.connections))
    sign = micros(theirs)
    return compare(ours, theirs, lambda sample: sample.by_cpu, goal, unit="RS256 signatures per second of the server's core",
                   reference_name="`openssl speed rsa2048` (sign)", parameters=parameters,
                   notes=[f"a signature alone takes {us(sign)}, what is around each {us(micros(ours) - sign)}; "
                          f"p99 of an answer {load.last['p99']:.1f} ms"],
                   limit=limits.grants(name, ours, theirs, ready, signatures, goal))


def client_credentials(context):
    region = context.region
    basic = base64.b64encode(":".join(region.machine).encode()).decode()
    load = Wrk(context.folder("scripts"), "client-credentials", region.base_port, f"/{region.pool}/oauth2/token", "POST",
               {"Authorization": f"Basic {basic}", "Content-Type": "application/x-www-form-urlencoded"},
               "grant_type=client_credentials", connections=16)
    return signing_row(context, "client-credentials", load, 1,
                       "16 kept connections, HTTP Basic, RSA 2048, one signature a grant")


def cognito_load(context, name, body, connections, script="", port=None):
    headers = {"X-Amz-Target": "AWSCognitoIdentityProviderService.InitiateAuth", "Content-Type": "application/x-amz-json-1.1"}
    return Wrk(context.folder("scripts"), name, port or context.region.base_port, "/", "POST", headers, body, connections, script)


def refresh(context):
    region = context.region
    body = json.dumps({"AuthFlow": "REFRESH_TOKEN_AUTH", "ClientId": region.web,
                       "AuthParameters": {"REFRESH_TOKEN": context.tokens["RefreshToken"]}})
    load = cognito_load(context, "refresh", body, 16)
    return signing_row(context, "refresh", load, 2, "16 kept connections, Cognito JSON API, no rotation, RSA 2048, two signatures a "
                                                    "refresh (access and ID token)")


def sign_in_script(client, prefix, users):
    """Each request signs in another of the users, drawn at random."""
    body = json.dumps({"AuthFlow": "USER_PASSWORD_AUTH", "ClientId": client,
                       "AuthParameters": {"USERNAME": f"{prefix}NUMBER", "PASSWORD": PASSWORD}})
    before, after = body.split("NUMBER")
    return (f"math.randomseed(os.time())\nrequest = function()\n"
            f"  return wrk.format(nil, nil, nil, '{before}' .. math.random(0, {users - 1}) .. '{after}')\nend\n")


def password(context, goal=0.9):
    region = context.region
    load = cognito_load(context, "password", None, 8, sign_in_script(region.web, USERNAME, FEW_USERS))
    ours, theirs, beside, signatures = interleave(context.settings, lambda s: load.run(s, region.pids), argon2, argon2_beside_another,
                                                  rsa_signatures)
    return compare(ours, theirs, lambda sample: sample.by_cpu, goal, unit="sign-ins per second of the server's core",
                   reference_name="bare Argon2id (libsodium), calls per second of the same core",
                   parameters=f"8 kept connections, Argon2id {MEMORY_KIB} KiB t={ITERATIONS} p=1, one hashing thread; each sign-in "
                              "writes its session durably and signs two RS256 tokens",
                   notes=[cpu_note(ours, theirs), clock_note(ours, theirs)],
                   limit=limits.password(ours, theirs, beside, signatures, goal))
