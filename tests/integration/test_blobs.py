"""The bytes of objects between real regions: they follow their rows, heal, and go when nothing names them."""

import os

import pytest

from demo import Demo, wait_until
from holdfast_client import expect, request

GRACE_SECONDS = 60  # the smallest that the configuration takes
PHOTO = os.urandom(3_000_000)


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    with Demo(tmp_path_factory.mktemp("demo"), "--set", f"storage.blob_grace_seconds={GRACE_SECONDS}") as running:
        yield running


@pytest.fixture(scope="module")
def token(demo):
    return demo.sign_in(demo.primary.cognito)["AccessToken"]


def s3(demo, region, token, method, name, body=None):
    url = f"{region.objects}/{demo.info['bucket']}/{name}"
    return request(demo.ca, method, url, body, {"Authorization": f"Bearer {token}"}, timeout=60)


def blobs(region):
    """Name and path of every blob that is whole on a region's disk."""
    folder = region.dir / "data" / "blobs"
    return {path.name: path for path in folder.glob("[0-9a-f][0-9a-f]/*") if len(path.name) == 32}


def upload(demo, token, name, body):
    """Stores an object and gives the id of its blob."""
    before = set(blobs(demo.primary))
    expect(s3(demo, demo.primary, token, "PUT", name, body), 200)
    new = set(blobs(demo.primary)) - before
    assert len(new) == 1, new
    return new.pop()


def wait_for_blob(region, blob):
    wait_until(f"{region.name} has the bytes", lambda: blob in blobs(region))


def expect_bytes(demo, region, token, name, body):
    """Fetched from another member while the reader waits; a slow machine may need a second try."""
    def check():
        answer = expect(s3(demo, region, token, "GET", name), 200, 503)
        return answer.status == 200 and answer

    assert wait_until(f"{name} is served", check).body == body


def blobs_missing(demo):
    return demo.primary.admin.get("/admin/v1/region")["secondaries"][0]["blobsMissing"]


def test_bytes_arrive_without_being_read_and_outlive_the_primary(demo, token):
    blob = upload(demo, token, "photo", PHOTO)
    wait_for_blob(demo.secondary, blob)
    assert blobs(demo.secondary)[blob].read_bytes() == blobs(demo.primary)[blob].read_bytes()
    wait_until("nothing is missing", lambda: blobs_missing(demo) == 0)
    log = demo.secondary.log()
    assert '"route":"/{bucket}/{key' not in log, "read at the secondary before it was asked for"

    demo.primary.kill()
    got = expect(s3(demo, demo.secondary, token, "GET", "photo"), 200)
    assert got.body == PHOTO
    demo.primary.start()
    demo.primary.wait_writable()


def test_small_objects_travel_in_their_rows(demo, token):
    before = set(blobs(demo.primary))
    expect(s3(demo, demo.primary, token, "PUT", "small", b"a few bytes"), 200)
    assert set(blobs(demo.primary)) == before
    demo.wait_caught_up()
    assert expect(s3(demo, demo.secondary, token, "GET", "small"), 200).body == b"a few bytes"


@pytest.mark.parametrize("loser", [0, 1], ids=["primary", "secondary"])
def test_a_region_that_lost_bytes_asks_the_one_that_has_them(demo, token, loser):
    """In either direction: at once when they are read, and by itself after a restart."""
    region = demo.regions[loser]
    blob = upload(demo, token, f"lost-{loser}", PHOTO)
    wait_for_blob(demo.secondary, blob)
    blobs(region)[blob].unlink()
    expect_bytes(demo, region, token, f"lost-{loser}", PHOTO)
    wait_for_blob(region, blob)

    blobs(region)[blob].unlink()
    region.kill()
    region.start()
    wait_for_blob(region, blob)
    demo.primary.wait_writable()


def test_bytes_that_nobody_reachable_has_are_pending(demo, token):
    blob = upload(demo, token, "pending", PHOTO)
    wait_for_blob(demo.secondary, blob)
    demo.wait_caught_up()
    demo.primary.kill()
    blobs(demo.secondary)[blob].unlink()
    answer = expect(s3(demo, demo.secondary, token, "GET", "pending"), 503)
    assert b"<Code>ServiceUnavailable</Code>" in answer.body and answer.headers["Retry-After"]
    # What is known of it is told all the same.
    assert expect(s3(demo, demo.secondary, token, "HEAD", "pending"), 200).headers["Content-Length"] == str(len(PHOTO))

    demo.primary.start()
    wait_for_blob(demo.secondary, blob)
    assert expect(s3(demo, demo.secondary, token, "GET", "pending"), 200).body == PHOTO
    demo.primary.wait_writable()


def test_deleted_and_replaced_bytes_go_at_both_after_the_grace(demo, token):
    deleted, replaced = (upload(demo, token, name, PHOTO) for name in ("deleted", "replaced"))
    kept = upload(demo, token, "kept", PHOTO)
    for blob in (deleted, replaced, kept):
        wait_for_blob(demo.secondary, blob)
    expect(s3(demo, demo.primary, token, "DELETE", "deleted"), 204)
    newer = upload(demo, token, "replaced", PHOTO[::-1])
    wait_for_blob(demo.secondary, newer)
    demo.wait_caught_up()
    expect(s3(demo, demo.secondary, token, "GET", "deleted"), 404)
    for region in demo.regions:
        assert {deleted, replaced} <= set(blobs(region)), "within the grace"
    for region in demo.regions:
        wait_until(f"{region.name} has collected them", lambda: not {deleted, replaced} & set(blobs(region)),
                   timeout=GRACE_SECONDS * 3)
        assert {kept, newer} <= set(blobs(region))
    for region in demo.regions:
        assert expect(s3(demo, region, token, "GET", "kept"), 200).body == PHOTO
        assert expect(s3(demo, region, token, "GET", "replaced"), 200).body == PHOTO[::-1]
