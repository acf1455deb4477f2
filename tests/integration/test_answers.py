"""Refusals over real sockets that the pages in docs/api promise."""

import json

import pytest

from demo import BASE_PORT
from holdfast_client import Connection, expect, request
from photo_app import BUCKET, cognito, make_photo_app, sign_in
from single_region import SingleRegion


@pytest.fixture(scope="module")
def region(tmp_path_factory):
    with SingleRegion(tmp_path_factory.mktemp("answers") / "region", BASE_PORT) as region:
        done = region.init()
        assert done.returncode == 0, done.stderr
        region.serve()
        make_photo_app(region, origins=["https://photos.example"])
        yield region


@pytest.fixture(scope="module")
def ada(region):
    return sign_in(region, "ada")


def test_a_preflight_of_a_stranger_is_refused_in_one_form(region):
    headers = {"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}
    for path in ("/", f"/{region.pool}/oauth2/token", f"/{region.pool}/oauth2/revoke", "/state/photos"):
        refused = expect(request(region.ca, "OPTIONS", region.public + path, headers=headers), 403)
        assert refused.json()["code"] == "origin_not_allowed", path
        assert "Access-Control-Allow-Origin" not in refused.headers


def test_public_documents_are_for_pages_of_any_origin_but_null(region):
    for document in ("openid-configuration", "jwks.json"):
        url = f"{region.public}/{region.pool}/.well-known/{document}"
        for origin, named in (("https://anybody.example", "https://anybody.example"), ("null", None)):
            got = expect(request(region.ca, "GET", url, headers={"Origin": origin}), 200)
            assert got.headers["Access-Control-Allow-Origin"] == named
            assert got.headers["Access-Control-Allow-Credentials"] is None


def test_a_next_that_no_list_gave_is_refused(region):
    for path in ("pools", "apps", "buckets", "audit", "operators", f"pools/{region.pool}/users"):
        for made_up in ("AA", "AAAA", "a" * 500):
            refused = region.admin.call("GET", f"/admin/v1/{path}?next={made_up}")
            assert (refused.status, refused.json()["code"]) == (400, "invalid_next"), (path, made_up)


def test_an_object_needs_a_length_and_other_operations_are_not_implemented(region, ada):
    connection = Connection(region.ca, region.objects, 10)
    connection.putrequest("PUT", f"/{BUCKET}/no-length")
    connection.putheader("Authorization", f"Bearer {ada.token}")
    connection.endheaders()
    answer = connection.getresponse()
    assert answer.status == 411 and b"<Code>MissingContentLength</Code>" in answer.read()
    connection.close()
    expect(ada.s3("GET", "/no-length"), 404)
    for method, path in (("POST", f"/{BUCKET}?delete"), ("POST", f"/{BUCKET}/key?uploads"), ("PUT", "/new-bucket"),
                         ("DELETE", f"/{BUCKET}")):
        refused = expect(ada.call(method, region.objects + path, b"<x/>"), 501)
        assert b"<Code>NotImplemented</Code>" in refused.body, (method, path)
    repeated = expect(ada.call("GET", f"{region.objects}/{BUCKET}?list-type=2&prefix=a&prefix=b"), 400)
    assert b"<Code>InvalidArgument</Code>" in repeated.body


def test_controls_and_proofs_of_nothing_are_refused(region, ada):
    for message in ("a\u0085b", "a\u009fb"):
        assert expect(ada.comments("POST", {"message": message}), 400).json()["code"] == "invalid_message"
    expect(ada.comments("POST", {"message": "a\u00a0b"}), 201)
    refused = region.admin.call("POST", f"/admin/v1/pools/{region.pool}/users", {
        "username": "eve", "password": "Correct-Horse-1", "attributes": {"email_verified": "true"}})
    assert (refused.status, refused.json()["code"]) == (400, "invalid_attribute")


def test_only_refresh_tokens_are_revoked(region, ada):
    refused = expect(cognito(region).call("RevokeToken", {"ClientId": region.client, "Token": ada.token}), 400)
    assert json.loads(refused.body)["__type"] == "UnsupportedTokenTypeException"
    assert refused.headers["x-amzn-errortype"] == "UnsupportedTokenTypeException:"
    expect(cognito(region).call("GetUser", {"AccessToken": ada.token}), 200)
