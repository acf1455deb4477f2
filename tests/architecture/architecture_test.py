"""The rules of the house as tests. The table of rooms here is the law; src/rooms.cmake must say the same.

Run: architecture_test.py REPOSITORY
"""

import pathlib
import re
import sys
import unittest

ROOT = pathlib.Path(sys.argv.pop(1)).resolve()

# Each room and the rooms that it names in its row; "and theirs" is added by closure below.
ROWS = {
    "base": [],
    "crypto": ["base"],
    "async": ["base"],
    "net": ["base", "crypto", "async"],
    "storage": ["base", "crypto", "async"],
    "region": ["storage"],
    "replication": ["region", "net"],
    "identity": ["region"],
    "oidc": ["identity"],
    "apps": ["identity"],
    "objects": ["apps"],
    "http": ["net"],
    "outbound": ["http", "region", "identity"],
    "ops": ["storage"],
    "api": ["http", "ops", "outbound", "replication", "identity", "oidc", "apps", "objects"],
    "app": ["api"],
    "cli": ["app", "http"],
}

# app's public headers include base only, so seeing app shows nothing more.
OPAQUE = {"app"}
PUBLIC_HEADERS_INCLUDE_BASE_ONLY = {"app"}

# Third-party headers and the rooms that may include them.
OWNERS = {
    r"rocksdb/": {"storage"},
    r"openssl/": {"crypto", "net"},
    r"sodium(\.h|/)": {"crypto"},
    r"boost/beast": {"http"},
    r"prometheus/": {"ops"},
    r"spdlog/": {"base"},
    r"utf8proc\.h": {"base"},
    r"CLI/": {"cli"},
    r"zstd\.h": {"storage"},
    r"boost/asio/ssl": {"net", "http"},
}
# They work for requests: each line of the log says for which, or that it is the daemon's own work.
WORK_FOR_REQUESTS = ("http", "identity", "oidc", "apps", "objects", "outbound", "api")
MAX_FILE_LINES = 500
MAX_FUNCTION_LINES = 70


def closure(room):
    seen = set()
    waiting = list(ROWS[room])
    while waiting:
        next_room = waiting.pop()
        if next_room not in seen:
            seen.add(next_room)
            if next_room not in OPAQUE:
                waiting.extend(ROWS[next_room])
    return seen


def sources():
    for top in ("src", "include"):
        for path in sorted((ROOT / top).rglob("*")):
            if path.suffix in (".h", ".cpp"):
                yield path


def own_test_files(*suffixes):
    """Files under tests/ that are ours: what npm installed for the client tests is not."""
    for path in sorted((ROOT / "tests").rglob("*")):
        if path.suffix in suffixes and "node_modules" not in path.parts:
            yield path


def code_files():
    yield from sources()
    yield from own_test_files(".h", ".cpp")


def room_of(path):
    parts = path.relative_to(ROOT).parts
    if parts[0] == "src":
        return parts[1] if len(parts) > 2 else "main"
    return parts[2]


def includes(path):
    for number, line in enumerate(path.read_text().splitlines(), 1):
        match = re.match(r'\s*#\s*include\s*[<"]([^>"]+)[>"]', line)
        if match:
            yield number, match.group(1)


def is_public_header(path):
    return path.relative_to(ROOT).parts[0] == "include"


def without_comments_and_strings(text):
    pattern = re.compile(
        r'R"(?P<d>[^()\\ ]{0,16})\(.*?\)(?P=d)"|//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])\'', re.S
    )
    return pattern.sub(lambda match: "\n" * match.group(0).count("\n"), text)


def functions(path):
    """Yields (first line, length) of every block that a `)`-ended head opens outside any other such block."""
    text = without_comments_and_strings(path.read_text())
    line, head, stack = 1, "", []
    for char in text:
        if char == "\n":
            line += 1
        if char == "{":
            inside = any(kind == "function" for kind, _ in stack)
            compact = " ".join(head.split())
            container = re.search(r"\b(namespace|class|struct|enum|union)\b[^()=]*$", compact)
            opens = not inside and not container and re.search(
                r"\)\s*(const|noexcept|override|final|mutable|->[^;{}]*|requires[^;{}]*|:[^;{}]*|\s)*$", compact)
            stack.append(("function" if opens else "other", line))
            head = ""
        elif char == "}":
            if stack:
                kind, first = stack.pop()
                if kind == "function":
                    yield first, line - first + 1
            head = ""
        elif char == ";":
            head = ""
        else:
            head += char


class Rooms(unittest.TestCase):
    def test_every_folder_is_a_room(self):
        for top in (ROOT / "src", ROOT / "include" / "holdfast"):
            for folder in sorted(path for path in top.iterdir() if path.is_dir()):
                self.assertIn(folder.name, ROWS, f"{folder} is not a room of the table")

    def test_public_headers_live_under_their_room(self):
        stray = [str(path) for path in (ROOT / "include").rglob("*.h") if len(path.relative_to(ROOT).parts) != 4]
        self.assertEqual(stray, [])

    def test_the_build_says_the_same_as_the_table(self):
        text = (ROOT / "src" / "rooms.cmake").read_text()
        rows = {name: value.split() for name, value in re.findall(r"set\(sees_(\w+)([^)]*)\)", text)}
        self.assertEqual(set(rows), set(ROWS))

        def expand(room, visiting=()):
            result = set()
            for word in rows[room]:
                reference = re.fullmatch(r"\$\{sees_(\w+)\}", word)
                result |= expand(reference.group(1)) if reference else {word}
            return result

        for room in ROWS:
            self.assertEqual(expand(room), closure(room), f"row of {room}")

    def test_the_table_has_no_cycle(self):
        for room in ROWS:
            self.assertNotIn(room, closure(room))

    def test_includes_follow_the_table(self):
        wrong = []
        for path in sources():
            room = room_of(path)
            allowed = {"cli"} if room == "main" else closure(room) | {room}
            if is_public_header(path) and room in PUBLIC_HEADERS_INCLUDE_BASE_ONLY:
                allowed = {"base", room}
            for number, name in includes(path):
                match = re.match(r"holdfast/([^/]+)/", name)
                if match and match.group(1) not in allowed:
                    wrong.append(f"{path.relative_to(ROOT)}:{number}: {room} may not include {name}")
                if name.startswith("..") or "/../" in name:
                    wrong.append(f"{path.relative_to(ROOT)}:{number}: no relative path upward: {name}")
        self.assertEqual(wrong, [])

    def test_libraries_stay_in_their_rooms(self):
        wrong = []
        for path in sources():
            for number, name in includes(path):
                for pattern, owners in OWNERS.items():
                    if re.match(pattern, name) and room_of(path) not in owners:
                        wrong.append(f"{path.relative_to(ROOT)}:{number}: {name} belongs to {sorted(owners)}")
        self.assertEqual(wrong, [])

    def test_one_file_instantiates_beast(self):
        """House: Beast behind one wall. Tests see it through that wall, too."""
        beast = sorted({
            str(path.relative_to(ROOT))
            for path in code_files()
            if any(name.startswith("boost/beast") for _, name in includes(path))
        })
        self.assertEqual(beast, ["src/http/beast_codec.cpp"])

    def test_domain_models_and_rules_know_no_json_http_or_io(self):
        wrong = []
        for path in sources():
            if not re.search(r"_(model|rules)\.(h|cpp)$", path.name):
                continue
            for number, name in includes(path):
                if re.match(r"nlohmann/|boost/|holdfast/(http|net|async|storage|region|replication)/", name):
                    wrong.append(f"{path.relative_to(ROOT)}:{number}: {name} in a pure file")
        self.assertEqual(wrong, [])

    def test_a_source_file_includes_its_own_header_first(self):
        wrong = []
        for path in sources():
            if path.suffix != ".cpp":
                continue
            room = room_of(path)
            own = ROOT / "include" / "holdfast" / room / f"{path.stem}.h"
            first = next((name for _, name in includes(path)), "")
            if own.exists() and first != f"holdfast/{room}/{path.stem}.h":
                wrong.append(str(path.relative_to(ROOT)))
        self.assertEqual(wrong, [])


class Sizes(unittest.TestCase):
    def test_no_file_is_too_long(self):
        long = [
            f"{path.relative_to(ROOT)}: {lines} lines"
            for path in code_files()
            if (lines := len(path.read_text().splitlines())) > MAX_FILE_LINES
        ]
        self.assertEqual(long, [])

    def test_no_function_is_too_long(self):
        long = [
            f"{path.relative_to(ROOT)}:{first}: {length} lines"
            for path in code_files()
            for first, length in functions(path)
            if length > MAX_FUNCTION_LINES
        ]
        self.assertEqual(long, [])


class Habits(unittest.TestCase):
    def test_nothing_is_detached_outside_the_task_group(self):
        wrong = [
            str(path.relative_to(ROOT))
            for path in sources()
            if re.search(r"\bdetached\b|\.detach\(\)", without_comments_and_strings(path.read_text()))
            and path.stem != "task_group"
        ]
        self.assertEqual(wrong, [])

    def test_pages_name_files_that_exist(self):
        missing = []
        for page in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]:
            for name in re.findall(r"`((?:src|include|tests|config|docker|docs)/[\w./-]+\.\w+)`", page.read_text()):
                if not (ROOT / name).exists():
                    missing.append(f"{page.relative_to(ROOT)}: {name}")
        self.assertEqual(missing, [])

    def test_comments_name_pages_that_exist(self):
        wrong = [
            f"{path.relative_to(ROOT)}: {name}"
            for path in sources()
            for name in re.findall(r"[\w./-]+\.md\b", path.read_text())
            if not (ROOT / name).exists()
        ]
        self.assertEqual(wrong, [])

    def test_each_decision_has_a_number_of_its_own(self):
        decisions = sorted((ROOT / "docs" / "adr").glob("0*.md"))
        numbers = [path.name[:4] for path in decisions]
        self.assertEqual(numbers, sorted(set(numbers)))
        titles = {path.name: path.read_text().splitlines()[0].removeprefix(f"# {int(path.name[:4])}. ") for path in decisions}
        self.assertEqual([title for title in titles.values() if title.startswith("#")], [])
        rows = [f"- {int(name[:4])} · [{title}]({name})" for name, title in titles.items()]
        self.assertEqual((ROOT / "docs" / "adr" / "README.md").read_text().splitlines()[-len(rows):], rows)
        wrong = [
            f"{path.relative_to(ROOT)}: {number}"
            for path in [*sources(), *(ROOT / "config").rglob("*.*"), *(ROOT / "docs").rglob("*.md"), ROOT / "dev"]
            for number in re.findall(r"(?:docs/adr/|\bADR )(\d{4})", path.read_text())
            if number not in numbers
        ]
        self.assertEqual(wrong, [])

    def test_lines_of_a_request_carry_its_id(self):
        for room in WORK_FOR_REQUESTS:
            for path in sorted((ROOT / "src" / room).rglob("*.cpp")):
                for call in re.finditer(r"\blog::(?:debug|info|warn|error|write)\(\s*([^\s,]+)", path.read_text()):
                    with self.subTest(path=path, call=call[0]):
                        self.assertRegex(call[1], r"^log::(For\{|own_work$)")

    def test_no_test_is_switched_off(self):
        marks = re.compile(r"\bDISABLED_|GTEST_SKIP|pytest\.mark\.(skip|xfail)")
        wrong = [
            str(path.relative_to(ROOT))
            for path in own_test_files(".cpp", ".h", ".py")
            if path.name != "architecture_test.py" and marks.search(path.read_text())
        ]
        self.assertEqual(wrong, [])


if __name__ == "__main__":
    unittest.main()
