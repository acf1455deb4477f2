"""What a region refuses at its start: one clear line each, and data as it was."""

import hashlib
import json
import os
import pathlib
import shutil
import socket
import stat

import pytest

from demo import BASE_PORT
from single_region import SingleRegion, run


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A region made by `init`, not running; tests copy it."""
    region = SingleRegion(tmp_path_factory.mktemp("made") / "region")
    done = region.init()
    assert done.returncode == 0, done.stderr
    return region


@pytest.fixture
def region(made, tmp_path):
    shutil.copytree(made.dir, tmp_path / "region")
    with SingleRegion(tmp_path / "region") as copy:
        yield copy


def edit(region, change):
    config = json.loads(region.config.read_text())
    change(config)
    region.config.write_text(json.dumps(config))


def test_init_leaves_secrets_to_their_owner_only(made):
    for name in ("region.key", "recovery.key", "admin-token", "metrics-token", "tls/server.key"):
        assert stat.S_IMODE((made.dir / name).stat().st_mode) == 0o600, name


def test_init_prints_no_secret(tmp_path):
    region = SingleRegion(tmp_path / "region", BASE_PORT + 50)
    done = region.init()
    assert done.returncode == 0
    token = (region.dir / "admin-token").read_text().strip()
    assert token and token not in done.stdout + done.stderr
    assert "PRIVATE KEY" not in done.stdout + done.stderr


@pytest.mark.parametrize("text, expected", [
    ('{"name": "Ada", "email": "ada@example.com"}', "phone is missing"),
    ('{"name": "Ada", "email": "ada@example.com", "phone": "555"}', "phone"),
    ('{"name": "Ada", "email": "ada@example.com", "phone": "+14155550100", "age": 36}', "age"),
    ('["Ada"]', "a JSON object"),
])
def test_an_administrators_file_that_is_not_one(tmp_path, text, expected):
    file = tmp_path / "administrator.json"
    file.write_text(text)
    region = SingleRegion(tmp_path / "region")
    done = run("init", "--dir", region.dir, "--region", "us-east-1", "--issuer-base", region.public, "--admin-file", file)
    assert done.returncode == 2 and len(done.stderr.splitlines()) == 1 and expected in done.stderr, done.stderr
    assert not region.config.exists()


@pytest.mark.parametrize("arguments", [[], ["--admin-name", "Ada"], ["--admin-file", "-", "--admin-name", "Ada"]])
def test_the_administrator_is_given_whole_and_in_one_way(tmp_path, arguments):
    region = SingleRegion(tmp_path / "region")
    done = run("init", "--dir", region.dir, "--region", "us-east-1", "--issuer-base", region.public, *arguments)
    assert done.returncode == 2 and "--admin-file" in done.stderr, done.stderr
    assert not region.config.exists()


def test_init_never_writes_over_a_recovery_key(tmp_path):
    """It may be another cluster's, which nothing else opens once its region keys are lost."""
    kept = tmp_path / "recovery.key"
    kept.write_text("another cluster's\n")
    region = SingleRegion(tmp_path / "region", BASE_PORT + 50)
    done = region.init("--recovery-key-file", kept)
    assert done.returncode == 1 and f"{kept} exists already" in done.stderr, done.stderr
    assert kept.read_text() == "another cluster's\n"
    assert not (region.dir / "data").exists()


def test_init_refuses_a_directory_that_is_a_region_already(made):
    done = made.init()
    assert done.returncode == 1
    assert "exists already" in done.stderr


@pytest.mark.parametrize("arguments, expected", [
    (["--admin-phone", "555"], "phone"),
    (["--admin-email", "nobody"], "e-mail"),
    (["--set", "threads.io=many"], "threads.io"),
    (["--issuer-base", "http://a"], "issuer_base"),
])
def test_init_refuses_bad_values_before_it_writes(tmp_path, arguments, expected):
    region = SingleRegion(tmp_path / "region")
    names = ["--region", "--issuer-base", "--admin-name", "--admin-email", "--admin-phone"]
    values = ["us-east-1", "https://localhost", "Ada", "ada@example.com", "+14155550100"]
    given = dict(zip(names, values))
    if arguments[0] in given:
        given[arguments[0]] = arguments[1]
        arguments = []
    done = run("init", "--dir", region.dir, *[part for pair in given.items() for part in pair], *arguments)
    assert done.returncode == 2, done.stderr
    assert expected in done.stderr
    assert not region.config.exists()
    assert not (region.dir / "data").exists()


def test_a_configuration_error_names_file_key_and_expectation(region):
    edit(region, lambda config: config["listeners"]["public"].update(address="nowhere"))
    status, line = region.refused_start()
    assert status == 2
    assert str(region.config) in line and "listeners.public.address" in line and 'expected "IP:PORT"' in line


# What this host does not have, for every key that names a file or an address of it.
NOT_MINE = "192.0.2.1:8443"
WRONG_PREMISES = [
    ("data_dir", "/nope", "made"),
    ("data_dir", "tls", "made"),
    ("data_dir", "holdfast.json", "made"),
    ("region_key_file", "/nope", "RSA private key"),
    ("region_key_file", "garbage", "RSA private key"),
    ("region_key_file", "${CREDENTIALS_DIRECTORY}/region.key", "CREDENTIALS_DIRECTORY is not set"),
    ("tls.certificate_file", "/nope", "certificate chain in PEM"),
    ("tls.certificate_file", "garbage", "certificate chain in PEM"),
    ("tls.key_file", "/nope", "private key in PEM"),
    ("tls.key_file", "garbage", "key of tls.certificate_file in PEM"),
    ("tls.key_file", "region.key", "key of tls.certificate_file in PEM"),
    ("listeners.public.address", NOT_MINE, "an address of this host"),
    ("listeners.public.proxy_address", NOT_MINE, "an address of this host"),
    ("listeners.objects.address", NOT_MINE, "an address of this host"),
    ("listeners.objects.proxy_address", NOT_MINE, "an address of this host"),
    ("listeners.admin.address", "[2001:db8::1]:8443", "an address of this host"),
    ("listeners.replication.address", NOT_MINE, "an address of this host"),
]


def content(directory):
    return {str(file): (stat.S_IFMT(file.lstat().st_mode), file.lstat().st_mtime_ns,
                        hashlib.sha256(file.read_bytes()).hexdigest() if file.is_file() else "")
            for file in directory.rglob("*")}


@pytest.mark.parametrize("key, value, expected", WRONG_PREMISES)
def test_what_the_configuration_names_is_looked_at_before_data_is_touched(region, key, value, expected):
    (region.dir / "garbage").write_text("no PEM\n")
    (region.dir / "garbage").chmod(0o600)
    before = content(region.dir / "data")
    assert len(before) > 5
    status, line = region.refused_start("--set", f"{key}={value}")
    assert status == 2, line
    assert f"{region.config}: {key}: " in line and value.split("/")[-1] in line, line
    assert "expected" in line or "CREDENTIALS_DIRECTORY" in line, line
    assert expected in line, line
    assert content(region.dir / "data") == before


def test_no_key_that_names_a_file_or_an_address_is_left_out():
    rows = [[cell.strip() for cell in line.split("|")[1:3]]
            for line in run("config-reference").stdout.splitlines() if line.startswith("| `")]
    keys = {key.strip("`") for key, takes in rows if takes.startswith(("a path", '"IP:PORT"'))}
    assert len(keys) >= 10 and keys == {key for key, _, _ in WRONG_PREMISES}


def test_a_second_socket_that_nobody_may_use(region):
    status, line = region.refused_start("--set", f"listeners.public.proxy_address=127.0.0.1:{BASE_PORT + 9}",
                                        "--set", "listeners.public.trusted_proxies=[]")
    assert status == 2
    assert f"{region.config}: listeners.public.trusted_proxies: " in line and "expected" in line


def test_two_sockets_at_one_address(region):
    before = content(region.dir / "data")
    status, line = region.refused_start("--set", f"listeners.objects.address=127.0.0.1:{region.base_port}")
    assert status == 2
    assert f"{region.config}: listeners.objects.address: " in line and "expected an address and port" in line
    assert "listeners.public.address" in line
    assert content(region.dir / "data") == before


def test_a_missing_configuration_is_named(tmp_path):
    done = run("serve", "--config", tmp_path / "none.json")
    assert done.returncode == 2
    assert "none.json" in done.stderr


def test_the_wrong_region_key(region, tmp_path):
    other = SingleRegion(tmp_path / "other", BASE_PORT + 50)
    assert other.init().returncode == 0
    shutil.copy(other.dir / "region.key", region.dir / "region.key")
    before = stores(region)
    status, line = region.refused_start()
    assert status == 1
    assert "region key" in line
    assert stores(region) == before


def test_a_region_key_that_others_may_read(region):
    (region.dir / "region.key").chmod(0o644)
    status, line = region.refused_start()
    assert status == 2
    assert "0600" in line


def test_a_tls_key_that_others_may_read(region):
    (region.dir / "tls" / "server.key").chmod(0o644)
    status, line = region.refused_start()
    assert status == 2
    assert "server.key" in line and "0600" in line


@pytest.mark.parametrize("memory_kib, iterations", [(1048576, 1), (8192, 1), (262144, 32)])
def test_a_password_cost_that_hashing_refuses_or_that_is_too_cheap(region, memory_kib, iterations):
    edit(region, lambda config: config.update(passwords={"memory_kib": memory_kib, "iterations": iterations}))
    status, line = region.refused_start()
    assert status == 2
    assert "passwords" in line


def test_a_running_region_leaves_no_core(region):
    region.serve()
    limits = pathlib.Path(f"/proc/{region.process.pid}/limits").read_text()
    line = next(line for line in limits.splitlines() if line.startswith("Max core file size"))
    assert line.split()[4:6] == ["0", "0"], line
    # Files of a process that may not be dumped belong to root, whoever runs it (proc(5)).
    assert os.stat(f"/proc/{region.process.pid}/environ").st_uid == 0


def test_a_directory_in_use(region):
    region.serve()
    status, line = SingleRegion(region.dir, region.base_port).refused_start()
    assert status == 1
    assert "in use" in line


def test_a_port_in_use_is_named(region):
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind(("127.0.0.1", region.base_port))
        taken.listen()
        status, line = region.refused_start()
    assert status == 1
    assert f"port {region.base_port} on 127.0.0.1 is in use" in line


def test_a_newer_format(region):
    (region.dir / "data" / "FORMAT").write_text("999\n")
    status, line = region.refused_start()
    assert status == 1
    assert "newer" in line or "format" in line


def stores(region):
    """Of the data directory what holds data; who refuses has locked it, and thereby touched LOCK."""
    return content(region.dir / "data" / "local.db") | content(region.dir / "data" / "generations")


@pytest.mark.parametrize("key, value, expected", [
    ("region", "eu-west-1", 'belongs to region "us-east-1", expected'),
    ("issuer_base", "https://elsewhere.example.com", 'the cluster\'s is "https://localhost:'),
])
def test_another_regions_or_clusters_directory_is_told_before_a_store_is_opened(region, key, value, expected):
    region.serve()
    region.kill()  # its last writes lie in the logs alone: whoever opens a store moves them
    before = stores(region)
    status, line = region.refused_start("--set", f"{key}={value}")
    assert status == 2
    assert f"{region.config}: {key}: " in line and expected in line, line
    assert stores(region) == before
    region.serve()


def test_another_clusters_store(region, tmp_path):
    other = SingleRegion(tmp_path / "other", BASE_PORT + 50)
    assert other.init().returncode == 0
    shutil.rmtree(region.dir / "data" / "generations")
    shutil.copytree(other.dir / "data" / "generations", region.dir / "data" / "generations")
    before = stores(region)
    status, line = region.refused_start()
    assert status == 1
    assert "pinned" in line or "region key" in line
    assert stores(region) == before


def test_a_store_without_a_byte_does_not_start_quietly(region):
    (region.dir / "data" / "CURRENT").unlink()
    status, line = region.refused_start()
    assert status != 0


def test_it_starts_stops_and_starts_again(region):
    for _ in range(2):
        region.serve()
        region.stop()
        assert region.process.returncode == 0, region.log()[-2000:]


def test_the_configuration_page_is_what_the_program_prints():
    page = pathlib.Path(__file__).parents[2] / "docs" / "configuration.md"
    assert run("config-reference").stdout == page.read_text()


def test_the_example_configuration_is_accepted(tmp_path):
    """It goes as far as the region key, which is not on this machine: the file itself is in order."""
    example = pathlib.Path(__file__).parents[2] / "config" / "holdfast.json"
    done = run("serve", "--config", example)
    assert "/etc/holdfast/region.key" in done.stderr, done.stderr
