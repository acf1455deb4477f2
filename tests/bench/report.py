"""The table, for a terminal and as docs/performance.md."""

import datetime

from measure import NOISE_BOUND
from processes import CORES, LOAD_CORE, SERVER_CORE


def verdict(outcome):
    return {True: "yes", False: "NO", None: "–"}[outcome.holds]


def against(outcome):
    if outcome.ratio is None:
        return "–"
    low, high = min(outcome.ratio.values), max(outcome.ratio.values)
    return f"{outcome.ratio.median:.2f} ({low:.2f}–{high:.2f})"


def noise(outcome):
    if outcome.noise is None:
        return "–"
    return f"{100 * outcome.noise:.1f} %{' (noisy)' if outcome.is_noisy else ''}"


def before(outcome):
    return outcome.before.text() if outcome.before else "–"


def in_short(outcome):
    ratio = f", ratio {against(outcome)}" if outcome.ratio else ""
    return f"{outcome.subject.text()} {outcome.unit}{ratio}, goal {outcome.goal}: {verdict(outcome)}"


def notes(outcome):
    """What was measured beside the figures, and whether the reference was too noisy."""
    told = list(outcome.notes)
    if outcome.is_noisy:
        told.append(f"noisy: the reference's own samples lie {100 * outcome.noise:.1f} % of their median apart, more than {100 * NOISE_BOUND:.0f} %; "
                    "the ratio is no surer than that")
    return told


def method(settings):
    return (f"Subject and reference alternate: {settings.pairs} rounds of {settings.seconds:g} s each after {settings.warm_seconds:g} s of "
            f"warm-up; what else a row measures to explain itself takes its turn in the same rounds. Both run on core {SERVER_CORE}, what "
            f"makes the load on core {LOAD_CORE} of {len(CORES)}; rows with secondaries say what shares which core. Figures are medians "
            "(least–most). Where a row counts per second of the server's core, processor time as the scheduler counts it is the measure: "
            "something else on the machine then takes little from the figure. Noise is how far apart the reference's own samples lie (most "
            f"less least, in parts of the median): beyond {100 * NOISE_BOUND:.0f} % a row is marked. The last column is the machine just before the row: "
            "its 1-minute load, which counts the bench's own earlier rows, and what others took of all cores while the bench paused.")


def label(outcome):
    return "What limits it" if outcome.holds is False else "Where it goes"


def table(settings, described, found, failed, _arguments):
    lines = [f"{what}: {value}" for what, value in described] + [method(settings), ""]
    width = max([len(title) for _, title, _ in found], default=10)
    for _, title, outcome in found:
        lines.append(f"{title:{width}}  {outcome.subject.text():>30}  {outcome.reference.text() if outcome.reference else '–':>30}  "
                     f"{against(outcome):>18}  goal {outcome.goal:<12} {verdict(outcome):3}  noise {noise(outcome)}, before: {before(outcome)}")
    for _, title, outcome in found:
        lines += ["", f"{title}: {outcome.unit}", f"  reference: {outcome.reference_name}", f"  {outcome.parameters}"]
        lines += [f"  {note}" for note in notes(outcome)]
        if outcome.limit:
            lines.append(f"  {label(outcome)}: {outcome.limit}")
    lines += [f"{name}: not measured: {why}" for name, why in failed]
    return "\n".join(lines)


def row_by_row(found):
    lines = ["## Row by row"]
    for name, title, outcome in found:
        lines += [f"### {title} (`{name}`)", f"- figure: {outcome.unit}; reference: {outcome.reference_name}", f"- {outcome.parameters}"]
        lines += [f"- {note}" for note in notes(outcome)]
        if outcome.limit:
            lines.append(f"- **{label(outcome)}**: {outcome.limit}")
        lines.append("")
    return lines


def markdown(settings, described, found, failed, arguments):
    lines = ["# Performance", f"The output of `./dev bench {' '.join(arguments)}` on {datetime.date.today().isoformat()}. Absolute figures are "
             "this machine's; ratios are what to compare. A row below its goal stays and says why.", "",
             "| machine | |", "| --- | --- |"]
    lines += [f"| {what} | {value} |" for what, value in described]
    lines += ["", method(settings), "", "| row | Holdfast | reference | ratio | goal | met | noise | before it |",
              "| --- | --- | --- | --- | --- | --- | --- | --- |"]
    for _, title, outcome in found:
        reference = outcome.reference.text() if outcome.reference else "–"
        lines.append(f"| {title} | {outcome.subject.text()} | {reference} | {against(outcome)} | {outcome.goal} | {verdict(outcome)} | "
                     f"{noise(outcome)} | {before(outcome)} |")
    lines += ["", *row_by_row(found)]
    lines += [f"`{name}` was not measured: {why}" for name, why in failed]
    return "\n".join(lines).rstrip("\n")
