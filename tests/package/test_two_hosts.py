"""The page's commands for both regions, on two Debian hosts of their own with the package installed: the regions become a pair,
and each tells clients how to reach both."""

import json
import shutil

import pytest

from conftest import debian_root, not_possible_here
from demo import wait_until
from installed import depends, page_block
from machine import Machine, make_root

# Region → its host's name and address, as the page has them.
HOSTS = {"us-east-1": ("us-east-1.id.example.com", "10.77.0.1"), "eu-west-1": ("eu-west-1.id.example.com", "10.77.0.2")}
CONFIG = ["--config", "/etc/holdfast/holdfast.json"]


def make_host(deb, place):
    make_root(place / "root", debian_root(*depends(deb)))
    shutil.copy(deb, place / "root" / "root" / "holdfast.deb")
    names = "".join(f"{address} {name}\n" for name, address in HOSTS.values())
    (place / "root" / "etc" / "hosts").write_text("127.0.0.1 localhost\n" + names)
    return Machine(place / "root", place / "log")


def connect(one, other):
    """A cable between them, and the addresses of HOSTS."""
    one.run_in_its_network("ip", "link", "add", "cable", "type", "veth", "peer", "name", "cable", "netns", other.first_process)
    for machine, (_, address) in zip((one, other), HOSTS.values()):
        machine.run_in_its_network("ip", "address", "add", f"{address}/24", "dev", "cable")
        machine.run_in_its_network("ip", "link", "set", "cable", "up")


@pytest.fixture
def hosts(deb, tmp_path):
    pair = [make_host(deb, tmp_path / region) for region in HOSTS]
    try:
        for machine in pair:
            machine.start()
        connect(*pair)
        for machine in pair:
            machine.run("dpkg", "-i", "/root/holdfast.deb")
        yield pair
    finally:
        for machine in pair:
            machine.stop()
            shutil.rmtree(machine.directory)


def holdfast(machine, *arguments):
    """What a command of the program says as JSON."""
    return json.loads(machine.run("holdfast", *arguments, "--json", *CONFIG).stdout)


def curl(machine, trusted, url, *options, check=True):
    names = [part for name, address in HOSTS.values() for port in (8443, 8444) for part in ("--resolve", f"{name}:{port}:{address}")]
    return machine.run_in_its_network("curl", "-sS", "--noproxy", "*", "--max-time", 30, "--cacert", trusted, *names, *options, url,
                                      check=check)


def test_the_pages_two_regions(request, capsys, tmp_path):
    """One test: each step stands on the one before."""
    if not_possible_here(capsys, "two hosts with the package"):
        return
    first, second = request.getfixturevalue("hosts")
    first.run("sh", "-ec", page_block("holdfast init"))
    first.run("sh", "-ec", "cd /root\n" + page_block("holdfast join-token"))
    shutil.copy2(first.directory / "root/join-token", second.directory / "root/join-token")
    second.run("sh", "-ec", "cd /root\n" + page_block("holdfast join --dir"))
    for machine, role in ((first, "primary"), (second, "secondary")):
        assert machine.run("systemctl", "is-active", "holdfast").stdout.strip() == "active"
        # The second one's token arrives by the log.
        wait_until(f"the {role} knows its administrator", lambda: holdfast(machine, "region", "status")["role"] == role)

    pool = holdfast(first, "pool", "create", "--name", "staff")["id"]
    holdfast(first, "app", "create", "--app", "photos", "--pool", pool)
    authorities = [machine.directory / "etc/holdfast/tls/ca.crt" for machine in (first, second)]
    both = tmp_path / "ca.crt"
    both.write_text("".join(file.read_text() for file in authorities))
    urls = {region: (f"https://{name}:8443", f"https://{name}:8444") for region, (name, _) in HOSTS.items()}
    public = [urls[region][0] for region in HOSTS]
    for url in public:
        state = wait_until(f"the app at {url}", lambda: json.loads(curl(first, both, f"{url}/state/photos", "--fail").stdout))
        assert {region["name"]: (region["publicUrl"], region["objectsUrl"]) for region in state["regions"]} == urls
    # Each has an authority of its own: who trusts one alone does not reach the other.
    for file, own, others in zip(authorities, public, public[::-1]):
        assert curl(second, file, f"{own}/health/live", "--fail").returncode == 0
        assert curl(second, file, f"{others}/health/live", check=False).returncode == 60, "curl: not trusted"
    # And a refusal names the one that writes.
    refused = second.run("holdfast", "pool", "create", "--name", "more", *CONFIG, check=False)
    assert refused.returncode == 1 and urls["us-east-1"][0] in refused.stderr, refused.stderr
