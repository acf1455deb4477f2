"""The harness itself, without a daemon: what it refuses, what it says of noise, and that docs/performance.md is its page.

Run by ctest, with PYTHONPATH as bench.py needs it.
"""

import pathlib
import re
import unittest

import limits
import page
import quiet
import report
from bench import ROWS
from costs import micros
from measure import Before, Figures, Outcome, Sample, compare, interleave
from context import Settings

PAGE = pathlib.Path(__file__).resolve().parents[2] / "docs" / "performance.md"
NAMES = [(name, title) for name, title, _ in ROWS]


def samples(*costs, kernel=0.5, wall=1.0):
    """A thousand operations each, of so many µs of processor time; the I/O thread does half of it."""
    return [Sample(1000, wall * cost / 1000, cost / 1000, kernel * cost / 1000, {"I/O": cost / 2000, "hashing": cost / 2000})
            for cost in costs]


class Page(unittest.TestCase):
    def test_the_page_has_exactly_the_rows_and_explains_what_is_below_its_goal(self):
        self.assertEqual(page.complaints(PAGE.read_text(), NAMES), [])

    def test_a_missing_row_is_seen(self):
        cut = "\n".join(line for line in PAGE.read_text().splitlines() if not line.startswith("| GET JWKS"))
        self.assertTrue(any("the table has" in one for one in page.complaints(cut, NAMES)))

    def test_a_row_below_its_goal_needs_its_explanation(self):
        text = self.row_below()
        self.assertEqual(page.complaints(text, [("state", "GET state")]), [])
        silent = "\n".join(line for line in text.splitlines() if "What limits it" not in line)
        self.assertEqual(len(page.complaints(silent, [("state", "GET state")])), 1)

    def test_an_explanation_needs_a_figure_of_the_run(self):
        text = re.sub(r"(- \*\*What limits it\*\*: ).*", r"\1the kernel is half of it, 48,000 instructions and 0.47 at most", self.row_below())
        self.assertEqual(len(page.complaints(text, [("state", "GET state")])), 1)

    def row_below(self):
        outcome = compare(samples(30, 40, 50), samples(10, 10, 10), lambda sample: sample.by_cpu, 0.9, unit="requests", parameters="none",
                          limit=limits.state(samples(30, 40, 50), samples(10, 10, 10), samples(20), 0.9),
                          notes=["processor time an operation: 40 µs"])
        return report.markdown(Settings(), [], [("state", "GET state", outcome)], [], ["--markdown"])


class Explanations(unittest.TestCase):
    """Each is of the samples that it is given, by their medians; none has a figure of its own."""

    def both(self, make):
        """Figures of the text for one set of samples, less those that another set gives as well."""
        one, other = page.figures(make(1.0)), page.figures(make(1.37))
        self.assertGreaterEqual(len(one - other), 2, (one, other))
        return one

    def test_every_one_follows_its_samples(self):
        for name, make in {
            "state": lambda k: limits.state(samples(30 * k), samples(20 * k), samples(25 * k), 0.9),
            "ready-made": lambda k: limits.ready_made(samples(30 * k), samples(20 * k), 0.9),
            "grants": lambda k: limits.grants("refresh", samples(400 * k), samples(300 * k), samples(20 * k), 2, 0.85),
            "password": lambda k: limits.password(samples(9000 * k), samples(8000 * k), samples(8500 * k), samples(260 * k), 0.9),
            "comment": lambda k: limits.comment(samples(80 * k), samples(15 * k, wall=1.5), samples(11 * k)),
            "bound": lambda k: limits.bound_note(samples(1000 * k), [{"MD5": 1300 * k}]),
            "objects": lambda k: limits.objects("object-get", samples(1700 * k), samples(1000 * k), [{"opening": 300 * k}],
                                                samples(90 * k), samples(20 * k)),
            "lag": lambda k: limits.lag(13 * k, 60 * k, 1.8 * k, 0.3 * k),
            "start": lambda k: limits.start(0.4 * k, 0.1 * k, 0.05 * k),
            "memory": lambda k: limits.memory(120 * k, 80 * k, 19),
            "first-sync": lambda k: limits.first_sync(7 * k, 1280, 3 * k, 4 * k, 700 * k),
        }.items():
            with self.subTest(name):
                self.both(make)

    def test_medians_are_what_is_told(self):
        ours, theirs = samples(900, 400, 410), samples(100, 300, 310)  # the first pair is not the middle one
        text = limits.grants("refresh", ours, theirs, samples(20), 2, 0.85)
        self.assertIn("2 × 300 µs are signatures", text)
        self.assertIn(f"a request takes {2 * micros(ours):.0f} µs", text)

    def test_the_bound_of_comments_is_of_the_run(self):
        # 30 µs by the clock against 15 + 11 µs of processor time cannot bound it; 13 µs by the clock would at a half.
        self.assertIn("a ratio of 1.00", limits.comment(samples(80), samples(15, wall=2.0), samples(11)))
        self.assertIn("a ratio of 0.54", limits.comment(samples(80), samples(13), samples(11)))


class Rounds(unittest.TestCase):
    def test_sides_take_turns(self):
        order = []
        sides = [lambda _s, name=name: order.append(name) or name for name in "abc"]
        given = interleave(Settings(pairs=2, warm_seconds=0), *sides)
        self.assertEqual("".join(order), "abcabc")
        self.assertEqual(given, [["a", "a"], ["b", "b"], ["c", "c"]])

    def test_a_quick_run_asks_what_explains_once(self):
        given = interleave(Settings(pairs=2, warm_seconds=0, quick=True), *[lambda _s, name=name: name for name in "abc"])
        self.assertEqual(given, [["a", "a"], ["b", "b"], ["c"]])

    def test_a_noisy_reference_is_said(self):
        for references, noisy in ((samples(100, 104, 109), False), (samples(100, 104, 116), True)):
            outcome = compare(samples(100, 100, 100), references, lambda sample: sample.by_cpu, 0.9, unit="", parameters="")
            self.assertEqual(outcome.is_noisy, noisy)
            self.assertEqual(any("noisy" in note for note in report.notes(outcome)), noisy)
            self.assertEqual("noisy" in report.noise(outcome), noisy)

    def test_the_table_shows_the_machine_before_each_row(self):
        outcome = Outcome(unit="s", subject=Figures([1.0]), parameters="", before=Before(1.25, 3.4))
        self.assertIn("| load 1.25, others 3 % |", report.markdown(Settings(), [], [("start", "start", outcome)], [], []))


class Quiet(unittest.TestCase):
    def run_with(self, readings, loaded=False, patience=60):
        left, said, slept = list(readings), [], []
        self.said, self.slept = said, slept
        load = lambda: (left[0] if len(left) == 1 else left.pop(0), 0.0, 0.0)
        return quiet.wait_until_quiet(loaded, said.append, load, slept.append, patience)

    def test_a_quiet_machine_is_measured_at_once(self):
        self.assertEqual(self.run_with([0.4]), "0.40 0.00 0.00")
        self.assertEqual((self.said, self.slept), ([], []))

    def test_it_waits_and_says_so(self):
        self.assertIn("after ", self.run_with([3.0] * 12 + [0.9]))
        self.assertIn("waiting for the machine", self.said[0])
        self.assertTrue(self.slept)

    def test_it_refuses_where_the_load_stays(self):
        with self.assertRaisesRegex(quiet.TooBusy, "--loaded"):
            self.run_with([3.0])
        self.assertEqual(sum(self.slept), 60)

    def test_loaded_goes_on_and_says_so(self):
        self.assertIn("measured all the same (`--loaded`)", self.run_with([3.0], loaded=True))
        self.assertNotIn("loaded", self.run_with([0.3], loaded=True))


if __name__ == "__main__":
    unittest.main()
