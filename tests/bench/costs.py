"""What one operation costs: medians over a row's own samples, in µs of processor time unless said otherwise."""

import statistics

from measure import Figures, number


def median_of(samples, seconds):
    return statistics.median(1e6 * seconds(sample) / sample.operations for sample in samples)


def micros(samples):
    return median_of(samples, lambda sample: sample.cpu)


def kernel_micros(samples):
    return median_of(samples, lambda sample: sample.kernel)


def wall_micros(samples):
    return median_of(samples, lambda sample: sample.wall)


def thread_micros(samples, kind):
    return median_of(samples, lambda sample: sample.threads.get(kind, 0))


def us(value):
    return f"{number(value)} µs"


def more(value):
    """A difference in words: noise can turn a small one round."""
    return f"{us(abs(value))} {'more' if value >= 0 else 'less'}"


def by_threads(samples):
    """Kinds of threads that take at least a hundredth, the one that takes most first."""
    kinds = {kind for sample in samples for kind in sample.threads}
    costs = sorted(((thread_micros(samples, kind), kind) for kind in kinds), reverse=True)
    return ", ".join(f"{kind} {us(cost)}" for cost, kind in costs if cost >= 0.01 * micros(samples))


def inside_and_outside(samples):
    """The kernel's part and the rest."""
    return f"{us(kernel_micros(samples))} in the kernel and {us(micros(samples) - kernel_micros(samples))} outside of it"


def busy(samples):
    return statistics.median(sample.cpu / sample.wall for sample in samples) * 100


def cpu_note(ours, theirs):
    """What one operation costs on either side, and whether the load was enough to keep the core busy."""
    return (f"processor time an operation: {us(micros(ours))}, reference {us(micros(theirs))}; "
            f"the server's core was busy {busy(ours):.0f} %, the reference's {busy(theirs):.0f} %")


def clock_note(ours, theirs):
    """The same by the clock, where the row counts processor time."""
    a, b = Figures([sample.by_clock for sample in ours]), Figures([sample.by_clock for sample in theirs])
    ratio = statistics.median(x / y for x, y in zip(a.values, b.values))
    return f"by the clock: {a.text('/s')}, reference {b.text('/s')}, ratio {ratio:.2f}"
