"""A minute's smoke of `./dev bench`: every kind of row gives sane figures. Nothing here depends on how fast anything is.

Run by ctest, with the environment that bench.py needs.
"""

import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
ROWS = {"state": True, "client-credentials": True, "password": True, "comment": True, "object-put": True, "shipped": False,
        "start": False}


def figures(cell):
    """The numbers of a table's cell: median and, in brackets, least and most."""
    return [float(text.replace(",", "")) for text in re.findall(r"[\d,]+\.?\d*(?:e[+-]?\d+)?", cell)]


class Smoke(unittest.TestCase):
    def test_rows_give_sane_figures(self):
        with tempfile.TemporaryDirectory(prefix="holdfast-bench-") as directory:
            command = [sys.executable, "-B", HERE / "bench.py", *ROWS, "--quick", "--markdown", "--dir", directory + "/work"]
            done = subprocess.run(command, capture_output=True, text=True, timeout=560, check=False)
        self.assertEqual(done.returncode, 0, done.stderr[-4000:])
        table = [line.split("|")[1:-1] for line in done.stdout.splitlines() if line.startswith("| ") and line.count("|") == 7]
        rows = [row for row in table[1:] if not row[0].strip().startswith("---")]  # without head and ruler
        self.assertEqual(len(rows), len(ROWS), done.stdout)
        for (name, compared), (_, ours, reference, ratio, _, met) in zip(ROWS.items(), rows):
            with self.subTest(name):
                median, *spread = figures(ours)
                self.assertGreater(median, 0)
                if spread:
                    self.assertTrue(spread[0] <= median <= spread[1], ours)
                self.assertIn(met.strip(), {"yes", "NO", "–"})
                if compared:
                    self.assertGreater(figures(reference)[0], 0)
                    self.assertTrue(0.001 < figures(ratio)[0] < 100, ratio)
        for name in ROWS:
            self.assertIn(f"(`{name}`)", done.stdout)


if __name__ == "__main__":
    unittest.main()
