"""How a row is measured: samples, alternating rounds, medians and spreads."""

import dataclasses
import statistics

# A reference whose own samples lie further apart (most less least, in parts of the median) makes a row say so.
NOISE_BOUND = 0.1


@dataclasses.dataclass
class Sample:
    """One stretch of load: operations, seconds by the clock, and seconds of processor time that the server took."""

    operations: float
    wall: float
    cpu: float = 0.0
    kernel: float = 0.0
    threads: dict = dataclasses.field(default_factory=dict)

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

    @property
    def noise(self):
        return (max(self.values) - min(self.values)) / self.median

    def text(self, unit=""):
        low, high = min(self.values), max(self.values)
        spread = f" ({number(low)}–{number(high)})" if len(self.values) > 1 else ""
        return f"{number(self.median)}{' ' + unit if unit else ''}{spread}"


def number(value):
    """Three digits that matter, thousands apart."""
    if value < 0:
        return "−" + number(-value)
    if value >= 1000:
        return f"{value:,.0f}"
    if value >= 100:
        return f"{value:.0f}"
    return f"{value:.3g}"


@dataclasses.dataclass
class Before:
    """The machine just before a row: the 1-minute load (earlier rows' own included) and how busy others kept its cores."""

    load: float
    others: float

    def text(self):
        return f"load {self.load:.2f}, others {self.others:.0f} %"


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
    limit: str = ""  # where the time (or memory) goes, with figures of this run; every row with a goal has it
    before: Before = None

    @property
    def noise(self):
        return self.reference.noise if self.reference else None

    @property
    def is_noisy(self):
        return self.noise is not None and self.noise > NOISE_BOUND


def interleave(settings, *sides):
    """Warms every side up, then A B A B … (A B C A B C …); gives a list of what each side gave, round by round. A quick run
    asks what comes beside subject and reference once."""
    if settings.warm_seconds:
        for side in sides:
            side(settings.warm_seconds)
    given = [[] for _ in sides]
    for number_of_round in range(settings.pairs):
        for place, side in enumerate(sides):
            if place < 2 or number_of_round == 0 or not settings.quick:
                given[place].append(side(settings.seconds))
    return given


def compare(ours, theirs, figure, goal, **rest):
    """`figure` gives the number of a sample; `goal` is the least ratio, or none."""
    subject = Figures([figure(sample) for sample in ours])
    reference = Figures([figure(sample) for sample in theirs])
    ratio = Figures([a / b for a, b in zip(subject.values, reference.values)])
    return Outcome(subject=subject, reference=reference, ratio=ratio, goal=f"≥ {goal:g}" if goal else "none set",
                   holds=ratio.median >= goal if goal else None, **rest)
