"""A disk that fills up below a running region: writes are refused, reads and sign-ins go on, nothing acknowledged is lost."""

import os

import pytest

from demo import BASE_PORT, wait_for_log, wait_until
from holdfast_client import expect, request
from photo_app import PASSWORD, Signed, cognito, make_photo_app, make_user, sign_in
from single_region import SingleRegion
from small_disk import MIB, SmallDisk

FLOOR = 96 * MIB
BALLAST = 64 * MIB
PHOTO = os.urandom(3 * MIB)


@pytest.fixture
def disk(tmp_path):
    with SmallDisk(tmp_path / "region" / "disk", 320 * MIB) as disk:
        yield disk


@pytest.fixture
def region(disk, tmp_path):
    with SingleRegion(tmp_path / "region", BASE_PORT) as region:
        region.launcher = disk.launcher
        done = region.init("--set", "data_dir=disk/data", "--set", f"storage.free_space_floor_bytes={FLOOR}",
                           "--set", f"storage.ballast_bytes={BALLAST}")
        assert done.returncode == 0, done.stderr
        region.serve()
        make_photo_app(region)
        region.rotating = expect(region.admin.call("POST", f"/admin/v1/pools/{region.pool}/clients", {
            "name": "rotating", "type": "public", "flows": ["USER_PASSWORD_AUTH", "REFRESH_TOKEN_AUTH"],
            "rotatesRefreshTokens": True}), 201).json()["clientId"]
        yield region


class Acknowledged:
    """What was written before the disk was full, and whether all of it is there."""

    def __init__(self, region):
        self.ada = sign_in(region, "ada")
        self.comments = [expect(self.ada.comments("POST", {"message": f"wave {number}"}), 201).json()["commentId"]
                         for number in range(5)]
        self.objects = {"/large.jpg": PHOTO, "/small.txt": b"a few bytes"}
        for path, body in self.objects.items():
            expect(self.ada.s3("PUT", path, body), 200)

    def check(self):
        listed = expect(self.ada.comments("GET"), 200).json()["comments"]
        assert [comment["commentId"] for comment in listed][:5] == self.comments
        for path, body in self.objects.items():
            assert expect(self.ada.s3("GET", path), 200).body == body


def is_role(region, role):
    return expect(request(region.ca, "GET", region.public + "/health/traffic"), 200).json()["role"] == role


def primary_traffic(region):
    return request(region.ca, "GET", region.public + "/health/traffic?role=primary").status


def refused_writes(region, ada):
    """(status, code) of one write of every kind."""
    comment = ada.comments("POST", {"message": "too late"})
    user = make_user(region, "late")
    small, large = ada.s3("PUT", "/late.txt", b"late"), ada.s3("PUT", "/late.jpg", PHOTO)
    state = region.admin.call("PUT", "/admin/v1/apps/photos/state", {"state": "fenced"})
    assert b"<Error><Code>" in small.body and b"<Error><Code>" in large.body
    problems = [(answer.status, answer.json()["code"]) for answer in (comment, user, state)]
    return problems + [(answer.status, answer.body.split(b"<Code>")[1].split(b"</Code>")[0].decode())
                       for answer in (small, large)]


def expect_sign_ins_go_on(region, ada):
    """New sign-ins, wrong ones, refreshes, with what they may want to write; the tokens are good."""
    expect(cognito(region).sign_in(region.client, "bob", "wrong " + PASSWORD), 400)
    for name in ("ada", "bob"):
        signed = sign_in(region, name)
        refreshed = expect(cognito(region).refresh(region.client, signed.refresh_token), 200).json()
        again = Signed(region, refreshed["AuthenticationResult"])
        assert len(expect(again.comments("GET"), 200).json()["comments"]) >= 5
    expect(cognito(region).refresh(region.client, ada.refresh_token), 200)
    # A client that rotates: a new token where that can be remembered, else the old one stays good.
    tokens = expect(cognito(region).sign_in(region.rotating, "bob", PASSWORD), 200).json()["AuthenticationResult"]
    newest = tokens["RefreshToken"]
    for _ in range(3):
        refreshed = expect(cognito(region).refresh(region.rotating, newest), 200).json()["AuthenticationResult"]
        newest = refreshed.get("RefreshToken", newest)
    expect(request(region.ca, "GET", f"{region.public}/{region.pool}/.well-known/jwks.json"), 200)


def expect_writes_work(region, ada, name):
    expect(ada.comments("POST", {"message": name}), 201)
    expect(ada.s3("PUT", f"/{name}", PHOTO), 200)
    expect(make_user(region, name), 201)
    assert expect(ada.s3("GET", f"/{name}"), 200).body == PHOTO
    sign_in(region, name)


def test_below_the_floor_writes_are_refused_until_there_is_room(disk, region):
    written = Acknowledged(region)
    disk.fill(leave_bytes=FLOOR - 1)
    refusals = refused_writes(region, written.ada)
    assert refusals == [(507, "storage_full")] * 3 + [(507, "InsufficientStorage")] * 2
    expect_sign_ins_go_on(region, written.ada)
    written.check()
    # It is still the one primary, which a front door should prefer: what it refuses, nobody else takes.
    assert is_role(region, "primary") and primary_traffic(region) == 200

    disk.make_room()
    expect_writes_work(region, written.ada, "room")

    disk.fill(leave_bytes=FLOOR - 24 * MIB)  # well below: a restart frees what the old log file had reserved
    region.kill()
    region.serve()
    assert is_role(region, "primary")
    assert set(refused_writes(region, written.ada)) == {(507, "storage_full"), (507, "InsufficientStorage")}
    expect_sign_ins_go_on(region, written.ada)
    written.check()

    disk.make_room()
    expect_writes_work(region, written.ada, "again")
    written.check()


def killed_and_started(disk, region):
    """A crash while the disk is full: one clear line until there is room."""
    region.kill()
    disk.fill()
    status, line = region.refused_start()
    assert status == 1 and "too full" in line
    disk.make_room()
    region.serve()


def test_restarts_on_a_disk_without_a_byte(disk, region):
    """Others have taken every block: a start finds its room in the ballast, again and again."""
    ballast = disk.root / "data" / "ballast"
    assert ballast.stat().st_blocks * 512 == BALLAST
    written = Acknowledged(region)
    disk.fill()
    assert set(refused_writes(region, written.ada)) == {(507, "storage_full"), (507, "InsufficientStorage")}
    expect_sign_ins_go_on(region, written.ada)
    written.check()
    for _ in range(3):
        region.kill()
        region.serve()
        assert not ballast.exists()
        assert is_role(region, "primary")
        expect_sign_ins_go_on(region, written.ada)
        written.check()
    wait_for_log(region, "the ballast file was given up")
    assert set(refused_writes(region, written.ada)) == {(507, "storage_full"), (507, "InsufficientStorage")}

    # That room taken as well: one clear line, no abort.
    killed_and_started(disk, region)
    written.check()
    expect_writes_work(region, written.ada, "room")
    assert ballast.stat().st_blocks * 512 == BALLAST


def test_a_new_region_that_has_no_room_is_refused_before_it_is_made(disk, tmp_path):
    region = SingleRegion(tmp_path / "region", BASE_PORT)
    region.launcher = disk.launcher
    disk.fill(leave_bytes=FLOOR - 1)
    settings = ["--set", "data_dir=disk/data", "--set", f"storage.free_space_floor_bytes={FLOOR}"]
    done = region.init(*settings)
    assert done.returncode == 1
    assert "bytes are free" in done.stderr and "storage.free_space_floor_bytes" in done.stderr
    disk.make_room()
    assert region.init(*settings).returncode == 0


@pytest.fixture
def pair(disk, tmp_path):
    """A primary with room and a secondary on the small disk."""
    with SingleRegion(tmp_path / "primary", BASE_PORT + 10) as primary, \
            SingleRegion(tmp_path / "region", BASE_PORT, "eu-west-1") as secondary:
        done = primary.init()
        assert done.returncode == 0, done.stderr
        primary.serve()
        make_photo_app(primary)
        secondary.launcher = disk.launcher
        done = secondary.join(primary, "--set", "data_dir=disk/data", "--set",
                              f"storage.free_space_floor_bytes={FLOOR}", "--set", "storage.ballast_bytes=0")
        assert done.returncode == 0, done.stderr
        secondary.serve()
        secondary.client = primary.client
        wait_until("it follows", lambda: lag(primary) == 0)
        yield primary, secondary


def lag(primary):
    """Bytes that the secondary does not hold durably, as the primary sees it."""
    described = primary.admin.get("/admin/v1/region")
    secondary, = described["secondaries"]
    return secondary["lagBytes"] + (secondary["durablePosition"] != described["position"])


@pytest.mark.parametrize("make_room", [lambda disk, secondary: disk.make_room(), killed_and_started],
                         ids=["it goes on by itself", "it was killed meanwhile"])
def test_a_secondary_whose_disk_is_full_signs_in_and_catches_up_once_there_is_room(disk, pair, make_room):
    primary, secondary = pair
    disk.fill()
    ada = sign_in(primary, "ada")
    comment = expect(ada.comments("POST", {"message": "while it was full"}), 201).json()["commentId"]
    expect(ada.s3("PUT", "/full.jpg", PHOTO), 200)
    wait_until("the secondary has refused a batch", lambda: "the disk is too full to write" in secondary.log())
    # Listing comments takes a snapshot, and letting go of it is what makes RocksDB compact: without room, for a while.
    for _ in range(20):
        there = Signed(secondary, {"AccessToken": sign_in(secondary, "bob").token})
        assert expect(there.comments("GET"), 200).json()["comments"] == []
    assert is_role(secondary, "secondary")
    assert lag(primary) > 0
    assert secondary.process.poll() is None

    make_room(disk, secondary)
    wait_until("it has caught up", lambda: lag(primary) == 0, timeout=120)
    listed = expect(there.comments("GET"), 200).json()["comments"]
    assert [entry["commentId"] for entry in listed] == [comment]
    wait_until("the bytes are there", lambda: there.s3("GET", "/full.jpg").body == PHOTO)
    assert "nothing is written any more until a restart" not in secondary.log()
    done = primary.run("verify", "--config", primary.config)
    assert done.returncode == 0, done


def test_a_secondary_that_fills_its_own_disk_stops_before_its_end(disk, pair):
    """What RocksDB still has to write for the batches that were taken must fit: its logs, and its rows as tables."""
    primary, secondary = pair
    ada = sign_in(primary, "ada")
    disk.fill(leave_bytes=112 * MIB)
    inline = os.urandom(60_000)
    for number in range(2000):
        if "the disk is too full to write" in secondary.log():
            break
        expect(ada.s3("PUT", f"/{number}.bin", inline), 200)
    wait_until("the secondary has refused a batch", lambda: "the disk is too full to write" in secondary.log())
    assert disk.free_bytes() > 16 * MIB
    there = Signed(secondary, {"AccessToken": sign_in(secondary, "bob").token})
    assert there.s3("GET", "/0.bin").body == inline

    disk.make_room()
    wait_until("it has caught up", lambda: lag(primary) == 0, timeout=120)
    assert "nothing is written any more until a restart" not in secondary.log()
