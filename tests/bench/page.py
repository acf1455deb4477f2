"""Reads docs/performance.md, or whatever `./dev bench --markdown` printed, for tests."""

import re

NUMBER = r"\d[\d,]*(?:\.\d+)?"
UNIT = r"(?:µs|ms|s|MiB|%|/s)\b|%"


def numbers(text):
    """The numbers of a text: medians, and in brackets the least and the most."""
    return [float(found.replace(",", "")) for found in re.findall(NUMBER, text)]


def figures(text):
    """Numbers that have a unit, as they are written."""
    return {found for found, _ in re.findall(rf"({NUMBER}) ?({UNIT})", text)}


def table(text):
    """Rows of the table of results, each a list of cells."""
    lines = [line for line in text.splitlines() if line.startswith("| ") and line.count("|") == 9]
    return [[cell.strip() for cell in line.split("|")[1:-1]] for line in lines[2:]]  # without head and ruler


def sections(text):
    """{name: lines} of what is told row by row."""
    found, lines = {}, []
    for line in text.splitlines():
        head = re.fullmatch(r"### .* \(`([a-z-]+)`\)", line)
        if head:
            lines = found[head.group(1)] = []
        elif line.startswith("#"):
            lines = []
        elif line.startswith("- "):
            lines.append(line)
    return found


def complaints(text, rows):
    """What is wrong with a page that should have exactly `rows` (name, title), each below its goal explained by its own figures."""
    cells, told = table(text), sections(text)
    found = []
    if [row[0] for row in cells] != [title for _, title in rows]:
        found.append(f"the table has {[row[0] for row in cells]}, not {[title for _, title in rows]}")
    if list(told) != [name for name, _ in rows]:
        found.append(f"row by row it tells of {list(told)}, not of {[name for name, _ in rows]}")
    names = {title: name for name, title in rows}
    for title, *_, met, _, _ in cells:
        if met not in ("yes", "NO", "–"):
            found.append(f"{title}: met is '{met}'")
        if met == "NO":
            found += explanation_complaints(title, told.get(names.get(title), []), cells)
    return found


def explanation_complaints(title, lines, cells):
    limits = [line for line in lines if line.startswith("- **What limits it**: ")]
    if len(limits) != 1:
        return [f"{title} is below its goal and {len(limits)} lines say what limits it"]
    own = set(re.findall(NUMBER, " ".join(next(row for row in cells if row[0] == title))))
    measured = own | figures(" ".join(line for line in lines if line not in limits))
    if not {figure for figure in figures(limits[0]) if len(figure) > 1} & measured:
        return [f"{title}: what limits it quotes no figure that this row measured: {limits[0]}"]
    return []
