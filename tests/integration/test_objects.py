"""Apps, comments and objects over real sockets: what the in-process tests cannot see (framing, streaming, memory)."""

import base64
import hashlib
import itertools
import os
import zlib

import pytest

from crowd import Client
from demo import BASE_PORT
from holdfast_client import Connection, expect, request
from memory import BoundedMemory
from photo_app import BUCKET, Signed, make_photo_app, make_user, sign_in
from single_region import SingleRegion

ORIGIN = "https://photos.example"


@pytest.fixture(scope="module")
def region(tmp_path_factory):
    with SingleRegion(tmp_path_factory.mktemp("objects") / "region", BASE_PORT) as region:
        done = region.init()
        assert done.returncode == 0, done.stderr
        region.serve()
        make_photo_app(region, origins=[ORIGIN])
        yield region


@pytest.fixture(scope="module")
def ada(region):
    return sign_in(region, "ada")


@pytest.fixture(scope="module")
def bob(region):
    return sign_in(region, "bob")


def test_an_object_comes_back_byte_for_byte(ada):
    body = os.urandom(300_000)
    put = expect(ada.s3("PUT", "/a/photo.jpg", body, {"Content-Type": "image/jpeg", "x-amz-meta-camera": "X100"}), 200)
    assert put.headers["ETag"] == f'"{hashlib.md5(body).hexdigest()}"'
    assert put.headers["Holdfast-Position"]
    got = expect(ada.s3("GET", "/a/photo.jpg"), 200)
    assert got.body == body
    assert got.headers["Content-Type"] == "image/jpeg"
    assert got.headers["x-amz-meta-camera"] == "X100"
    assert got.headers["X-Content-Type-Options"] == "nosniff"
    head = expect(ada.s3("HEAD", "/a/photo.jpg"), 200)
    assert head.headers["Content-Length"] == "300000" and head.body == b""


def test_ranges_and_conditions(ada):
    expect(ada.s3("PUT", "/range", b"0123456789"), 200)
    part = expect(ada.s3("GET", "/range", headers={"Range": "bytes=2-4"}), 206)
    assert part.body == b"234" and part.headers["Content-Range"] == "bytes 2-4/10"
    beyond = expect(ada.s3("GET", "/range", headers={"Range": "bytes=10-"}), 416)
    assert beyond.headers["Content-Range"] == "bytes */10"
    etag = part.headers["ETag"]
    same = expect(ada.s3("GET", "/range", headers={"If-None-Match": etag}), 304)
    assert same.body == b"" and same.headers["ETag"] == etag
    expect(ada.s3("PUT", "/range", b"x", {"If-None-Match": "*"}), 412)


def aws_chunked(body, size, crc):
    framed = b""
    for at in range(0, len(body), size):
        piece = body[at:at + size]
        framed += b"%x\r\n" % len(piece) + piece + b"\r\n"
    return framed + b"0\r\nx-amz-checksum-crc32:" + base64.b64encode(crc.to_bytes(4, "big")) + b"\r\n\r\n"


@pytest.mark.parametrize("good", [True, False])
def test_uploads_of_current_sdks_are_unwrapped(ada, good):
    body = os.urandom(200_000)
    framed = aws_chunked(body, 65_536, zlib.crc32(body) ^ (0 if good else 1))
    answer = ada.s3("PUT", f"/framed-{good}", framed, {
        "Content-Encoding": "aws-chunked",
        "x-amz-content-sha256": "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
        "x-amz-decoded-content-length": str(len(body)),
        "x-amz-trailer": "x-amz-checksum-crc32"})
    if good:
        expect(answer, 200)
        assert expect(ada.s3("GET", "/framed-True"), 200).body == body
    else:
        assert b"<Code>BadDigest</Code>" in expect(answer, 400).body
        expect(ada.s3("GET", "/framed-False"), 404)


def streamed(region, ada, method, body=None, headers=None):
    """Sends and receives piece by piece, which `request` does not."""
    connection = Connection(region.ca, region.objects, timeout=60)
    connection.request(method, "/photos-bucket/large", body, {"Authorization": f"Bearer {ada.token}", **(headers or {})})
    return connection.getresponse()


def test_large_objects_stream_in_constant_memory(region, ada):
    size = 192 * 1024 * 1024
    block = os.urandom(1024 * 1024)
    digest, received = hashlib.md5(), 0
    with BoundedMemory(region.process.pid, 64 * 1024):
        put = streamed(region, ada, "PUT", itertools.repeat(block, size // len(block)), {"Content-Length": str(size)})
        assert put.status == 200, put.read()
        with streamed(region, ada, "GET") as got:
            while piece := got.read(1024 * 1024):
                digest.update(piece)
                received += len(piece)
    assert received == size
    assert put.headers["ETag"] == f'"{digest.hexdigest()}"'


def test_listing(ada):
    for key in ("/list/b", "/list/a%20b", "/list/dir/x"):
        expect(ada.s3("PUT", key, b"v"), 200)
    text = expect(ada.s3("GET", "?list-type=2&prefix=list/&delimiter=/"), 200).body.decode()
    assert text.index("<Key>list/a b</Key>") < text.index("<Key>list/b</Key>")
    assert "<CommonPrefixes><Prefix>list/dir/</Prefix></CommonPrefixes>" in text


def test_only_owners_overwrite_and_delete(ada, bob):
    expect(ada.s3("PUT", "/mine", b"ada"), 200)
    assert b"AccessDenied" in expect(bob.s3("PUT", "/mine", b"bob"), 403).body
    expect(bob.s3("DELETE", "/mine"), 403)
    assert expect(bob.s3("GET", "/mine"), 200).body == b"ada"
    expect(ada.s3("DELETE", "/mine"), 204)
    assert b"NoSuchKey" in expect(ada.s3("GET", "/mine"), 404).body


def test_tokens_are_needed(region, ada):
    assert b"AccessDenied" in expect(request(region.ca, "GET", region.objects + "/photos-bucket/x"), 401).body
    stranger = Signed(region, {"AccessToken": ada.token[:-4] + "AAAA"})
    assert b"InvalidToken" in expect(stranger.s3("GET", "/x"), 401).body
    expect(stranger.comments("GET"), 401)


def test_rights_that_end_during_an_upload(region):
    expect(make_user(region, "eve"), 201)
    eve = sign_in(region, "eve")
    expect(eve.s3("PUT", "/half", b"before"), 200)
    head = (f"PUT /{BUCKET}/half HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {eve.token}\r\n"
            f"Expect: 100-continue\r\nContent-Length: 20\r\n\r\n").encode()
    with Client(region.base_port + 1) as upload:
        assert upload.send(head).answer()[0] == 100, "it has begun"
        upload.send(b"x" * 10)
        expect(region.admin.call("POST", f"/admin/v1/pools/{region.pool}/users/eve/disable"), 200)
        status, _, body = upload.send(b"x" * 10).answer()
        assert status == 401, body
    expect(region.admin.call("POST", f"/admin/v1/pools/{region.pool}/users/eve/enable"), 200)
    assert expect(eve.s3("GET", "/half"), 200).body == b"before"


def test_states_govern_writes(region, ada):
    expect(ada.s3("PUT", "/state", b"before"), 200)
    expect(ada.comments("POST", {"message": "before"}), 201)
    for state, code in (("fenced", "app_fenced"), ("failover", "app_failed_over")):
        answer = expect(region.admin.call("PUT", "/admin/v1/apps/photos/state", {"state": state}), 200)
        assert answer.json()["confirmedBy"] == ["us-east-1"]
        refused = expect(ada.comments("POST", {"message": "x"}), 409)
        assert refused.json()["code"] == code
        assert state.encode() in expect(ada.s3("PUT", "/state", b"x"), 403).body
        assert expect(ada.s3("GET", "/state"), 200).body == b"before"
        assert expect(ada.comments("GET"), 200).json()["comments"][0]["message"] == "before"
        shown = expect(request(region.ca, "GET", region.public + "/state/photos"), 200).json()
        assert shown["state"] == state and shown["writesEnabled"] is False
    expect(region.admin.call("PUT", "/admin/v1/apps/photos/state", {"state": "active"}), 200)
    expect(ada.comments("POST", {"message": "after"}), 201)


def test_pages_of_the_apps_origin_may_call(region):
    url = region.objects + "/photos-bucket/x"
    preflight = {"Origin": ORIGIN, "Access-Control-Request-Method": "PUT", "Access-Control-Request-Headers": "authorization"}
    answer = expect(request(region.ca, "OPTIONS", url, headers=preflight), 204)
    assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN
    refused = request(region.ca, "OPTIONS", url, headers={**preflight, "Origin": "https://evil.example"})
    assert "Access-Control-Allow-Origin" not in refused.headers


def test_everything_is_there_after_a_restart(region, ada):
    body = os.urandom(100_000)
    expect(ada.s3("PUT", "/kept", body), 200)
    region.kill()
    region.serve()
    assert expect(ada.s3("GET", "/kept"), 200).body == body
    assert expect(ada.comments("GET"), 200).json()["comments"]
