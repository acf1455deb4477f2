"""Every command that calls a running region: created, listed, shown, changed, deleted; for people and for machines."""

import contextlib
import http.server
import json
import re
import ssl
import stat
import threading

import pytest

from demo import BASE_PORT
from holdfast_client import Cognito, client_credentials, expect
from single_region import SingleRegion, run

FAMILIES = ("pool", "user", "group", "client", "app", "bucket", "state", "key", "operator", "admin-token", "audit", "region")
# What these print is about the program itself.
WITHOUT_A_REGION = ("completion", "manual")


@pytest.fixture(scope="module")
def region(tmp_path_factory):
    with SingleRegion(tmp_path_factory.mktemp("commands") / "region", BASE_PORT) as region:
        done = region.init()
        assert done.returncode == 0, done.stderr
        region.serve()
        yield region


@pytest.fixture(scope="module")
def pool(region):
    return command(region, "pool", "create", "--name", "users")["id"]


def command(region, *arguments, text=None):
    """Runs a command that must work, with --json, and gives what it printed."""
    done = run(*arguments, "--config", region.config, "--json", text=text)
    assert done.returncode == 0 and done.stderr == "", (arguments, done)
    return json.loads(done.stdout)


def for_people(region, *arguments):
    done = run(*arguments, "--config", region.config)
    assert done.returncode == 0 and done.stderr == "", (arguments, done)
    return done.stdout


def refused(region, *arguments, status=1):
    """Runs a command that must fail: one line, for machines too."""
    done = run(*arguments, "--config", region.config, "--json")
    lines = done.stderr.splitlines()
    assert done.returncode == status and len(lines) == 1 and lines[0].startswith("holdfast: "), (arguments, done)
    if status == 1:
        error = json.loads(done.stdout)["error"]
        assert error["message"] in lines[0]
        return error["code"]
    return lines[0]


def names(rows, field):
    return [row[field] for row in rows]


def help_of(*arguments):
    done = run(*arguments, "--help")
    assert done.returncode == 0 and done.stderr == "" and done.stdout.startswith(("Holdfast", *"ABCDEFGHIJKLMNOPQRSTUVWXYZ"))
    return done.stdout


def subcommands(text):
    listed = text.split("Subcommands:\n", 1)
    return re.findall(r"^  ([a-z-]+)", listed[1], re.M) if len(listed) == 2 else []


def test_every_command_has_help():
    top = subcommands(help_of())
    assert {*FAMILIES, "init", "join-token", "join", "serve", "verify", "demo", "version"} <= set(top)
    for name in top:
        verbs = subcommands(help_of(name))
        assert bool(verbs) == (name in (*FAMILIES, *WITHOUT_A_REGION)), (name, verbs)
        for verb in verbs:
            text = help_of(name, verb)
            assert ("--json" in text and "--config" in text) == (name in FAMILIES), (name, verb)


def test_every_row_of_the_table_is_run_here():
    """A command that nobody runs may be broken: this file names each of them."""
    here = open(__file__, encoding="utf-8").read()
    for family in FAMILIES:
        for verb in subcommands(help_of(family)):
            assert f'"{family}", "{verb}"' in here, f"{family} {verb}"


def test_pools(region, tmp_path):
    made = command(region, "pool", "create", "--name", "drawer", "--algorithm", "ES256")
    assert made["algorithm"] == "ES256"
    pool = made["id"]
    assert pool in names(command(region, "pool", "list")["pools"], "id")
    assert pool in for_people(region, "pool", "list", "--limit", "200")
    shown = command(region, "pool", "show", "--pool", pool)
    assert shown == made
    assert "name: drawer\n" in for_people(region, "pool", "show", "--pool", pool)

    settings = tmp_path / "settings.json"
    shown["passwordPolicy"]["minimumLength"] = 12
    for name in ("id", "createdAt", "modifiedAt"):
        del shown[name]
    settings.write_text(json.dumps(shown))
    assert command(region, "pool", "update", "--pool", pool, "--settings-file", settings)["passwordPolicy"]["minimumLength"] == 12
    shown["name"] = "renamed"
    again = command(region, "pool", "update", "--pool", pool, "--settings-file", "-", text=json.dumps(shown))
    assert again["name"] == "renamed" and again["passwordPolicy"]["minimumLength"] == 12
    settings.write_text('{"lifetimes": {"accessTokenSeconds": 600}}')
    mixed = command(region, "pool", "create", "--name", "mixed", "--settings-file", settings)
    assert mixed["lifetimes"]["accessTokenSeconds"] == 600

    assert refused(region, "pool", "show", "--pool", "us-east-1_absent") == "not_found"
    assert refused(region, "pool", "create", "--name", "x", "--algorithm", "HS256") == "invalid_field"
    assert refused(region, "pool", "create") == "missing_field"
    assert refused(region, "pool", "list", "--limit", "many") == "invalid_limit"
    settings.write_text("{")
    done = run("pool", "update", "--pool", pool, "--settings-file", settings, "--config", region.config)
    assert done.returncode == 2 and "settings.json" in done.stderr and len(done.stderr.splitlines()) == 1


def test_clients(region, pool, tmp_path):
    web = command(region, "client", "create", "--pool", pool, "--name", "web", "--type", "public", "--flow",
                  "USER_PASSWORD_AUTH", "--flow", "REFRESH_TOKEN_AUTH", "--scope", "aws.cognito.signin.user.admin")
    assert "clientSecret" not in web and len(web["flows"]) == 2
    secret_file = tmp_path / "secret"
    machine = command(region, "client", "create", "--pool", pool, "--name", "machine", "--type", "confidential",
                      "--flow", "client_credentials", "--scope", "objects.read", "--secret-out", secret_file)
    assert "clientSecret" not in machine and machine["clientSecretFile"] == str(secret_file)
    assert stat.S_IMODE(secret_file.stat().st_mode) == 0o600

    def grant():
        return client_credentials(region.ca, region.public, pool, machine["clientId"], secret_file.read_text().strip())

    expect(grant(), 200)
    ids = names(command(region, "client", "list", "--pool", pool)["clients"], "clientId")
    assert {web["clientId"], machine["clientId"]} <= set(ids)
    one = ("--pool", pool, "--client", machine["clientId"])
    assert "clientSecret" not in command(region, "client", "show", *one)
    command(region, "client", "renew-secret", *one, "--secret-out", tmp_path / "newer")
    expect(grant(), 401)
    secret_file = tmp_path / "newer"
    expect(grant(), 200)
    settings = {"name": "renamed", "flows": ["client_credentials"], "scopes": ["objects.read"], "enabled": False}
    changed = command(region, "client", "update", *one, "--settings-file", "-", text=json.dumps(settings))
    assert changed["name"] == "renamed" and changed["enabled"] is False
    expect(grant(), 400, 401)
    assert command(region, "client", "delete", *one) == {}
    assert refused(region, "client", "show", *one) == "not_found"
    assert for_people(region, "client", "delete", "--pool", pool, "--client", web["clientId"]) == ""
    # Nothing is made when there is no place for its secret.
    before = command(region, "client", "list", "--pool", pool)
    assert "no directory" in refused(region, "client", "create", "--pool", pool, "--name", "x", "--type", "confidential",
                                     "--flow", "client_credentials", "--scope", "objects.read", "--secret-out",
                                     tmp_path / "absent" / "secret", status=2)
    assert command(region, "client", "list", "--pool", pool) == before


def test_users(region, pool, tmp_path):
    password = tmp_path / "password"
    password.write_text("Correct-Horse-1\n")
    one = ("--pool", pool, "--username", "ada")
    client = command(region, "client", "create", "--pool", pool, "--name", "sign-in", "--type", "public", "--flow",
                     "USER_PASSWORD_AUTH")["clientId"]

    def sign_in(text):
        return Cognito(region.ca, region.public, 60).sign_in(client, "ada", text)

    made = command(region, "user", "create", *one, "--password-file", password, "--attribute", "email=ada@example.com",
                   "--attribute", "name=Ada")
    assert made["status"] == "CONFIRMED" and "password" not in json.dumps(made).lower()
    expect(sign_in("Correct-Horse-1"), 200)
    drawn = tmp_path / "drawn"
    bob = command(region, "user", "create", "--pool", pool, "--username", "bob", "--temporary-password-out", drawn)
    assert bob["status"] == "FORCE_CHANGE_PASSWORD" and len(drawn.read_text().strip()) >= 8
    assert "temporaryPassword" not in bob
    eve = command(region, "user", "create", "--pool", pool, "--username", "eve", "--temporary-password-file", "-",
                  text="Temporary-Horse-1\n")
    assert eve["status"] == "FORCE_CHANGE_PASSWORD" and "temporaryPassword" not in eve

    assert names(command(region, "user", "list", "--pool", pool)["users"], "username") == ["ada", "bob", "eve"]
    for flag, value in (("--email", "ada@example.com"), ("--username", "ada"), ("--sub", made["sub"]), ("--prefix", "ad"),
                        ("--email-prefix", "ada@")):
        assert names(command(region, "user", "list", "--pool", pool, flag, value)["users"], "username") == ["ada"], flag
    assert command(region, "user", "list", "--pool", pool, "--phone", "+14155550199")["users"] == []
    first = command(region, "user", "list", "--pool", pool, "--limit", "2")
    rest = command(region, "user", "list", "--pool", pool, "--limit", "2", "--next", first["next"])
    assert names(rest["users"], "username") == ["eve"]
    assert command(region, "user", "show", *one)["attributes"]["email"] == "ada@example.com"
    fay = command(region, "user", "create", "--pool", pool, "--username", "fay", "--settings-file", "-",
                  text='{"attributes": {"email": "fay@example.com"}}')
    assert fay["attributes"]["email"] == "fay@example.com"
    command(region, "user", "delete", "--pool", pool, "--username", "fay")
    changed = command(region, "user", "set-attributes", *one, "--attribute", "name=", "--attribute", "locale=de")
    assert changed["attributes"].get("locale") == "de" and "name" not in changed["attributes"]
    assert command(region, "user", "disable", *one)["enabled"] is False
    assert refused(region, "user", "disable", *one) == "state_unchanged"
    expect(sign_in("Correct-Horse-1"), 400)
    assert command(region, "user", "enable", *one)["enabled"] is True
    password.write_text("Another-Horse-2")
    command(region, "user", "set-password", *one, "--password-file", password, "--permanent")
    expect(sign_in("Another-Horse-2"), 200)
    for _ in range(6):
        sign_in("wrong")
    assert command(region, "user", "unlock", *one) == {}
    expect(sign_in("Another-Horse-2"), 200)
    assert command(region, "user", "sign-out", *one) == {}
    assert command(region, "user", "groups", *one)["groups"] == []
    assert refused(region, "user", "create", *one) == "already_exists"
    assert refused(region, "user", "create", "--pool", pool, "--username", "x", "--attribute", "shoe=44") == "invalid_attribute"
    assert "NAME=VALUE" in refused(region, "user", "create", "--pool", pool, "--username", "x", "--attribute", "email", status=2)
    password.write_text("short")
    assert refused(region, "user", "set-password", *one, "--password-file", password) == "invalid_password"
    assert command(region, "user", "delete", "--pool", pool, "--username", "eve") == {}
    assert refused(region, "user", "show", "--pool", pool, "--username", "eve") == "not_found"


def test_groups(region, pool):
    command(region, "user", "create", "--pool", pool, "--username", "member%one/x")
    one = ("--pool", pool, "--group", "readers&writers/all")
    made = command(region, "group", "create", "--pool", pool, "--name", "readers&writers/all", "--description", "both",
                   "--precedence", "7")
    assert (made["description"], made["precedence"]) == ("both", 7)
    assert names(command(region, "group", "list", "--pool", pool)["groups"], "name") == ["readers&writers/all"]
    assert command(region, "group", "show", *one) == made
    changed = command(region, "group", "update", *one, "--description", "none", "--precedence", "0")
    assert (changed["description"], changed["precedence"]) == ("none", 0)
    user = ("--username", "member%one/x")
    assert command(region, "group", "add", *one, *user) == {}
    assert refused(region, "group", "add", *one, *user) == "state_unchanged"
    assert names(command(region, "group", "members", *one)["users"], "username") == ["member%one/x"]
    assert names(command(region, "user", "groups", "--pool", pool, *user)["groups"], "name") == ["readers&writers/all"]
    assert command(region, "group", "remove", *one, *user) == {}
    assert command(region, "group", "members", *one)["users"] == []
    assert command(region, "group", "delete", *one) == {}
    assert refused(region, "group", "show", *one) == "not_found"
    assert "whole number" in refused(region, "group", "create", "--pool", pool, "--name", "g", "--precedence", "high", status=2)


def test_apps_buckets_and_states(region, pool):
    client = command(region, "client", "create", "--pool", pool, "--name", "photos", "--type", "public", "--flow",
                     "USER_PASSWORD_AUTH")["clientId"]
    made = command(region, "app", "create", "--app", "photos", "--pool", pool, "--client", client, "--origin",
                   "https://photos.example", "--automatic-failover", "true")
    assert made["automaticFailover"] is True and made["state"] == "active" and made["clients"] == [client]
    assert names(command(region, "app", "list", "--limit", "10")["apps"], "appId") == ["photos"]
    changed = command(region, "app", "update", "--app", "photos", "--origin", "https://other.example",
                      "--accept-id-token", "true", "--automatic-failover", "false")
    assert changed["origins"] == ["https://other.example"] and changed["clients"] == [client]
    assert (changed["acceptIdToken"], changed["automaticFailover"]) == (True, False)
    assert command(region, "app", "show", "--app", "photos")["origins"] == ["https://other.example"]
    assert "true or false" in refused(region, "app", "update", "--app", "photos", "--accept-id-token", "yes", status=2)

    bucket = command(region, "bucket", "create", "--bucket", "photos-bucket", "--app", "photos")
    assert bucket["app"] == "photos"
    assert names(command(region, "bucket", "list")["buckets"], "name") == ["photos-bucket"]
    assert command(region, "bucket", "show", "--bucket", "photos-bucket") == bucket
    assert refused(region, "bucket", "create", "--bucket", "second-bucket", "--app", "photos") == "app_has_bucket"
    assert refused(region, "bucket", "delete", "--bucket", "photos-bucket") == "app_not_fenced"

    assert command(region, "state", "get", "--app", "photos")["state"] == "active"
    fenced = command(region, "state", "set", "--app", "photos", "--state", "fenced")
    assert (fenced["state"], fenced["version"], fenced["confirmedBy"]) == ("fenced", 2, ["us-east-1"])
    assert refused(region, "state", "set", "--app", "photos", "--state", "fenced") == "state_unchanged"
    assert refused(region, "state", "set", "--app", "photos", "--state", "Fenced") == "invalid_state"
    assert "state: fenced\n" in for_people(region, "state", "get", "--app", "photos")

    assert refused(region, "app", "delete", "--app", "photos") == "app_has_bucket"
    assert command(region, "bucket", "delete", "--bucket", "photos-bucket") == {}
    assert refused(region, "bucket", "show", "--bucket", "photos-bucket") == "no_such_bucket"
    assert command(region, "app", "delete", "--app", "photos") == {}
    assert refused(region, "app", "show", "--app", "photos") == "not_found"


def test_keys(region, pool):
    before = names(command(region, "key", "list", "--pool", pool)["keys"], "kid")
    kid = command(region, "key", "rotate", "--pool", pool)["kid"]
    assert kid not in before and kid in names(command(region, "key", "list", "--pool", pool)["keys"], "kid")
    urgent = command(region, "key", "rotate", "--pool", pool, "--emergency")["kid"]
    states = {key["kid"]: key["state"] for key in command(region, "key", "list", "--pool", pool)["keys"]}
    assert states[urgent] == "active" and "active" not in [states.get(old) for old in before]
    assert refused(region, "key", "rotate", "--pool", "us-east-1_absent") == "not_found"


def test_operators_and_admin_tokens(region, tmp_path):
    made = command(region, "operator", "create", "--name", "Bea", "--email", "bea@example.com", "--phone", "+14155550123")
    unseen = command(region, "operator", "create", "--settings-file", "-",
                     text='{"name": "Cy", "email": "cy@example.com", "phone": "+14155550124"}')
    assert unseen["email"] == "cy@example.com"
    assert refused(region, "operator", "create", "--name", "Dee") == "missing_field"
    one = ("--operator", made["id"])
    assert names(command(region, "operator", "list")["operators"], "name") == ["Ada", "Bea", "Cy"]
    assert command(region, "operator", "show", *one) == made
    token_file = tmp_path / "token"
    token = command(region, "admin-token", "create", *one, "--name", "dashboard", "--scope", "read", "--seconds", "3600",
                    "--for-region", "us-east-1", "--token-out", token_file)
    assert "token" not in token and stat.S_IMODE(token_file.stat().st_mode) == 0o600
    listed = command(region, "admin-token", "list")["tokens"]
    assert sorted(row["name"] for row in listed) == ["dashboard", "init", "metrics-token"]
    assert token_file.read_text().strip() not in json.dumps(listed)

    by_hand = ("--url", region.admin_url, "--ca-file", region.ca, "--token-file", token_file)

    def with_token(*arguments):
        done = run(*arguments, *by_hand)
        return done.returncode, done.stdout + done.stderr

    status, text = with_token("pool", "list")
    assert status == 0, text
    status, text = with_token("pool", "create", "--name", "x")
    assert status == 1 and "forbidden, 403" in text
    assert command(region, "operator", "disable", *one)["enabled"] is False
    assert with_token("pool", "list")[0] == 1
    assert command(region, "operator", "enable", *one)["enabled"] is True
    assert with_token("pool", "list")[0] == 0
    assert command(region, "admin-token", "revoke", "--id", token["id"]) == {}
    status, text = with_token("pool", "list")
    assert status == 1 and "unauthenticated, 401" in text and len(text.splitlines()) == 1
    assert refused(region, "admin-token", "revoke", "--id", token["id"]) == "not_found"
    assert refused(region, "operator", "create", "--name", "B", "--email", "nobody", "--phone", "+14155550123") == "invalid_operator"


def test_audit(region, pool):
    events = command(region, "audit", "list", "--limit", "200")["events"]
    kinds = {event["kind"] for event in events}
    assert any(kind.startswith("POOL") for kind in kinds), kinds
    late = events[-1]["time"]
    assert late not in {event["time"] for event in command(region, "audit", "list", "--until", late)["events"]}
    assert command(region, "audit", "list", "--from", late)["events"]
    assert refused(region, "audit", "list", "--from", "yesterday") == "invalid_field"


def test_region(region):
    assert command(region, "region", "status")["role"] == "primary"
    assert for_people(region, "region", "status").startswith("us-east-1 is the PRIMARY: it takes writes.\n")
    fenced = command(region, "region", "fence")
    assert fenced["role"] == "fenced"
    assert refused(region, "pool", "create", "--name", "late") == "read_only_region"
    assert "us-east-1 is FENCED: " in for_people(region, "region", "status")
    assert command(region, "region", "unfence")["role"] == "primary"
    command(region, "pool", "create", "--name", "again")
    assert refused(region, "region", "remove", "ap-south-1") == "not_found"
    assert refused(region, "region", "remove", "us-east-1?force=true") == "not_found"  # a name, whatever is in it
    assert refused(region, "verify") == "not_found"  # there is no other region


def test_unclear_calls_get_one_clear_line(region, tmp_path):
    def line(*arguments, status, text=None):
        done = run(*arguments, text=text)
        assert done.returncode == status and done.stdout == "" and len(done.stderr.splitlines()) == 1, (arguments, done)
        assert done.stderr.startswith("holdfast: ")
        return done.stderr

    assert "--help" in line(status=2)
    assert "pol" in line("pol", "list", status=2)
    assert "--pool" in line("user", "list", "--config", region.config, status=2)
    assert "--config" in line("pool", "list", status=2)
    assert "--wrong" in line("pool", "list", "--config", region.config, "--wrong", status=2)
    assert "none.json" in line("pool", "list", "--config", tmp_path / "none.json", status=2)
    assert "standard input" in line("pool", "create", "--settings-file", "-", "--config", region.config, status=1,
                                    text=" " * (1024 * 1024 + 1))
    by_hand = ["--url", region.admin_url, "--ca-file", region.ca, "--token-file", region.dir / "admin-token"]
    assert "absent" in line("pool", "list", *by_hand[:-1], tmp_path / "absent", status=1)
    assert "localhost" in line("pool", "list", "--url", f"https://localhost:{BASE_PORT + 9}", *by_hand[2:], status=1)
    assert "https" in line("pool", "list", "--url", "http://localhost:1", *by_hand[2:], status=1)
    # A certificate that no given authority signed.
    other = SingleRegion(tmp_path / "other", BASE_PORT + 50)
    assert other.init().returncode == 0
    assert "certificate" in line("pool", "list", *by_hand[:2], "--ca-file", other.ca, *by_hand[4:], status=1)


@contextlib.contextmanager
def other_server(region, port):
    """Something else behind a certificate that is trusted: answers 200 with the body that its path names."""
    class Handler(http.server.BaseHTTPRequestHandler):
        def answer(self):
            body = answers.pop()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = do_DELETE = answer

        def log_message(self, *_):
            pass

    answers = []
    with http.server.HTTPServer(("127.0.0.1", port), Handler) as server:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(region.dir / "tls" / "server.crt", region.dir / "tls" / "server.key")
        server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield answers
        finally:
            server.shutdown()
            thread.join()


def test_an_answer_of_something_else_is_told_in_one_line(region, tmp_path):
    by_hand = ["--url", f"https://localhost:{BASE_PORT + 8}", "--ca-file", region.ca, "--token-file", region.dir / "admin-token"]
    calls = [("region", "status"), ("verify",), ("join-token", "--name", "eu-west-1", "--out", tmp_path / "token"), ("pool", "list")]
    with other_server(region, BASE_PORT + 8) as answers:
        for body in (b"[]", b"7", b"<html>", b"{}", b'{"name": 7, "token": [], "role": {}, "reports": 3}'):
            for call in calls:
                answers.append(body)
                done = run(*call, *by_hand)
                if call == ("pool", "list") and body.startswith(b"{"):
                    continue  # shown as it is
                assert done.returncode == 1 and len(done.stderr.splitlines()) == 1, (call, body, done)
                assert done.stderr.startswith("holdfast: "), (call, body, done)
    assert not (tmp_path / "token").exists()
