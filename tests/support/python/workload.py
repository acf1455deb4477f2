"""A seeded workload of mixed operations through real HTTP, and a model of what they must have left behind.

Every lane is one thread with things of its own, so that what a thing may be now is exact: the one state that an answer
confirmed or, where no answer came, also the one that was asked for. A kill ends the connection; then the next step of
the lane looks at the primary, and what it finds must be one of these.
"""

import hashlib
import http.client
import random
import re
import threading

from demo import wait_until
from holdfast_client import Cognito, expect, new_id, request

NOT_NOW = (421, 503)  # this region does not write now, or cannot serve just now: nothing was done
LOST = (OSError, http.client.HTTPException)


class Wrong(AssertionError):
    """An answer that the model has no place for."""


class Lane(threading.Thread):
    """`may_be` holds for every thing the set of states it may be in."""

    def __init__(self, demo, seed, name):
        super().__init__(name=name)
        self.demo, self.chance = demo, random.Random(f"{seed} {name}")
        self.may_be, self.acknowledged, self.unknown = {}, 0, 0
        self.done, self.failure = threading.Event(), None

    def run(self):
        try:
            while not self.done.is_set():
                try:
                    self.step()
                except LOST:
                    self.done.wait(0.03)
        except Exception as error:  # the test fails with it: a thread has nobody to tell
            self.failure = error

    def attempt(self, thing, after, call, wanted, refused=()):
        """Asks for a change; gives whether it is known to be done. Nothing is done where the status is in `refused`."""
        before = self.may_be.get(thing, {None})
        try:
            answer = call()
        except LOST as error:
            if not isinstance(error.__cause__, ConnectionRefusedError):  # nobody was there to do it
                self.may_be[thing] = before | {after}
                self.unknown += 1
            raise
        if answer.status in wanted:
            self.may_be[thing] = {after}
            self.acknowledged += 1
            return answer
        if answer.status in NOT_NOW + refused:
            self.done.wait(0.03)
            return None
        if answer.status >= 500:
            self.may_be[thing] = before | {after}
            self.unknown += 1
            return None
        raise Wrong(f"{self.name}: {thing}, {before} to {after}: {answer.asked}: {answer}")

    def now(self, thing):
        """What the thing is, looked up where it is not known."""
        states = self.may_be.get(thing, {None})
        if len(states) > 1:
            seen = self.look(self.demo.primary, thing)
            if seen not in states:
                raise Wrong(f"{self.name}: {thing} is {seen}, not one of {states}")
            self.may_be[thing] = states = {seen}
        return next(iter(states))

    def look(self, region, thing):
        raise NotImplementedError

    def compare(self, regions):
        """At the end: everything is what it may be, and the same at all regions."""
        for thing, states in self.may_be.items():
            seen = [self.look(region, thing) for region in regions]
            if len(set(seen)) != 1 or seen[0] not in states:
                raise Wrong(f"{self.name}: {thing} is {seen} at the regions; acknowledged or possible: {states}")


class Bearer(Lane):
    def __init__(self, demo, seed, name, token):
        super().__init__(demo, seed, name)
        self.token = token

    def call(self, method, url, body=None, headers=None):
        return request(self.demo.ca, method, url, body, {"Authorization": f"Bearer {self.token}", **(headers or {})}, 30)


class Comments(Bearer):
    """Writes, tries to write over, and deletes."""

    def url(self, region):
        return f"{region.public}/apps/{self.demo.info['app']}/comments/{self.name}"

    def step(self):
        comment = self.chance.choice([*self.may_be, None, None]) if len(self.may_be) < 500 else self.chance.choice([*self.may_be])
        comment = comment or new_id()
        url, message = self.url(self.demo.primary), f"message {self.chance.random()}"
        if self.now(comment) is None:
            body = {"message": message, "commentId": comment}
            self.attempt(comment, message, lambda: self.call("POST", url, body), (201,))
        elif self.chance.random() < 0.3:
            self.attempt(comment, None, lambda: self.call("DELETE", f"{url}/{comment}"), (204,))
        else:  # nobody writes over a comment
            answer = self.call("POST", url, {"message": message, "commentId": comment})
            if answer.status not in (409, *NOT_NOW):
                raise Wrong(f"{self.name}: written over: {answer}")

    def look(self, region, thing):
        return self.all(region).get(thing)

    def all(self, region):
        found, following = {}, ""
        while following is not None:
            query = "?limit=200" + (f"&next={following}" if following else "")
            page = expect(self.call("GET", self.url(region) + query), 200).json()
            found.update({comment["commentId"]: comment["message"] for comment in page["comments"]})
            following = page.get("next") or None
        return found

    def compare(self, regions):
        lists = [self.all(region) for region in regions]
        for comment, states in self.may_be.items():
            if any(found.get(comment) not in states for found in lists):
                raise Wrong(f"{self.name}: {comment} is {[found.get(comment) for found in lists]}, not one of {states}")
        if any(found != lists[0] or not set(found) <= set(self.may_be) for found in lists):
            raise Wrong(f"{self.name}: the regions' lists differ, or name what nobody wrote")


class Objects(Bearer):
    """Small ones lie in the record, large ones are blobs on a connection of their own."""

    def url(self, region, key=""):
        return f"{region.objects}/{self.demo.info['bucket']}/{key}"

    def step(self):
        key = f"{self.name}/{self.chance.randrange(40)}"
        url = self.url(self.demo.primary, key)
        if self.now(key) is not None and self.chance.random() < 0.25:
            self.attempt(key, None, lambda: self.call("DELETE", url), (204,), refused=(403,))
            return
        size = self.chance.choice((0, 100, 20_000, 65_536, 65_537, 300_000, 1_500_000))
        body = self.chance.randbytes(size)
        self.attempt(key, hashlib.md5(body).hexdigest(), lambda: self.call("PUT", url, body), (200,), refused=(403,))

    def look(self, region, thing):
        answer = expect(self.call("GET", self.url(region, thing)), 200, 404)
        if answer.status == 404:
            return None
        found = hashlib.md5(answer.body).hexdigest()
        if answer.headers["ETag"] != f'"{found}"':
            raise Wrong(f"{thing} does not have the bytes of its ETag")
        return found

    def compare(self, regions):
        for region in regions:
            for key in self.may_be:
                self.wait_for_bytes(region, key)
        super().compare(regions)
        known = {key for key, states in self.may_be.items() if states != {None}}
        for region in regions:
            listed = expect(self.call("GET", f"{self.url(region)[:-1]}?list-type=2&prefix={self.name}/"), 200).body.decode()
            extra = set(re.findall("<Key>(.*?)</Key>", listed)) - known
            if extra:
                raise Wrong(f"{self.name}: {region.name} lists {extra}")

    def wait_for_bytes(self, region, key):
        """Bytes follow their rows on a connection of their own; who reads before they came is told to come again."""
        wait_until(f"{key} at {region.name}", lambda: self.call("GET", self.url(region, key)).status != 503)


class Users(Lane):
    """Things are ("user", name), ("password", name) and ("member", name, group)."""

    GROUPS = ("workload-a", "workload-b")

    def path(self, rest=""):
        return f"/admin/v1/pools/{self.demo.info['pool']}{rest}"

    def admin(self, method, rest, body=None):
        admin = self.demo.primary.admin
        admin.timeout = 30
        return admin.call(method, self.path(rest), body)

    def prepare(self):
        for group in self.GROUPS:
            expect(self.admin("POST", "/groups", {"name": group}), 201, 409)

    def step(self):
        name = f"{self.name}-{self.chance.randrange(10)}"
        user = f"/users/{name}"
        state = self.now(("user", name))
        password = f"Workload-1-{self.chance.random()}"
        if state is None:
            self.create(name, password)
            return
        what = self.chance.choice(("password", "turn", "turn", "group", "group", "group", "delete", "sign in"))
        if what == "password":
            self.attempt(("password", name), password, lambda: self.admin(
                "PUT", f"{user}/password", {"password": password, "permanent": True}), (200,))
        elif what == "turn":
            after, verb = ("disabled", "disable") if state == "enabled" else ("enabled", "enable")
            self.attempt(("user", name), after, lambda: self.admin("POST", f"{user}/{verb}"), (200,))
        elif what == "group":
            thing = ("member", name, self.chance.choice(self.GROUPS))
            is_member = self.now(thing) == "member"
            self.attempt(thing, None if is_member else "member", lambda: self.admin(
                "DELETE" if is_member else "PUT", f"/groups/{thing[2]}/users/{name}"), (204,))
        elif what == "delete":
            # Memberships go with the user, whatever becomes of the answer.
            for group in self.GROUPS:
                self.may_be[("member", name, group)] = self.may_be.get(("member", name, group), {None}) | {None}
            self.attempt(("user", name), None, lambda: self.admin("DELETE", user), (204,))
        else:
            self.sign_in(self.demo.primary, name, state)

    def create(self, name, password):
        """The password is that of whichever user of this name there is, so its set begins anew."""
        self.may_be[("password", name)] = {password}
        for group in self.GROUPS:
            self.may_be[("member", name, group)] = {None}
        self.attempt(("user", name), "enabled", lambda: self.admin(
            "POST", "/users", {"username": name, "password": password}), (201,))

    def sign_in(self, region, name, state):
        passwords = self.may_be[("password", name)]
        if len(passwords) > 1:
            return
        answer = Cognito(self.demo.ca, region.public, 30).sign_in(
            self.demo.info["clients"]["web"]["clientId"], name, next(iter(passwords)))
        wanted = 200 if state == "enabled" else 400
        if answer.status not in (wanted, *NOT_NOW):
            raise Wrong(f"{self.name}: {name} is {state}; signing in at {region.name} gave {answer}")

    def look(self, region, thing):
        user = f"/users/{thing[1]}"
        answer = expect(region.admin.call("GET", self.path(user)), 200, 404)
        if answer.status == 404:
            return None
        if thing[0] == "user":
            return "enabled" if answer.json()["enabled"] else "disabled"
        groups = expect(region.admin.call("GET", self.path(f"{user}/groups")), 200).json()["groups"]
        return "member" if thing[2] in {group["name"] for group in groups} else None

    def compare(self, regions):
        passwords = {thing: states for thing, states in self.may_be.items() if thing[0] == "password"}
        for thing in passwords:
            state = self.now(("user", thing[1]))
            for region in regions if state is not None else ():
                self.check_password(region, thing[1], state)
        for thing in passwords:
            del self.may_be[thing]
        super().compare(regions)

    def check_password(self, region, name, state):
        self.sign_in(region, name, state)
        passwords = self.may_be[("password", name)]
        if len(passwords) > 1 and state == "enabled":  # no answer told which; at least one must be right
            client = self.demo.info["clients"]["web"]["clientId"]
            tried = [region.cognito.sign_in(client, name, password).status for password in passwords]
            if 200 not in tried:
                raise Wrong(f"{self.name}: none of the possible passwords of {name} signs in at {region.name}")


class Sessions(Lane):
    """Signs in at any region, refreshes at any, signs out at the primary. A thing is a refresh token."""

    def __init__(self, demo, seed, name):
        super().__init__(demo, seed, name)
        self.client = demo.info["clients"]["web"]["clientId"]

    def any_region(self):
        return self.chance.choice(self.demo.regions)

    def step(self):
        at = Cognito(self.demo.ca, self.any_region().public, 30)
        live = [token for token, states in self.may_be.items() if states == {"live"}]
        what = self.chance.random()
        if len(live) < 3 or what < 0.2:
            user = self.demo.info["user"]
            answer = at.sign_in(self.client, user["username"], user["password"])
            if answer.status == 200:
                self.may_be[answer.json()["AuthenticationResult"]["RefreshToken"]] = {"live"}
                self.acknowledged += 1
            elif answer.status not in NOT_NOW:
                raise Wrong(f"{self.name}: {answer.asked}: {answer}")
        elif what < 0.8:
            answer = at.refresh(self.client, self.chance.choice(live))
            if answer.status not in (200, *NOT_NOW):
                raise Wrong(f"{self.name}: a live session: {answer.asked}: {answer}")
        else:
            self.sign_out(self.chance.choice(live))

    def sign_out(self, token):
        primary = Cognito(self.demo.ca, self.demo.primary.public, 30)
        answer = self.attempt(token, "ended", lambda: primary.call(
            "RevokeToken", {"ClientId": self.client, "Token": token}), (200,))
        if answer is not None and not answer.headers.get("Holdfast-Position"):
            # It was not the primary just then: it holds there, and on its way home nothing is promised yet.
            self.may_be[token] = {"live", "ended"}

    def look(self, region, thing):
        answer = region.cognito.refresh(self.client, thing)
        return "live" if expect(answer, 200, 400).status == 200 else "ended"

    def compare(self, regions):
        # Long runs make thousands: as many as a minute makes are looked at.
        for token, states in self.chance.sample([*self.may_be.items()], min(300, len(self.may_be))):
            seen = {self.look(region, token) for region in regions}
            if not seen <= states:
                raise Wrong(f"{self.name}: a session is {seen} at the regions; acknowledged: {states}")


class States(Lane):
    """App states, as an operator sets them at the primary."""

    def prepare(self):
        for number in range(3):
            app = {"appId": f"{self.name}-{number}", "pool": self.demo.info["pool"],
                   "clients": [self.demo.info["clients"]["web"]["clientId"]]}
            expect(self.demo.primary.admin.call("POST", "/admin/v1/apps", app), 201)
            self.may_be[app["appId"]] = {"active"}

    def step(self):
        app = self.chance.choice([*self.may_be])
        state = self.chance.choice([state for state in ("active", "fenced", "failover") if state != self.now(app)])
        self.attempt(app, state, lambda: self.demo.primary.admin.call(
            "PUT", f"/admin/v1/apps/{app}/state", {"state": state}), (200,))
        self.done.wait(self.chance.uniform(0, 0.1))

    def look(self, region, thing):
        return expect(request(self.demo.ca, "GET", f"{region.public}/state/{thing}"), 200).json()["state"]


class Workload:
    def __init__(self, demo, seed):
        token = demo.sign_in(demo.primary.cognito)["AccessToken"]
        self.lanes = [Comments(demo, seed, "comments-a", token), Comments(demo, seed, "comments-b", token),
                      Objects(demo, seed, "objects", token), Users(demo, seed, "users"),
                      Sessions(demo, seed, "sessions"), States(demo, seed, "states")]
        self.demo = demo

    def __enter__(self):
        for lane in self.lanes:
            if hasattr(lane, "prepare"):
                lane.prepare()
        for lane in self.lanes:
            lane.start()
        return self

    def __exit__(self, *exception):
        self.stop()

    def stop(self):
        for lane in self.lanes:
            lane.done.set()
        for lane in self.lanes:
            lane.join(60)

    def check_alive(self):
        for lane in self.lanes:
            if lane.failure is not None:
                raise lane.failure

    def compare(self):
        self.check_alive()
        for lane in self.lanes:
            assert lane.acknowledged > 5, f"{lane.name} did next to nothing"
            lane.compare(self.demo.regions)

    def __str__(self):
        return ", ".join(f"{lane.name} {lane.acknowledged} acknowledged {lane.unknown} unknown" for lane in self.lanes)
