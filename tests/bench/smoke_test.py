"""A short run of every row of `./dev bench`: each gives sane figures and says with them where its time goes. Nothing here
depends on how fast anything is.

Run by ctest, with the environment that bench.py needs.
"""

import pathlib
import subprocess
import sys
import tempfile
import unittest

import page
from bench import ROWS

HERE = pathlib.Path(__file__).resolve().parent
COMPARED = {"state", "jwks", "discovery", "client-credentials", "refresh", "password", "comment", "object-get", "object-put",
            "secondaries", "many-users"}
WITHOUT_GOAL = {"shipped", "secondaries", "many-users"}


class Smoke(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        with tempfile.TemporaryDirectory(prefix="holdfast-bench-") as directory:
            command = [sys.executable, "-B", HERE / "bench.py", "--quick", "--loaded", "--markdown", "--dir", directory + "/work"]
            cls.done = subprocess.run(command, capture_output=True, text=True, timeout=1740, check=False)

    def setUp(self):
        self.assertEqual(self.done.returncode, 0, self.done.stderr[-4000:])

    def test_every_row_gives_sane_figures(self):
        cells = page.table(self.done.stdout)
        self.assertEqual([row[0] for row in cells], [title for _, title, _ in ROWS], self.done.stdout)
        for (name, _, _), (_, ours, reference, ratio, _, _, noise, before) in zip(ROWS, cells):
            with self.subTest(name):
                median, *spread = page.numbers(ours)
                self.assertGreater(median, 0)
                if spread:
                    self.assertTrue(spread[0] <= median <= spread[1], ours)
                self.assertRegex(before, r"^load \d+\.\d\d, others \d+ %$")
                if name in COMPARED:
                    self.assertGreater(page.numbers(reference)[0], 0)
                    self.assertTrue(0.001 < page.numbers(ratio)[0] < 100, ratio)
                    self.assertRegex(noise, r"^\d+\.\d %( \(noisy\))?$")
                else:
                    self.assertEqual((reference, ratio, noise), ("–", "–", "–"))

    def test_the_page_is_whole_and_explains_what_is_below_its_goal(self):
        self.assertEqual(page.complaints(self.done.stdout, [(name, title) for name, title, _ in ROWS]), [])
        self.assertIn("| load average at the start |", self.done.stdout)

    def test_every_row_with_a_goal_says_where_its_time_goes(self):
        told = page.sections(self.done.stdout)
        for name, _, _ in ROWS:
            said = [line for line in told[name] if line.startswith(("- **What limits it**: ", "- **Where it goes**: "))]
            with self.subTest(name):
                self.assertEqual(len(said), 0 if name in WITHOUT_GOAL else 1, told[name])
                for line in said:
                    self.assertGreaterEqual(len(page.figures(line)), 2, line)


if __name__ == "__main__":
    unittest.main()
