"""The OpenAPI documents of a running region against what the region really serves and against docs/api."""

import json
import pathlib
import re

import pytest

from demo import Demo
from holdfast_client import expect, request

DOCS = pathlib.Path(__file__).parents[2] / "docs" / "api"
METHODS = {"get", "head", "put", "post", "patch", "delete", "options"}


@pytest.fixture(scope="module")
def region(tmp_path_factory):
    with Demo(tmp_path_factory.mktemp("demo"), "--secondaries", "0") as running:
        yield running.primary


@pytest.fixture(scope="module", params=["public", "admin"])
def document(request, region):
    return fetch(region, getattr(region, "public" if request.param == "public" else "admin_url"))


def fetch(region, base):
    answer = expect(request(region.ca, "GET", base + "/openapi.json"), 200)
    assert answer.headers["Content-Type"] == "application/json"
    return answer.json()


def operations(document):
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if method != "servers":
                yield path, method, operation


def test_it_is_openapi(document):
    """The rules of OpenAPI 3.1.0 that this document could break."""
    assert document["openapi"] == "3.1.0"
    assert document["info"]["title"] and document["info"]["version"]
    ids = [operation["operationId"] for _, _, operation in operations(document)]
    assert len(set(ids)) == len(ids) and all(re.fullmatch(r"[A-Za-z0-9]+", name) for name in ids)
    shapes = [re.sub(r"\{\w+\}", "{}", path) for path in document["paths"]]
    assert len(set(shapes)) == len(shapes), "two paths differ in parameters' names alone"
    for path, method, operation in operations(document):
        assert path.startswith("/") and method in METHODS
        declared = [one["name"] for one in operation["parameters"] if one["in"] == "path"]
        assert declared == re.findall(r"\{(\w+)\}", path)
        assert all(one["required"] for one in operation["parameters"] if one["in"] == "path")
        names = [(one["in"], one["name"]) for one in operation["parameters"]]
        assert len(set(names)) == len(names)
        assert operation["summary"].endswith(".")
        assert any(re.fullmatch(r"[1-5]\d\d", status) for status in operation["responses"])
        for one in operation["security"]:
            assert set(one) <= set(document["components"]["securitySchemes"])
    for reference in re.findall(r'"\$ref": "#/([^"]+)"', json.dumps(document)):
        place = document
        for step in reference.split("/"):
            place = place[step]


def test_each_operation_is_served(region, document):
    """Without credentials, with names of nothing: whatever the answer is, it is not that there is no such thing here."""
    for path, method, operation in operations(document):
        base = document["paths"][path]["servers"][0]["url"]
        url = (region.admin_url if base == "/" else base) + re.sub(r"\{\w+\}", "nothing", path)
        answer = request(region.ca, method.upper(), url)
        assert answer.status != 405, (method, path)
        if operation["security"]:
            assert answer.status in (401, 403, 404), (method, path, answer)
        assert b"there is nothing at this path" not in answer.body, (method, path)


def documented_calls():
    """What docs/api says there is: (method, path)."""
    for page in DOCS.glob("*.md"):
        for call in re.finditer(r"`(GET|PUT|POST|PATCH|DELETE|HEAD) (/[^`? ]*)", page.read_text()):
            yield call[1].lower(), re.sub(r"\.\.\.\}", "}", call[2])


def test_what_docs_api_lists_is_in_a_document(region):
    listed = {(method, re.sub(r"\{\w+\}", "{}", path)) for base in (region.public, region.admin_url)
              for path, method, _ in operations(fetch(region, base))}
    calls = set(documented_calls())
    assert len(calls) > 40
    missing = {(method, path) for method, path in calls if (method, re.sub(r"\{\w+\}", "{}", path)) not in listed}
    assert not missing


def test_lists_take_the_parameters_that_are_told(region):
    for path, method, operation in operations(fetch(region, region.admin_url)):
        names = [one["name"] for one in operation["parameters"] if one["in"] == "query"]
        if "limit" in names and "{" not in path:
            expect(region.admin.call("GET", f"{path}?limit=1"), 200)
