"""A strict reader of Prometheus' text exposition format 0.0.4: what it does not know it refuses."""

import re

NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
LABEL = r"[a-zA-Z_][a-zA-Z0-9_]*"
SAMPLE = re.compile(rf"({NAME})(?:\{{((?:{LABEL}=\"(?:[^\"\\\n]|\\[\\\"n])*\",?)*)\}})? (\S+)")
SUFFIXES = {"histogram": ("_bucket", "_sum", "_count"), "counter": ("",), "gauge": ("",)}


class Malformed(AssertionError):
    pass


class Family:
    def __init__(self, name, help_text):
        self.name, self.help, self.type, self.samples = name, help_text, None, []

    def value(self, suffix="", **labels):
        """The one sample with these labels (and perhaps more)."""
        found = [value for name, have, value in self.samples
                 if name == self.name + suffix and labels.items() <= have.items()]
        if len(found) != 1:
            raise Malformed(f"{self.name}{suffix} {labels}: {len(found)} samples")
        return found[0]

    def total(self, suffix="", **labels):
        return sum(value for name, have, value in self.samples
                   if name == self.name + suffix and labels.items() <= have.items())

    @property
    def label_names(self):
        return sorted({label for _, labels, _ in self.samples for label in labels} - {"le"})


def unescape(text):
    return re.sub(r"\\(.)", lambda match: "\n" if match.group(1) == "n" else match.group(1), text)


def parse(text):
    """Families by name. HELP, TYPE and samples of a family stand together, in that order; nothing comes twice."""
    if not text.endswith("\n"):
        raise Malformed("the last line does not end")
    families, family, seen = {}, None, set()
    for line in text.splitlines():
        if line.startswith("# HELP "):
            _, _, name, help_text = line.split(" ", 3)
            if name in families:
                raise Malformed(f"{name} twice")
            family = families[name] = Family(name, help_text)
        elif line.startswith("# TYPE "):
            _, _, name, kind = line.split(" ")
            if family is None or name != family.name or family.type or kind not in SUFFIXES:
                raise Malformed(line)
            family.type = kind
        else:
            match = SAMPLE.fullmatch(line)
            if not match or family is None or family.type is None:
                raise Malformed(f"no sample of {family and family.name}: {line}")
            name, labels, value = match.groups()
            pairs = re.findall(rf"({LABEL})=\"((?:[^\"\\\n]|\\.)*)\"", labels or "")
            if len(dict(pairs)) != len(pairs) or (name, labels) in seen:
                raise Malformed(f"twice: {line}")
            seen.add((name, labels))
            if name not in [family.name + suffix for suffix in SUFFIXES[family.type]]:
                raise Malformed(f"{name} stands under {family.name}")
            family.samples.append((name, {key: unescape(text) for key, text in pairs}, float(value)))
    for family in families.values():
        check(family)
    return families


def check(family):
    if not family.samples or not family.help or family.type is None:
        raise Malformed(f"{family.name}: no samples, help or type")
    if (family.type == "counter") != family.name.endswith("_total"):
        raise Malformed(f"{family.name} is a {family.type}")
    if family.type != "histogram":
        return
    series = {}
    for name, labels, value in family.samples:
        key = tuple(sorted((label, text) for label, text in labels.items() if label != "le"))
        series.setdefault(key, {}).setdefault(name[len(family.name):], []).append((labels.get("le"), value))
    for key, parts in series.items():
        counts = [value for _, value in parts["_bucket"]]
        bounds = [float(bound) for bound, _ in parts["_bucket"]]
        if counts != sorted(counts) or bounds != sorted(bounds) or bounds[-1] != float("inf"):
            raise Malformed(f"{family.name} {key}: buckets do not add up")
        if counts[-1] != parts["_count"][0][1]:
            raise Malformed(f"{family.name} {key}: the last bucket is not the count")
