"""What operators are given stays right: rules, dashboard and pages name only what exists, and all of it.

Run: operations_test.py REPOSITORY
"""

import json
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

from error_codes import error_codes

ROOT = pathlib.Path(sys.argv.pop(1)).resolve()
METRICS_PAGE = ROOT / "docs" / "operations" / "metrics.md"
OURS = r"\bholdfast_[a-z0-9_]+"


def listed_metrics():
    """Names of docs/operations/metrics.md, which test_metrics.py compares with running daemons."""
    names = set()
    for name, kind in re.findall(r"^\| `(holdfast_\w+)` \| (\w+) \|", METRICS_PAGE.read_text(), re.M):
        names |= {name + suffix for suffix in ("_bucket", "_sum", "_count")} if kind == "histogram" else {name}
    return names


def labels_of(name):
    """The labels that the page lists for a metric, and those that every scrape adds."""
    base = re.sub(r"_(bucket|sum|count)$", "", name)
    row = re.search(rf"^\| `(?:{name}|{base})` \| \w+ \| (.*?) \|", METRICS_PAGE.read_text(), re.M)
    return set(re.findall(r"`(\w+)`", row.group(1))) | {"job", "instance", "le"}


class Queries(unittest.TestCase):
    def check(self, where, expressions):
        names = listed_metrics()
        self.assertGreater(len(names), 40)
        self.assertTrue(expressions)
        for expression in expressions:
            for match in re.finditer(rf"({OURS})(?:\{{([^}}]*)\}})?", expression):
                name, selector = match.groups()
                self.assertIn(name, names, f"{where}: {expression}")
                for label in re.findall(r"(\w+)\s*(?:=~|!~|!=|=)", selector or ""):
                    self.assertIn(label, labels_of(name), f"{where}: {expression}")

    def test_alert_rules_use_metrics_that_exist(self):
        text = (ROOT / "config" / "prometheus" / "alerts.yaml").read_text()
        self.check("alerts.yaml", re.findall(r"expr: (?:\|\n\s+)?(.+)", text))

    def test_every_alert_is_tested_and_explained(self):
        text = (ROOT / "config" / "prometheus" / "alerts.yaml").read_text()
        tests = (ROOT / "tests" / "operations" / "alerts_test.yaml").read_text()
        page = (ROOT / "docs" / "operations" / "troubleshooting.md").read_text()
        for alert in re.findall(r"alert: (\w+)", text):
            self.assertIn(alert, tests)
            self.assertIn(f"`{alert}`", page)

    def test_the_dashboard_uses_metrics_that_exist(self):
        board = json.loads((ROOT / "config" / "grafana" / "holdfast.json").read_text())
        panels = [panel for panel in board["panels"] if panel["type"] != "row"]
        self.assertGreater(len(panels), 10)
        self.check("holdfast.json", [target["expr"] for panel in panels for target in panel["targets"]])
        for variable in board["templating"]["list"]:
            if variable["type"] == "query":
                self.check("holdfast.json", [variable["query"]])

    def test_queries_are_promql(self):
        """promtool parses expressions of rules only, so the dashboard's become a file of rules."""
        board = json.loads((ROOT / "config" / "grafana" / "holdfast.json").read_text())
        queries = [target["expr"] for panel in board["panels"] for target in panel.get("targets", [])]
        rules = [{"record": f"query_{i}", "expr": query.replace("$job", "x")} for i, query in enumerate(queries)]
        with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
            json.dump({"groups": [{"name": "dashboard", "rules": rules}]}, file)  # JSON is YAML
            file.flush()
            done = subprocess.run(["promtool", "check", "rules", file.name], capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_panels_have_names_units_and_places_of_their_own(self):
        board = json.loads((ROOT / "config" / "grafana" / "holdfast.json").read_text())
        ids, taken = set(), set()
        for panel in board["panels"]:
            self.assertNotIn(panel["id"], ids)
            ids.add(panel["id"])
            place = panel["gridPos"]
            self.assertLessEqual(place["x"] + place["w"], 24)
            cells = {(x, y) for x in range(place["x"], place["x"] + place["w"]) for y in range(place["y"], place["y"] + place["h"])}
            self.assertFalse(cells & taken, f"{panel['title']} lies over another panel")
            taken |= cells
            if panel["type"] != "row":
                self.assertTrue(panel["title"] and panel["description"])
                self.assertTrue(panel["fieldConfig"]["defaults"]["unit"])


class Examples(unittest.TestCase):
    def test_the_command_line_can_call_the_example_region(self):
        """`holdfast … --config FILE` calls https://localhost; a name that `hosts` lacks is answered 421."""
        example = json.loads((ROOT / "config" / "holdfast.json").read_text())
        self.assertIn("localhost", example["hosts"])


def arguments(text, begin):
    """What stands between a call's brackets; none of a log call's texts has one without the other."""
    open_brackets = 1
    for at in range(begin, len(text)):
        open_brackets += {"(": 1, ")": -1}.get(text[at], 0)
        if open_brackets == 0:
            return text[begin:at]
    raise AssertionError("a call without an end")


def log_fields():
    """The names that the sources give to fields of log lines, with the first file of each."""
    names = {}
    for path in sorted((ROOT / "src").rglob("*.cpp")):
        text = path.read_text()
        for call in re.finditer(r"log::(?:debug|info|warn|error)\(", text):
            for name in re.findall(r'\{"(\w+)"', arguments(text, call.end())):
                names.setdefault(name, path.relative_to(ROOT))
    return names


class Log(unittest.TestCase):
    def test_fields_are_spelt_like_the_api_spells_its_own(self):
        names = log_fields()
        self.assertGreater(len(names), 40)
        wrong = [f"{name} ({path})" for name, path in names.items() if not re.fullmatch(r"[a-z]+([A-Z][a-z]+)*", name)]
        self.assertEqual(wrong, [])


class Troubleshooting(unittest.TestCase):
    page = (ROOT / "docs" / "operations" / "troubleshooting.md").read_text()

    def test_every_error_code_is_explained(self):
        codes, unread = error_codes(ROOT)
        self.assertEqual(unread, [], "a way to write an error code that this test does not know")
        self.assertGreater(len(codes), 190)
        missing = [f"{code} ({path})" for code, path in sorted(codes.items()) if f"`{code}`" not in self.page]
        self.assertEqual(missing, [])

    def test_every_code_of_the_page_exists(self):
        section = self.page[self.page.index("## Every error code"):]
        listed = {code for row in re.findall(r"^\| (`.*?) \|", section, re.M) for code in re.findall(r"`(\w+)`", row)}
        source = "".join(path.read_text() for top in ("src", "include") for path in (ROOT / top).rglob("*.[ch]*"))
        self.assertEqual([code for code in sorted(listed) if f'"{code}"' not in source], [])

    def test_every_reason_of_a_fence_is_explained(self):
        header = (ROOT / "include" / "holdfast" / "region" / "role.h").read_text()
        reasons = re.findall(r"^  (\w+) =\s+\d", header[header.index("enum class FenceReason"):], re.M)
        self.assertGreater(len(reasons), 5)
        for reason in set(reasons) - {"none"}:
            self.assertIn(f"`{reason}`", self.page)

    def test_links_of_the_pages_lead_somewhere(self):
        pages = [*(ROOT / "docs").rglob("*.md"), *ROOT.glob("*.md")]
        for page in pages:
            for target in re.findall(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)", page.read_text()):
                self.assertTrue((page.parent / target).exists(), f"{page.relative_to(ROOT)}: {target}")


if __name__ == "__main__":
    unittest.main()
