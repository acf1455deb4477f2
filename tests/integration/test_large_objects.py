"""A large object by curl, both ways and to the secondary: 128 MiB (HOLDFAST_LONG=1: 1 GiB) in constant memory."""

import hashlib
import os
import subprocess

import pytest

from demo import BINARY, Demo, wait_until
from memory import BoundedMemory, is_sanitized

MIB = 1024 * 1024
SIZE = (1024 if os.environ.get("HOLDFAST_LONG") else 128) * MIB
# docs/operations/limits.md: a stream holds two pieces of 1 MiB; the rest is what allocators and the store's caches take.
MOST_KIB = 32 * 1024 * (3 if is_sanitized(BINARY) else 1)


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    with Demo(tmp_path_factory.mktemp("demo"), "--set", "log.level=warn") as running:
        yield running


@pytest.fixture(scope="module")
def photo(tmp_path_factory):
    """A file that does not compress, and its SHA-256."""
    path, digest, block = tmp_path_factory.mktemp("photo") / "photo", hashlib.sha256(), os.urandom(MIB)
    with open(path, "wb") as file:
        for number in range(SIZE // MIB):
            piece = number.to_bytes(8, "big") + block[8:]
            digest.update(piece)
            file.write(piece)
    return path, digest.hexdigest()


def constant_memory(region):
    return BoundedMemory(region.pid, MOST_KIB)


def curl(demo, token_file, region, *arguments):
    url = f"{region.objects}/{demo.info['bucket']}/large"
    # The token is no argument: arguments are seen by everybody on the machine.
    done = subprocess.run(["curl", "--silent", "--show-error", "--fail", "--cacert", demo.ca, "--header", f"@{token_file}",
                           *map(str, arguments), url], capture_output=True, timeout=500)
    assert done.returncode == 0, done.stderr


def sha256_of(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def blob_sizes(region):
    folder = region.dir / "data" / "blobs"
    return [path.stat().st_size for path in folder.glob("[0-9a-f][0-9a-f]/*") if len(path.name) == 32]


def test_a_large_object_passes_through(demo, photo, tmp_path):
    path, digest = photo
    token_file = tmp_path / "token"
    token_file.write_text(f"Authorization: Bearer {demo.sign_in(demo.primary.cognito)['AccessToken']}\n")
    # Once with little, so that what is allocated once and kept is not counted as the large one's.
    small = tmp_path / "small"
    small.write_bytes(os.urandom(4 * MIB))
    for _ in range(3):
        curl(demo, token_file, demo.primary, "--upload-file", small)
        curl(demo, token_file, demo.primary, "--output", tmp_path / "back")
    assert sha256_of(tmp_path / "back") == sha256_of(small)

    with constant_memory(demo.primary), constant_memory(demo.secondary):
        curl(demo, token_file, demo.primary, "--upload-file", path)
        wait_until("the secondary has the bytes", lambda: any(size > SIZE for size in blob_sizes(demo.secondary)), 400, 0.2)
    for region in (demo.primary, demo.secondary):
        with constant_memory(region):
            curl(demo, token_file, region, "--output", tmp_path / "back")
        assert sha256_of(tmp_path / "back") == digest, region.name
