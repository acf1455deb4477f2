"""How a row is measured: samples, alternating pairs, medians and spreads."""

import dataclasses
import statistics


@dataclasses.dataclass
class Sample:
    """One stretch of load: operations, seconds by the clock, and seconds of processor time that the server took."""

    operations: float
    wall: float
    cpu: float = 0.0

    @property
    def by_clock(self):
        return self.operations / self.wall

    @property
    def by_cpu(self):
        """Operations a second of the server's own core: what holds when something else wants the core, too."""
        return self.operations / self.cpu


@dataclasses.dataclass
class Figures:
    """One figure measured several times."""

    values: list

    @property
    def median(self):
        return statistics.median(self.values)

    def text(self, unit=""):
        low, high = min(self.values), max(self.values)
        spread = f" ({number(low)}–{number(high)})" if len(self.values) > 1 else ""
        return f"{number(self.median)}{' ' + unit if unit else ''}{spread}"


def number(value):
    """Three digits that matter, thousands apart."""
    if value >= 1000:
        return f"{value:,.0f}"
    if value >= 100:
        return f"{value:.0f}"
    return f"{value:.3g}"


@dataclasses.dataclass
class Outcome:
    """What a row found. `ratio` is subject to reference, pair by pair; rows without a reference have none."""

    unit: str
    subject: Figures
    parameters: str
    reference: Figures = None
    reference_name: str = "none: an absolute figure"
    ratio: Figures = None
    goal: str = "none set"
    holds: bool = None
    notes: list = dataclasses.field(default_factory=list)


def pairs(settings, subject, reference):
    """Warms both up, then A B A B …; gives the two lists of samples, pair by pair."""
    subject(settings.warm_seconds)
    reference(settings.warm_seconds)
    ours, theirs = [], []
    for _ in range(settings.pairs):
        ours.append(subject(settings.seconds))
        theirs.append(reference(settings.seconds))
    return ours, theirs


def compare(ours, theirs, figure, goal, **rest):
    """`figure` gives the number of a sample; `goal` is the least ratio, or none."""
    subject = Figures([figure(sample) for sample in ours])
    reference = Figures([figure(sample) for sample in theirs])
    ratio = Figures([a / b for a, b in zip(subject.values, reference.values)])
    return Outcome(subject=subject, reference=reference, ratio=ratio, goal=f"≥ {goal:g}" if goal else "none set",
                   holds=ratio.median >= goal if goal else None, **rest)


def cpu_note(ours, theirs):
    """What one operation costs on either side, and whether the load was enough to keep the core busy."""
    def micros(samples):
        return statistics.median(sample.cpu / sample.operations for sample in samples) * 1e6

    def busy(samples):
        return statistics.median(sample.cpu / sample.wall for sample in samples) * 100

    return (f"processor time an operation: {number(micros(ours))} µs, reference {number(micros(theirs))} µs; "
            f"the server's core was busy {busy(ours):.0f} %, the reference's {busy(theirs):.0f} %")


def clock_note(ours, theirs):
    """The same by the clock, where the row counts processor time."""
    a, b = Figures([sample.by_clock for sample in ours]), Figures([sample.by_clock for sample in theirs])
    ratio = statistics.median(x / y for x, y in zip(a.values, b.values))
    return f"by the clock: {a.text('/s')}, reference {b.text('/s')}, ratio {ratio:.2f}"
