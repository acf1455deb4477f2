"""What is measured beside subject and reference, in the same rounds: the least that a row's parts cost by themselves."""

import resource
import subprocess

from context import ITERATIONS, MEMORY_KIB, PROGRAMS
from load import Wrk
from measure import Sample
from processes import LOAD_CORE, SERVER_CORE, on_core, output_of

MIB = 1024 * 1024


def ready_document(context, connections):
    """JWKS, a document that is ready: the least that the same listener takes for an answer."""
    region = context.region
    load = Wrk(context.folder("scripts"), f"ready-{connections}", region.base_port, context.read_paths()["jwks"], connections=connections)
    return lambda seconds: load.run(seconds, region.pids)


def least_of_nginx(context, connections):
    """nginx's `return 200`: the least that a request over TLS costs a good server."""
    nginx = context.nginx
    load = Wrk(context.folder("scripts"), f"nginx-{connections}", nginx.port, context.read_paths()["state"], connections=connections)
    return lambda seconds: load.run(seconds, nginx.pids)


def openssl_speed(seconds, *what):
    """Fields of the line that counts."""
    text = output_of(on_core(SERVER_CORE, ["openssl", "speed", "-mr", "-seconds", max(1, round(seconds)), *what]))
    return next(line for line in text.splitlines() if line.startswith(("+F:", "+F2:"))).split(":")


def rsa_signatures(seconds):
    """`openssl speed` on the server's core: it counts signatures by its own user time."""
    return Sample(operations=float(openssl_speed(seconds, "rsa2048")[3]), wall=1, cpu=1)


def mebibytes(**algorithms):
    """A side that gives what one block of 1 MiB costs in each algorithm, in µs of processor time."""
    def cost(algorithm):
        return 1e6 * MIB / float(openssl_speed(1, "-bytes", MIB, "-evp", algorithm)[-1])

    return lambda _seconds: {name: cost(algorithm) for name, algorithm in algorithms.items()}


def argon2_command(core, seconds):
    return on_core(core, [PROGRAMS / "bench_reference_argon2", MEMORY_KIB, ITERATIONS, seconds])


def argon2(seconds):
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_stime
    hashes, wall, cpu = map(float, output_of(argon2_command(SERVER_CORE, seconds)).split())
    kernel = resource.getrusage(resource.RUSAGE_CHILDREN).ru_stime - before
    return Sample(operations=hashes, wall=wall, cpu=cpu, kernel=kernel)


def argon2_beside_another(seconds):
    """The bare call while the other core makes the same calls: what it costs when the memory is shared."""
    other = subprocess.Popen(argon2_command(LOAD_CORE, seconds + 60), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    try:
        return argon2(seconds)
    finally:
        other.terminate()
        other.wait(20)
