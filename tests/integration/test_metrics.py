"""/metrics of both regions of a demo: who may read it, that it counts what happened, and that its page is right."""

import json
import pathlib
import re
import shutil
import stat
import subprocess

import pytest

from demo import BASE_PORT, Demo, wait_for_log, wait_until
from holdfast_client import expect, new_id, request
from prometheus_text import parse
from single_region import run, settings

ROOT = pathlib.Path(__file__).parents[2]


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    with Demo(tmp_path_factory.mktemp("demo")) as running:
        yield running


def fetch(region, token, path="/metrics"):
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return request(region.ca, "GET", region.admin_url + path, headers=headers)


def own_token(region):
    return (region.dir / "metrics-token").read_text().strip()


def scrape(region):
    answer = expect(fetch(region, own_token(region)), 200)
    assert answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    return parse(answer.body.decode())


def make_token(demo, region, *scopes):
    admin = demo.primary.admin
    operator = admin.get("/admin/v1/operators")["operators"][0]["id"]
    body = {"name": "scraper", "scopes": scopes, "region": region.name}
    answer = expect(admin.call("POST", f"/admin/v1/operators/{operator}/tokens", body), 201).json()["token"]
    demo.wait_caught_up()
    return answer


def test_each_region_has_a_token_of_its_own_for_metrics_alone(demo):
    tokens = [own_token(region) for region in demo.regions]
    assert tokens[0] != tokens[1]
    for region, other in (demo.regions, demo.regions[::-1]):
        assert stat.S_IMODE((region.dir / "metrics-token").stat().st_mode) == 0o600
        assert fetch(region, own_token(region)).status == 200
        assert fetch(region, own_token(other)).status == 401
        assert fetch(region, None).status == 401
        for path in ("/admin/v1/region", "/admin/v1/pools", "/admin/v1/audit", "/admin/v1/admin-tokens"):
            assert fetch(region, own_token(region), path).status == 401, path
        assert request(demo.ca, "GET", region.public + "/metrics").status == 404


def test_a_regions_own_token_is_listed_and_revoked_there(tmp_path):
    """By the command line, at both kinds of region; another one is made with the scope."""
    with Demo(tmp_path / "demo") as demo:
        for region in demo.regions:
            config = str(region.dir / "holdfast.json")

            def command(*words):
                return subprocess.run([demo.info["binary"], "admin-token", *words, "--config", config, "--json"],
                                      capture_output=True, text=True, timeout=60)

            def listed():
                return [token for token in json.loads(command("list").stdout)["tokens"] if token["scopes"] == ["metrics"]]

            own, = listed()
            assert (own["name"], own["operator"], own["region"]) == ("metrics-token", None, region.name)
            assert own["createdAt"] < own["expiresAt"]
            wrong = command("revoke", "--id", own["id"][:-1] + "x")
            assert wrong.returncode == 1 and fetch(region, own_token(region)).status == 200
            done = command("revoke", "--id", own["id"])
            assert done.returncode == 0, done.stderr
            assert fetch(region, own_token(region)).status == 401
            assert listed() == []
            exported = parse(fetch(region, demo.info["adminToken"]).body.decode())
            assert "holdfast_metrics_token_expiry_timestamp_seconds" not in exported
            wait_for_log(region, '"this region\'s metrics token was revoked"')
            region.kill()
            region.start()
            assert fetch(region, own_token(region)).status == 401
        demo.primary.wait_writable()
        trail = demo.primary.admin.get("/admin/v1/audit?limit=200")["events"]
        assert [event["region"] for event in trail if event["kind"] == "METRICS_TOKEN_REVOKED"] == [demo.primary.name]
        assert fetch(demo.secondary, make_token(demo, demo.secondary, "metrics")).status == 200


def test_admin_tokens_need_the_scope(demo):
    for region in demo.regions:
        metrics, reader = make_token(demo, region, "metrics"), make_token(demo, region, "read")
        assert fetch(region, metrics).status == 200
        assert fetch(region, metrics, "/admin/v1/region").status == 403
        assert fetch(region, reader).status == 403
        assert fetch(region, demo.info["adminToken"]).status == 200


def test_what_happened_is_counted(demo):
    before = [scrape(region) for region in demo.regions]
    tokens = [demo.sign_in(region.cognito) for region in demo.regions]
    wrong = demo.primary.cognito.sign_in(demo.info["clients"]["web"]["clientId"], demo.info["user"]["username"], "wrong")
    assert wrong.status == 400
    comments = f"{demo.primary.public}/apps/{demo.info['app']}/comments/photo-in-a-path"
    bearer = {"Authorization": f"Bearer {tokens[0]['AccessToken']}"}
    for _ in range(5):
        expect(request(demo.ca, "POST", comments, {"message": "hello", "commentId": new_id()}, bearer), 201)
    demo.wait_caught_up()
    after = [scrape(region) for region in demo.regions]

    def grown(index, name, suffix="", **labels):
        return after[index][name].total(suffix, **labels) - before[index][name].total(suffix, **labels)

    assert grown(0, "holdfast_sign_ins_total") == 1 and grown(1, "holdfast_sign_ins_total") == 1
    assert grown(0, "holdfast_password_attempts_failed_total") == 1
    assert grown(0, "holdfast_commit_transactions_total") >= 6
    assert grown(0, "holdfast_commit_write_duration_seconds", "_count") == grown(0, "holdfast_commit_batches_total") >= 5
    assert grown(1, "holdfast_batches_applied_total") >= 5
    assert grown(1, "holdfast_commit_batches_total") == 0
    route = {"listener": "public", "method": "POST", "route": "/apps/{app}/comments/{photo}", "status": "2xx"}
    assert grown(0, "holdfast_http_request_duration_seconds", "_count", **route) == 5
    assert 0 < grown(0, "holdfast_http_request_duration_seconds", "_sum", **route) < 60
    assert grown(0, "holdfast_http_request_duration_seconds", "_count", route="/", status="4xx") == 1
    assert grown(1, "holdfast_http_request_duration_seconds", "_count", route="/", status="2xx") == 1


def test_role_lag_and_slots_are_there(demo):
    demo.wait_caught_up()
    name = demo.secondary.name

    def in_step():  # a region sends home what happened there, so a batch may be on its way at any time
        got = scrape(demo.primary)
        level = all(got[f"holdfast_member_lag_{lag}"].value(member=name) == 0 for lag in ("seconds", "bytes", "batches"))
        return got if level and got["holdfast_member_heard_seconds"].value(member=name) < 5 else None

    primary = wait_until("the secondary is level, and was heard", in_step)
    secondary = scrape(demo.secondary)
    assert primary["holdfast_region_role"].value(role="primary") == 1
    assert primary["holdfast_region_role"].total() == 1
    assert secondary["holdfast_region_role"].value(role="secondary") == 1
    assert primary["holdfast_commit_open"].value() == 1 and secondary["holdfast_commit_open"].value() == 0
    assert primary["holdfast_region_reign"].value() == secondary["holdfast_region_reign"].value() == 1
    assert primary["holdfast_member_connected"].value(member=name) == 1
    assert primary["holdfast_member_slot"].value(member=name, state="reserved") == 1
    assert primary["holdfast_member_slot"].value(member=name, state="lost") == 0
    assert secondary["holdfast_primary_reachable"].value() == 1
    for region in (primary, secondary):
        assert region["holdfast_storage_free_bytes"].value() > region["holdfast_storage_free_floor_bytes"].value() > 0
        assert region["holdfast_tls_certificate_expiry_timestamp_seconds"].value() > 1.7e9
        assert region["holdfast_hash_queue_limit"].value() == 512


def test_nobody_is_named(demo):
    info = demo.info
    tokens = demo.sign_in(demo.primary.cognito)
    texts = [fetch(region, own_token(region)).body.decode() for region in demo.regions]
    planted = [info["user"]["username"] + '"', info["user"]["password"], info["adminToken"], info["pool"], info["app"] + '"',
               info["clients"]["web"]["clientId"], info["clients"]["machine"]["clientSecret"], info["bucket"],
               tokens["AccessToken"], "photo-in-a-path", "127.0.0.1", *map(own_token, demo.regions)]
    for text in texts:
        for needle in planted:
            assert needle not in text, needle[:12]


def test_promtool_finds_nothing_wrong(demo):
    promtool = shutil.which("promtool")
    assert promtool, "promtool is in Debian's package prometheus: ./dev setup test"
    for region in demo.regions:
        text = fetch(region, own_token(region)).body
        done = subprocess.run([promtool, "check", "metrics"], input=text, capture_output=True, timeout=60)
        assert done.returncode == 0, done.stdout + done.stderr


def documented():
    """Name → (type, labels, when, meaning) of docs/operations/metrics.md."""
    rows = {}
    for line in (ROOT / "docs" / "operations" / "metrics.md").read_text().splitlines():
        match = re.fullmatch(r"\| `(holdfast_\w+)` \| (\w+) \| (.*?) \| (.*?) \| (.*) \|", line)
        if match:
            name, kind, labels, when, meaning = match.groups()
            assert name not in rows, f"{name} is listed twice"
            rows[name] = (kind, sorted(re.findall(r"`(\w+)`", labels)), when, meaning)
    return rows


def seen(region, *names):
    """What the region exports once all these are in it."""
    def look():
        found = scrape(region)
        return all(name in found for name in names) and found

    return wait_until(f"{names} at {region.name}", look)


def scrape_a_joiner(demo, place):
    """What a third region exports while its snapshot arrives: the primary sends it slowly."""
    done = run("join-token", "--config", demo.primary.dir / "holdfast.json", "--name", "sa-east-1", "--out", place / "join-token")
    assert done.returncode == 0, done.stderr
    base = BASE_PORT + 60
    done = run("join", "--dir", place / "sa-east-1", "--region", "sa-east-1", "--token-file", place / "join-token", *settings(base))
    assert done.returncode == 0, done.stderr
    joiner = demo.add_region("sa-east-1", place / "sa-east-1", base)
    joiner.start(wait=False)
    return seen(joiner, "holdfast_snapshot_received_bytes", "holdfast_snapshot_total_bytes")


def test_the_page_lists_what_is_exported(demo, tmp_path):
    """Runs last: it kills regions and fences the primary, to see what only then is there."""
    rows = documented()
    primary, secondary = scrape(demo.primary), scrape(demo.secondary)
    demo.primary.kill()
    alone = seen(demo.secondary, "holdfast_primary_silent_seconds")
    assert alone["holdfast_primary_reachable"].value() == 0
    demo.secondary.kill()
    demo.primary.start("--set", "replication.snapshot_bytes_per_second=1000")
    waiting = seen(demo.primary, "holdfast_region_waiting_for")
    assert waiting["holdfast_region_waiting_for"].value(member=demo.secondary.name) == 1
    assert waiting["holdfast_region_fenced"].value(reason="waiting_for_peers") == 1
    demo.secondary.start()
    demo.primary.wait_writable()
    joining = scrape_a_joiner(demo, tmp_path)
    assert joining["holdfast_snapshot_received_bytes"].value() < joining["holdfast_snapshot_total_bytes"].value()
    expect(demo.primary.admin.call("POST", "/admin/v1/region/fence"), 200)
    fenced = scrape(demo.primary)
    assert fenced["holdfast_region_fenced"].value(reason="by_operator") == 1
    assert fenced["holdfast_commit_open"].value() == 0

    exported = set()
    for families in (primary, secondary, alone, waiting, joining, fenced):
        for name, family in families.items():
            assert name in rows, f"docs/operations/metrics.md does not list {name}"
            kind, labels, _, meaning = rows[name]
            assert (family.type, family.label_names, family.help) == (kind, labels, meaning), name
            exported.add(name)
    assert sorted(rows.keys() - exported) == [], "listed, and never exported"
    for name, (_, _, when, _) in rows.items():
        if when == "always":
            assert name in primary and name in secondary, name
        elif when == "primary":
            assert name in primary and name not in secondary, name
        else:
            assert when.startswith("while "), f"{name}: when is it there?"
