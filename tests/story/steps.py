"""The steps of the story. Each is a function that returns what to show, or raises: nothing is taken for granted."""

import pathlib
import stat
import subprocess
import time

from demo import wait_until
from holdfast_client import Cognito, client_credentials, expect, new_id, request, verify_rs256

FIRST_PASSWORD = "Temporary-1-Lantern"
PASSWORD = "Stone-7-Harbour-Light"


class Story:
    def __init__(self, demo, photo, start_seconds):
        self.demo, self.photo, self.start_seconds = demo, pathlib.Path(photo), start_seconds
        self.front = Cognito(demo.ca, demo.front)
        self.username = "ada"
        self.killed_at = None

    def play(self):
        steps = [
            ("1  two regions made: init, join with a one-time token, secrets in 0600 files", self.regions_are_made),
            ("2  pool, clients, app, bucket, group, user with a temporary password", self.administrator_sets_up),
            ("3  sign-in through the front door, new password, tokens verify in both regions", self.user_signs_in),
            ("4  photo uploaded with curl, comments added, the secondary has them byte for byte", self.photo_and_comments),
            ("5  client_credentials with the same id and secret at both regions", self.machine_signs_in),
            ("6  fenced: uploads and comments refused, reads go on; active again", self.fence_and_open),
            ("7a the primary is killed with kill -9; sign-in through the front door", self.kill_and_sign_in),
            ("7b old access token, refresh tokens, photo and comments still served", self.everything_still_works),
            ("7c failover set at the secondary: uploads and comments refused", self.fail_over),
            ("8a the primary returns, learns failover, is set active, takes writes", self.primary_returns),
            ("8b the secondary catches up; both regions compared at one position", self.regions_are_identical),
        ]
        for name, step in steps:
            begin = time.monotonic()
            try:
                shown = step()
            except Exception as error:  # the story ends at the first step that does not hold, and says why
                print(f"  FAILED  {name}\n          {type(error).__name__}: {error}", flush=True)
                for region in self.demo.regions:
                    print(region.log_end(), flush=True)
                return False
            print(f"  {time.monotonic() - begin:6.2f} s  {name}{': ' + shown if shown else ''}", flush=True)
        print("Every step held.")
        return True

    # Helpers

    @property
    def admin(self):
        return self.demo.primary.admin

    def bearer(self):
        return {"Authorization": f"Bearer {self.tokens['AccessToken']}"}

    def comments_url(self, base):
        return f"{base}/apps/{self.app}/comments/sunset.jpg"

    def photo_url(self, base):
        return f"{base}/{self.bucket}/sunset.jpg"

    def upload(self, base):
        command = ["curl", "-sS", "--noproxy", "*", "--cacert", self.demo.ca, "-o", "/dev/null", "-w", "%{http_code}",
                   "-T", str(self.photo), "-H", "Content-Type: image/jpeg", "-H", "x-amz-meta-place: lakeside",
                   "-H", "@-", self.photo_url(base)]
        # The token by standard input: everybody on the machine sees arguments.
        header = f"Authorization: {self.bearer()['Authorization']}\n"
        return int(subprocess.run(command, check=True, capture_output=True, input=header, text=True, timeout=60).stdout)

    def comment(self, base, message):
        return request(self.demo.ca, "POST", self.comments_url(base), {"message": message, "commentId": new_id()}, self.bearer())

    @staticmethod
    def taken(write):
        """The answer to a write through the front door. While that takes a busy primary for dead, it goes to a region that
        refuses it and names the primary (421): nothing was done, and clients try again."""
        def try_it():
            answer = write()
            return None if answer.status in (421, 503) else answer

        return wait_until("a region that takes writes", try_it)

    def fetch_photo(self, base):
        answer = request(self.demo.ca, "GET", self.photo_url(base), headers=self.bearer())
        expect(answer, 200)
        if answer.body != self.photo.read_bytes():
            raise AssertionError("the photo came back changed")
        return answer

    def fetch_messages(self, base):
        answer = expect(request(self.demo.ca, "GET", self.comments_url(base), headers=self.bearer()), 200)
        return [comment["message"] for comment in answer.json()["comments"]]

    def set_state(self, region, state, status=200):
        return expect(region.admin.call("PUT", f"/admin/v1/apps/{self.app}/state", {"state": state}), status).json()

    def state_at(self, base):
        return expect(request(self.demo.ca, "GET", f"{base}/state/{self.app}"), 200).json()

    def unused_app(self):
        """Another name when the directory has seen the story before."""
        taken = {app["appId"] for app in self.admin.get("/admin/v1/apps")["apps"]}
        return next(name for name in ("album", *(f"album-{n}" for n in range(2, 10000))) if name not in taken)

    # Steps

    def regions_are_made(self):
        for region in self.demo.regions:
            for name in ("region.key", "admin-token", "tls/server.key"):
                mode = stat.S_IMODE((region.dir / name).stat().st_mode)
                if mode != 0o600:
                    raise AssertionError(f"{region.dir / name} has mode {mode:o}")
        roles = [region.admin.get("/admin/v1/region")["role"] for region in self.demo.regions]
        if roles != ["primary"] + ["secondary"] * (len(roles) - 1):
            raise AssertionError(f"roles are {roles}")
        return f"up in {self.start_seconds:.1f} s, {', '.join(region.name for region in self.demo.regions)}"

    def administrator_sets_up(self):
        admin = self.admin
        self.pool = expect(admin.call("POST", "/admin/v1/pools", {"name": "story"}), 201).json()["id"]
        path = f"/admin/v1/pools/{self.pool}"
        web = {"name": "web", "type": "public", "flows": ["USER_PASSWORD_AUTH", "REFRESH_TOKEN_AUTH"],
               "scopes": ["aws.cognito.signin.user.admin"]}
        self.web = expect(admin.call("POST", f"{path}/clients", web), 201).json()["clientId"]
        machine = {"name": "machine", "type": "confidential", "flows": ["client_credentials"],
                   "scopes": ["objects.read", "objects.write"]}
        created = expect(admin.call("POST", f"{path}/clients", machine), 201).json()
        self.machine = created["clientId"], created["clientSecret"]
        user = {"username": self.username, "temporaryPassword": FIRST_PASSWORD,
                "attributes": {"email": "ada@example.com", "email_verified": "true"}}
        expect(admin.call("POST", f"{path}/users", user), 201)
        expect(admin.call("POST", f"{path}/groups", {"name": "photographers"}), 201)
        expect(admin.call("PUT", f"{path}/groups/photographers/users/{self.username}"), 200, 204)
        self.app = self.unused_app()
        self.bucket = f"{self.app}-photos"
        app = {"appId": self.app, "pool": self.pool, "clients": [self.web, self.machine[0]], "bucket": self.bucket,
               "origins": ["https://album.example.com"]}
        expect(admin.call("POST", "/admin/v1/apps", app), 201)
        self.demo.wait_caught_up()
        return f"pool {self.pool}"

    def user_signs_in(self):
        first = expect(self.front.sign_in(self.web, self.username, FIRST_PASSWORD), 200).json()
        if first.get("ChallengeName") != "NEW_PASSWORD_REQUIRED":
            raise AssertionError(f"expected the challenge NEW_PASSWORD_REQUIRED, got {first}")
        answer = self.front.call("RespondToAuthChallenge", {
            "ClientId": self.web, "ChallengeName": "NEW_PASSWORD_REQUIRED", "Session": first["Session"],
            "ChallengeResponses": {"USERNAME": self.username, "NEW_PASSWORD": PASSWORD}})
        self.tokens = expect(answer, 200).json()["AuthenticationResult"]
        for region in self.demo.regions:
            jwks = expect(region.get(f"/{self.pool}/.well-known/jwks.json"), 200).json()
            for kind in ("IdToken", "AccessToken"):
                claims = verify_rs256(self.tokens[kind], jwks)
                if claims["iss"] != f"{self.demo.front}/{self.pool}":
                    raise AssertionError(f"issuer is {claims['iss']}")
        if "photographers" not in claims.get("cognito:groups", []):
            raise AssertionError("the group is missing from the access token")
        return None

    def photo_and_comments(self):
        begin = time.monotonic()
        status = self.upload(self.demo.info["objectsFrontDoor"])
        if status != 200:
            raise AssertionError(f"upload answered {status}")
        for message in ("What a light!", "Where is this?", "Ünïcödé 🌅 <b>as it is</b>"):
            expect(self.taken(lambda: self.comment(self.demo.front, message)), 201)
        shown = []
        for secondary in self.demo.regions[1:]:
            wait_until(f"the photo at {secondary.name}", lambda base=secondary.objects: self.fetch_photo(base))
            arrived = time.monotonic() - begin
            wait_until("three comments", lambda base=secondary.public: len(self.fetch_messages(base)) == 3)
            if self.fetch_messages(secondary.public) != self.fetch_messages(self.demo.primary.public):
                raise AssertionError("the comments differ")
            shown.append(f"photo at {secondary.name} {arrived * 1000:.0f} ms after the upload began")
        for other in self.admin.get("/admin/v1/region")["secondaries"]:
            shown.append(f"lag of {other['name']} {other['lagSeconds']:.3f} s, {other['lagBytes']} bytes")
        return f"{self.photo.stat().st_size} bytes; " + "; ".join(shown)

    def machine_signs_in(self):
        for region in self.demo.regions:
            answer = client_credentials(self.demo.ca, region.public, self.pool, *self.machine)
            claims = verify_rs256(expect(answer, 200).json()["access_token"],
                                  expect(region.get(f"/{self.pool}/.well-known/jwks.json"), 200).json())
            if set(claims["scope"].split()) != {"objects.read", "objects.write"}:
                raise AssertionError(f"scopes are {claims['scope']}")
        return None

    def refused(self, base, objects_base, code, words):
        """The app's own state refuses, by its documented code: not the region's role, which may refuse as well."""
        answer = expect(self.taken(lambda: self.comment(base, "too late")), 409).json()
        if answer["code"] != code:
            raise AssertionError(f"expected {code}, got {answer['code']}")
        upload = expect(request(self.demo.ca, "PUT", f"{objects_base}/{self.bucket}/late.jpg", self.photo.read_bytes(), self.bearer()), 403)
        if b"<Code>AccessDenied</Code>" not in upload.body or words not in upload.body.decode():
            raise AssertionError(f"expected AccessDenied with '{words}', got {upload}")
        self.fetch_photo(objects_base)
        self.fetch_messages(base)

    def fence_and_open(self):
        self.set_state(self.demo.primary, "fenced")
        self.refused(self.demo.front, self.demo.info["objectsFrontDoor"], "app_fenced", "state is fenced")
        self.set_state(self.demo.primary, "active")
        expect(self.taken(lambda: self.comment(self.demo.front, "open again")), 201)
        return None

    def kill_and_sign_in(self):
        self.demo.wait_caught_up()
        late = expect(self.front.refresh(self.web, self.tokens["RefreshToken"]), 200).json()["AuthenticationResult"]
        last = expect(self.demo.primary.cognito.sign_in(self.web, self.username, PASSWORD), 200).json()
        self.demo.primary.kill()
        self.killed_at = time.monotonic()
        self.last_refresh_token = last["AuthenticationResult"]["RefreshToken"]
        self.late_access_token = late["AccessToken"]
        quick = Cognito(self.demo.ca, self.demo.front, timeout=2)
        wait_until("a sign-in through the front door",
                   lambda: quick.sign_in(self.web, self.username, PASSWORD).status == 200, interval=0.01)
        self.recovery_seconds = time.monotonic() - self.killed_at
        return f"first successful sign-in {self.recovery_seconds:.2f} s after the kill"

    def everything_still_works(self):
        for token in (self.tokens["AccessToken"], self.late_access_token):
            expect(self.front.call("GetUser", {"AccessToken": token}), 200)
        for token in (self.last_refresh_token, self.tokens["RefreshToken"]):
            self.tokens.update(expect(self.front.refresh(self.web, token), 200).json()["AuthenticationResult"])
        self.fetch_photo(self.demo.info["objectsFrontDoor"])
        messages = self.fetch_messages(self.demo.front)
        if len(messages) != 4:
            raise AssertionError(f"expected four comments, got {messages}")
        return "one refresh token was issued in the primary's last milliseconds"

    def fail_over(self):
        answer = self.set_state(self.demo.secondary, "failover")
        self.refused(self.demo.front, self.demo.info["objectsFrontDoor"], "app_failed_over", "state is failover")
        state = self.state_at(self.demo.front)["state"]
        if state != "failover":
            raise AssertionError(f"state is {state}")
        return f"confirmed by {', '.join(answer['confirmedBy'])}"

    def primary_returns(self):
        self.demo.primary.start()
        self.demo.primary.wait_for("/health/traffic?role=primary")
        wait_until("the primary has learned failover", lambda: self.state_at(self.demo.primary.public)["state"] == "failover")
        self.set_state(self.demo.primary, "active")
        expect(self.comment(self.demo.primary.public, "home again"), 201)
        return None

    def regions_are_identical(self):
        self.demo.wait_caught_up()
        wait_until("the last comment at the secondary",
                   lambda: self.fetch_messages(self.demo.secondary.public)[-1] == "home again")
        verify = [self.demo.info["binary"], "verify", "--json", "--config", str(self.demo.primary.dir / "holdfast.json")]
        done = subprocess.run(verify, capture_output=True, text=True, timeout=120)
        if done.returncode != 0:
            raise AssertionError(f"verify: {done.stdout} {done.stderr}")
        return "identical"
