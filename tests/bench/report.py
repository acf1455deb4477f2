"""The table, for a terminal and as docs/performance.md."""

import datetime

from limits import LIMITS
from processes import CORES, LOAD_CORE, SERVER_CORE


def verdict(outcome):
    return {True: "yes", False: "NO", None: "–"}[outcome.holds]


def against(outcome):
    if outcome.ratio is None:
        return "–"
    low, high = min(outcome.ratio.values), max(outcome.ratio.values)
    return f"{outcome.ratio.median:.2f} ({low:.2f}–{high:.2f})"


def in_short(outcome):
    ratio = f", ratio {against(outcome)}" if outcome.ratio else ""
    return f"{outcome.subject.text()} {outcome.unit}{ratio}, goal {outcome.goal}: {verdict(outcome)}"


def method(settings):
    return (f"Subject and reference alternate: {settings.pairs} pairs of {settings.seconds:g} s after {settings.warm_seconds:g} s of warm-up. "
            f"Both run on core {SERVER_CORE}, what makes the load on core {LOAD_CORE} of {len(CORES)}; rows with secondaries say "
            "what shares which core. Figures are medians (least–most). Where a row counts per second of the server's core, "
            "processor time as the scheduler counts it is the measure: something else on the machine then takes little from the figure. ")


def table(settings, described, found, failed, _arguments):
    lines = [f"{what}: {value}" for what, value in described] + [method(settings), ""]
    width = max([len(title) for _, title, _ in found], default=10)
    for _, title, outcome in found:
        lines.append(f"{title:{width}}  {outcome.subject.text():>30}  {outcome.reference.text() if outcome.reference else '–':>30}  "
                     f"{against(outcome):>18}  goal {outcome.goal:<12} {verdict(outcome)}")
    for _, title, outcome in found:
        lines += ["", f"{title}: {outcome.unit}", f"  reference: {outcome.reference_name}", f"  {outcome.parameters}"]
        lines += [f"  {note}" for note in outcome.notes]
    lines += [f"{name}: not measured: {why}" for name, why in failed]
    return "\n".join(lines)


def markdown(settings, described, found, failed, arguments):
    lines = ["# Performance", f"The output of `./dev bench {' '.join(arguments)}` on {datetime.date.today().isoformat()}. Absolute figures are "
             "this machine's; ratios are what to compare. A row below its goal stays and says why.", "",
             "| machine | |", "| --- | --- |"]
    lines += [f"| {what} | {value} |" for what, value in described]
    lines += ["", method(settings), "", "| row | Holdfast | reference | ratio | goal | met |", "| --- | --- | --- | --- | --- | --- |"]
    for _, title, outcome in found:
        reference = outcome.reference.text() if outcome.reference else "–"
        lines.append(f"| {title} | {outcome.subject.text()} | {reference} | {against(outcome)} | {outcome.goal} | {verdict(outcome)} |")
    lines += ["", "## Row by row"]
    for name, title, outcome in found:
        lines += [f"### {title} (`{name}`)", f"- figure: {outcome.unit}; reference: {outcome.reference_name}", f"- {outcome.parameters}"]
        lines += [f"- {note}" for note in outcome.notes]
        if outcome.holds is False and name in LIMITS:
            lines.append(f"- **What limits it**: {LIMITS[name]}")
        lines.append("")
    lines += [f"`{name}` was not measured: {why}" for name, why in failed]
    return "\n".join(lines)
