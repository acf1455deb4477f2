"""Regions under measurement: one I/O and one hashing thread, pinned to the server's core, with a pool, an app and users."""

import subprocess

from demo import BINARY, wait_until
from holdfast_client import Cognito, expect, request
from processes import SERVER_CORE, on_core
from single_region import SingleRegion, run, settings

PASSWORD = "Bench-7-Lantern-Hill"
USERNAME = "bench"
# Enough that hardly ever more than four of the connections sign in the same one: the fifth attempt at a time is refused.
FEW_USERS = 32
APP, BUCKET, PHOTO = "bench", "bench-photos", "sunset.jpg"
ONE_CORE = ["--set", "threads.io=1", "--set", "threads.hash=1", "--set", "log.level=warn"]


class BenchRegion(SingleRegion):
    def make(self, users=FEW_USERS):
        """`init`, first start, everything that requests need."""
        done = self.init()
        if done.returncode != 0:
            raise AssertionError(done.stderr)
        self.serve()
        wait_until("a primary", lambda: self.admin.get("/admin/v1/region")["role"] == "primary")
        self.provision(users)
        return self

    def serve(self, *arguments, wait=True, core=SERVER_CORE):
        log = open(self.dir / "log", "ab")
        command = on_core(core, [BINARY, "serve", "--config", self.config, *ONE_CORE, *arguments])
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        log.close()
        if wait:
            wait_until("ready", self.is_ready)

    @property
    def pids(self):
        return [self.process.pid]

    def create(self, path, body):
        return expect(self.admin.call("POST", path, body), 201).json()

    def provision(self, users):
        self.pool = self.create("/admin/v1/pools", {"name": "bench"})["id"]
        path = f"/admin/v1/pools/{self.pool}"
        self.web = self.create(f"{path}/clients", {
            "name": "web", "type": "public", "flows": ["USER_PASSWORD_AUTH", "REFRESH_TOKEN_AUTH"],
            "scopes": ["openid", "aws.cognito.signin.user.admin"]})["clientId"]
        made = self.create(f"{path}/clients", {"name": "machine", "type": "confidential", "flows": ["client_credentials"],
                                               "scopes": ["objects.read", "objects.write"]})
        self.machine = made["clientId"], made["clientSecret"]
        for number in range(users):
            self.add_user(f"{USERNAME}{number}")
        self.create("/admin/v1/apps", {"appId": APP, "pool": self.pool, "clients": [self.web, self.machine[0]],
                                       "bucket": BUCKET, "origins": ["https://bench.example.com"]})

    def add_user(self, name):
        path = f"/admin/v1/pools/{self.pool}/users"
        self.create(path, {"username": name, "temporaryPassword": PASSWORD})
        expect(self.admin.call("PUT", f"{path}/{name}/password", {"password": PASSWORD, "permanent": True}), 200, 204)

    def sign_in(self, name=f"{USERNAME}0"):
        answer = Cognito(self.ca, self.public).sign_in(self.web, name, PASSWORD)
        return expect(answer, 200).json()["AuthenticationResult"]

    def get(self, path):
        return expect(request(self.ca, "GET", self.public + path), 200)
