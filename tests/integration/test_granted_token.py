"""Every admin token has ended: who has the primary's host gets a new one by a start that is told so."""

import stat

from demo import BASE_PORT, wait_for_log, wait_until
from holdfast_client import Admin, expect
from single_region import SingleRegion


def token_ids(admin):
    return {token["id"]: token for token in admin.get("/admin/v1/admin-tokens")["tokens"] if token["scopes"] == ["admin"]}


def test_a_start_that_is_told_so_makes_one_admin_token(tmp_path):
    file = tmp_path / "granted"
    with SingleRegion(tmp_path / "us-east-1") as primary:
        assert primary.init().returncode == 0
        primary.serve()
        only, = token_ids(primary.admin)
        expect(primary.admin.call("DELETE", f"/admin/v1/admin-tokens/{only}"), 204)
        expect(primary.admin.call("GET", "/admin/v1/region"), 401)
        primary.stop()

        primary.serve("--admin-token-out", str(file))
        wait_until("the token's file", file.exists)
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        admin = Admin(primary.ca, primary.admin_url, file.read_text().strip())
        (made, token), = token_ids(admin).items()
        assert (token["name"], token["region"]) == ("serve", "us-east-1")
        events = admin.get("/admin/v1/audit?limit=50")["events"]
        assert [event["actor"] for event in events if event["kind"] == "ADMIN_TOKEN_CREATED"] == [{"kind": "system", "id": "holdfast"}]
        wait_for_log(primary, f'"tokenId":"{made}"')
        assert file.read_text().strip() not in primary.log()
        primary.stop()

        primary.serve()
        assert set(token_ids(admin)) == {made}, "once"


def test_a_token_that_cannot_be_written_is_revoked(tmp_path):
    with SingleRegion(tmp_path / "us-east-1") as primary:
        assert primary.init().returncode == 0
        primary.serve("--admin-token-out", str(tmp_path / "nowhere" / "granted"))
        line, = wait_for_log(primary, "no admin token was made")
        assert "nowhere" in line
        assert {token["name"] for token in token_ids(primary.admin).values()} == {"init"}
        events = [event["kind"] for event in primary.admin.get("/admin/v1/audit?limit=50")["events"]]
        assert events.count("ADMIN_TOKEN_REVOKED") == 1


def test_a_secondary_makes_none(tmp_path):
    file = tmp_path / "granted"
    with SingleRegion(tmp_path / "us-east-1") as primary, \
            SingleRegion(tmp_path / "eu-west-1", BASE_PORT + 10, "eu-west-1") as second:
        assert primary.init().returncode == 0
        primary.serve()
        assert second.join(primary).returncode == 0
        second.serve("--admin-token-out", str(file))
        wait_until("its own token", lambda: second.admin.get("/admin/v1/region")["role"] == "secondary")
        expect(primary.admin.call("POST", "/admin/v1/pools", {"name": "later"}), 201)
        wait_until("they are level", lambda: len({region.admin.get("/admin/v1/region")["position"]
                                                  for region in (primary, second)}) == 1)
        assert not file.exists()
        assert {token["name"] for token in token_ids(primary.admin).values()} == {"init", "join"}
