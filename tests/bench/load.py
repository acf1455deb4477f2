"""Load from wrk on the other core, its scripts made here. An answer that is not 2xx or a broken connection ends the row."""

import json
import math

from measure import Sample
from processes import LOAD_CORE, on_core, output_of, usage

LONGEST_SECONDS = 60

DONE = """
done = function(summary, latency, requests)
  local e = summary.errors
  io.write(string.format('RESULT {"requests":%d,"seconds":%f,"errors":%d,"status":%d,"p50":%f,"p99":%f}\\n',
    summary.requests, summary.duration / 1e6, e.connect + e.read + e.write + e.timeout, e.status,
    latency:percentile(50) / 1e3, latency:percentile(99) / 1e3))
end
"""


def lua(text):
    """A Lua string literal."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\r", "\\r") + '"'


class Wrk:
    """One kind of request, sent over and over on kept connections of one thread."""

    def __init__(self, directory, name, port, path="/", method="GET", headers=None, body=None, connections=32, script=""):
        self.script = directory / f"{name}.lua"
        self.url = f"https://127.0.0.1:{port}{path}"
        self.connections = connections
        lines = [f"wrk.method = {lua(method)}", 'wrk.headers["Host"] = "localhost"']
        lines += [f"wrk.headers[{lua(key)}] = {lua(value)}" for key, value in (headers or {}).items()]
        if body is not None:
            lines.append(f"wrk.body = {lua(body)}")
        self.script.write_text("\n".join(lines) + "\n" + script + DONE)
        self.last = {}

    def command(self, seconds):
        return ["wrk", "-t1", f"-c{self.connections}", f"-d{max(1, math.ceil(seconds))}s", "--timeout", "20s",
                "-s", self.script, self.url]

    def run(self, seconds, pids):
        """Gives a Sample; processor time is that of `pids`."""
        while True:
            before = usage(*pids)
            text = output_of(on_core(LOAD_CORE, self.command(seconds)))
            used = usage(*pids).since(before)
            line = next(line for line in text.splitlines() if line.startswith("RESULT "))
            self.last = json.loads(line.removeprefix("RESULT "))
            if self.last["errors"] or self.last["status"]:
                raise AssertionError(f"{self.url}: refused or broken requests: {text}")
            if self.last["requests"]:
                break
            if seconds > LONGEST_SECONDS:
                raise AssertionError(f"{self.url}: no answer within {seconds} s: {text}")
            seconds *= 4  # a sign-in may take longer than a short run lasts
        return Sample(operations=self.last["requests"], wall=self.last["seconds"], cpu=used.cpu, kernel=used.kernel,
                      threads=used.threads)
