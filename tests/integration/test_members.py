"""Joining and removing a member by hand, as an operator does it: `init`, `join-token`, `join`, `region remove`."""

import json
import stat

import pytest

from demo import BASE_PORT, wait_until
from holdfast_client import Admin, expect
from single_region import SingleRegion, run


@pytest.fixture
def primary(tmp_path):
    with SingleRegion(tmp_path / "us-east-1") as region:
        assert region.init().returncode == 0
        region.serve()
        yield region


def join(primary, directory):
    region = SingleRegion(directory, BASE_PORT + 10, "eu-west-1")
    done = region.join(primary, "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["adminTokenFile"] == str(directory / "admin-token")
    secret = (directory / "admin-token").read_text().strip()
    assert secret and secret not in done.stdout + done.stderr
    return region


def names_of(region):
    return [secondary["name"] for secondary in region.admin.get("/admin/v1/region")["secondaries"]]


def streaming(region):
    return [secondary["name"] for secondary in region.admin.get("/admin/v1/region")["secondaries"]
            if secondary["state"] == "streaming"]


def are_level(*regions):
    return len({region.admin.get("/admin/v1/region")["position"] for region in regions}) == 1


def test_join_leaves_an_admin_token_that_outlives_the_primary(primary, tmp_path):
    with join(primary, tmp_path / "eu-west-1") as second:
        assert stat.S_IMODE((second.dir / "admin-token").stat().st_mode) == 0o600
        second.serve()
        token = (second.dir / "admin-token").read_text().strip()
        wait_until("the token's row", lambda: second.admin.call("GET", "/admin/v1/region").status == 200)
        elsewhere = Admin(primary.ca, primary.admin_url, token)
        expect(elsewhere.call("GET", "/admin/v1/region"), 401)
        primary.kill()
        assert second.admin.get("/admin/v1/region")["name"] == "eu-west-1"
        listed = second.admin.get("/admin/v1/admin-tokens")
        assert sorted(each["name"] for each in listed["tokens"]) == ["init", "join", "metrics-token"], listed


def test_a_dead_member_is_removed_and_replaced(primary, tmp_path):
    with join(primary, tmp_path / "first") as first:
        first.serve()
        wait_until("it streams", lambda: streaming(primary) == ["eu-west-1"])
        refused = run("region", "remove", "eu-west-1", "--config", primary.config)
        assert refused.returncode == 1 and "member_live" in refused.stderr, refused.stderr
        first.kill()
        removed = run("region", "remove", "eu-west-1", "--force", "--config", primary.config)
        assert removed.returncode == 0, removed.stderr
        assert names_of(primary) == []
        again = run("region", "remove", "eu-west-1", "--config", primary.config)
        assert again.returncode == 1 and "state_unchanged" in again.stderr, again.stderr
    with join(primary, tmp_path / "second") as second:
        second.serve()
        wait_until("it streams", lambda: streaming(primary) == ["eu-west-1"])
        wait_until("it caught up", lambda: are_level(primary, second))
        # The old one's key opens nothing any more.
        first.serve("--set", "listeners.replication.address=127.0.0.1:" + str(BASE_PORT + 23),
                    "--set", "listeners.public.address=127.0.0.1:" + str(BASE_PORT + 20),
                    "--set", "listeners.objects.address=127.0.0.1:" + str(BASE_PORT + 21),
                    "--set", "listeners.admin.address=127.0.0.1:" + str(BASE_PORT + 22), wait=False)
        wait_until("it is refused", lambda: '"refused":"unknown peer"' in first.log())
        first.stop()
        wait_until("the new one is as it was", lambda: are_level(primary, second))
