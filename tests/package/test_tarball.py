"""The portable tarball: takes glibc from its host and nothing else, and runs from wherever it was unpacked."""

import json
import re
import subprocess

import pytest

import single_region
from demo import BASE_PORT

GLIBC = {"linux-vdso.so.1", "libc.so.6", "libm.so.6", "libpthread.so.0", "libdl.so.2", "librt.so.1", "libresolv.so.2",
         "ld-linux-x86-64.so.2", "ld-linux-aarch64.so.1"}
# What docs/operations/install.md promises: the C library of Debian 12.
NEWEST_GLIBC = (2, 36)


@pytest.fixture(scope="module")
def unpacked(tarball, tmp_path_factory):
    place = tmp_path_factory.mktemp("unpacked")
    subprocess.run(["tar", "-C", str(place), "--strip-components=1", "-xzf", str(tarball)], check=True)
    return place


def test_it_needs_glibc_only(unpacked):
    done = subprocess.run(["ldd", str(unpacked / "bin" / "holdfast")], check=True, capture_output=True, text=True)
    assert "not found" not in done.stdout, done.stdout
    own = f"=> {unpacked / 'bin' / '..' / 'lib' / 'holdfast'}/"
    needed = {line.split()[0].rsplit("/", 1)[-1] for line in done.stdout.splitlines() if own not in line}
    assert needed <= GLIBC, done.stdout


def test_it_needs_no_newer_glibc_than_promised(unpacked):
    files = [unpacked / "bin" / "holdfast", *(unpacked / "lib" / "holdfast").iterdir()]
    done = subprocess.run(["objdump", "-T", *map(str, files)], check=True, capture_output=True, text=True)
    versions = {tuple(map(int, version.split("."))) for version in re.findall(r"GLIBC_([0-9.]+)", done.stdout)}
    assert versions and max(versions) <= NEWEST_GLIBC, max(versions)


def test_its_unit_starts_the_program_of_usr_local(unpacked):
    unit = (unpacked / "lib/systemd/system/holdfast.service").read_text()
    assert "ExecStart=/usr/local/bin/holdfast serve" in unit


def test_a_region_runs_from_the_unpacked_directory(unpacked, tmp_path, monkeypatch):
    program = str(unpacked / "bin" / "holdfast")
    monkeypatch.setattr(single_region, "BINARY", program)
    with single_region.SingleRegion(tmp_path / "region", BASE_PORT) as region:
        assert region.init().returncode == 0
        region.serve()
        status = subprocess.run([program, "region", "status", "--json", "--config", str(region.config)], capture_output=True, text=True,
                                timeout=120)
        assert json.loads(status.stdout)["role"] == "primary", status.stderr
        assert subprocess.run([program, "health", "--config", str(region.config)], capture_output=True, timeout=120).returncode == 0
        region.stop()
        assert subprocess.run([program, "health", "--config", str(region.config)], capture_output=True, timeout=120).returncode == 1
