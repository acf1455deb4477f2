"""The error codes that the sources write, however they do it; and the places where this cannot tell which code it is.

A code stands behind an error's kind, in a member `code`, or where a function takes it: `std::string_view code` among its
parameters makes a function one that does. There it is a literal or the name of a constant of the same file."""

import re

CODE = re.compile(r'"([a-z][a-z0-9]*(?:_[a-z0-9]+)*)"')
TOKEN = re.compile(r'\bR"\((?:.*?)\)"|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\])\'|//[^\n]*|(?:(?!\bR")[\w\s.:])+|.', re.S)
KIND, MEMBER = re.compile(r"\bErrorKind::\w+\s*,"), re.compile(r"\.code\s*=(?!=)")
MAKER = re.compile(r"(\w+)\(([^(){};]*)std::string_view code\b")

# Codes that come from elsewhere: a parameter (its callers are read), another error's, two enumerations that are called codes
# (why a peer is rejected, OAuth's own words), and what a server answered to the command line.
NO_LITERAL = re.compile(r"code|[\w.()]*\.(error\(\)\.)?code|bye->code|RejectCode::\w+|static_cast<RejectCode>\(code\)"
                        r"|.* \? RejectCode::\w+ : RejectCode::\w+|code_by_kind\(error\.kind\)|kept_code\(.*\)")


def arguments(text, at):
    """What follows, up to the bracket that ends the call, cut at its own commas. Comments are left out."""
    depth, parts = 0, [""]
    for match in TOKEN.finditer(text, at):
        token = match.group(0)
        depth += (token in "({[") - (token in ")}]")
        if depth < 0 or (depth == 0 and token == ";"):
            break
        if depth == 0 and token == ",":
            parts.append("")
        elif not token.startswith("//"):
            parts[-1] += token
    return [" ".join(part.split()) for part in parts]


def makers(sources):
    """(file, function that takes a code, the code's place among its arguments)."""
    return [(path, match.group(1), match.group(2).count(",")) for path, text in sources.items() for match in MAKER.finditer(text)]


def known_to(reader, found):
    """Of these, what a file may call: its own, those of its room's headers and of everybody's."""
    return {name: place for path, name, place in found
            if path == reader or (path.suffix == ".h" and (path.parts[0] == "include" or path.parent == reader.parent))}


def written_codes(text, takers):
    """What stands where a code is expected."""
    for pattern in (KIND, MEMBER):
        for match in pattern.finditer(text):
            yield re.sub(r"^\.code = ", "", arguments(text, match.end())[0])
    for match in re.finditer(rf"(?<![.>])\b({'|'.join(takers)})\(", text):
        given = arguments(text, match.end())
        if len(given) > takers[match.group(1)]:
            yield given[takers[match.group(1)]]


def is_message(argument):
    """A text of words, which some functions take behind the kind; or a declaration's parameter."""
    return re.search(r'"[^"]* [^"]*"', argument) or argument.startswith("std::string")


def error_codes(root):
    """(code → the first file that has it, [what could not be read, with its file])."""
    sources = {path.relative_to(root): path.read_text() for top in ("src", "include") for path in sorted((root / top).rglob("*"))
               if path.suffix in (".h", ".cpp")}
    codes, unread, takers = {}, [], makers(sources)
    for path, text in sources.items():
        for argument in written_codes(text, known_to(path, takers)):
            constant = re.search(rf'\bstd::string_view {re.escape(argument)} = ("\w+");', text)
            found = CODE.findall(constant.group(1) if constant else argument)
            for code in found:
                codes.setdefault(code, path)
            if not found and not is_message(argument) and not NO_LITERAL.fullmatch(argument):
                unread.append(f"{path}: {argument}")
    return codes, unread
