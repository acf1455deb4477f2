"""What rows share in one run: settings, directories, and daemons that are started when the first row needs them."""

import dataclasses
import os
import pathlib

from demo import BASE_PORT
from nginx import Nginx
from processes import output_of
from region import APP, BUCKET, PASSWORD, BenchRegion

PROGRAMS = pathlib.Path(os.environ.get("HOLDFAST_BENCH_PROGRAMS", "build/ci-release/tests/bench"))
MEMORY_KIB, ITERATIONS = 19456, 2


@dataclasses.dataclass(frozen=True)
class Settings:
    pairs: int = 5
    seconds: float = 3
    warm_seconds: float = 1
    users: int = 200_000
    quick: bool = False


FULL = Settings()
QUICK = Settings(pairs=2, seconds=1, warm_seconds=0, users=2_000, quick=True)
LONG = Settings(users=2_000_000)


class Context:
    def __init__(self, settings, directory):
        self.settings, self.dir = settings, pathlib.Path(directory)
        self._region = self._nginx = self._seeded = None
        self.tokens = None

    def folder(self, name):
        path = self.dir / name
        path.mkdir(parents=True, exist_ok=True)
        return path

    @property
    def region(self):
        """The plain region: few users."""
        if self._region is None:
            self._region = BenchRegion(self.dir / "region", BASE_PORT)
            self._region.make()
            self.tokens = self._region.sign_in()
        return self._region

    def bearer(self):
        region = self.region
        del region
        return {"Authorization": f"Bearer {self.tokens['AccessToken']}"}

    def read_paths(self):
        pool = self.region.pool
        return {"state": f"/state/{APP}", "jwks": f"/{pool}/.well-known/jwks.json",
                "discovery": f"/{pool}/.well-known/openid-configuration"}

    @property
    def nginx(self):
        if self._nginx is None:
            bodies = {path: self.region.get(path).body.decode() for path in self.read_paths().values()}
            self._nginx = Nginx(self.folder("nginx"), BASE_PORT + 10, self.region, bodies)
        return self._nginx

    @property
    def seeded(self):
        """A region of many users, stopped; `seeding` tells how it was filled."""
        if self._seeded is None:
            region = BenchRegion(self.dir / "seeded", BASE_PORT + 50).make(users=1)
            region.stop()
            program = [PROGRAMS / "bench_seed_users", region.config, region.pool, "many", self.settings.users,
                       PASSWORD]
            count, seconds = output_of(program, timeout=3600).split()
            self.seeding = f"{int(count):,} users written in {float(seconds):.1f} s"
            self._seeded = region
        return self._seeded

    def close(self):
        for daemon in (self._nginx, self._region, self._seeded):
            if daemon is not None:
                daemon.stop()


__all__ = ["APP", "BUCKET", "FULL", "QUICK", "LONG", "Context", "Settings"]
