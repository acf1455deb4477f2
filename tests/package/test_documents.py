"""What the program prints about itself: completions for three shells, manual pages; and the systemd unit's exposure."""

import json
import pathlib
import re
import subprocess

import pytest

from single_region import run

ROOT = pathlib.Path(__file__).parents[2]
UNIT = ROOT / "config" / "holdfast.service"
MAX_EXPOSURE = 2.0


def printed(*arguments):
    done = run(*arguments)
    assert done.returncode == 0, done.stderr
    return done.stdout


def commands(help_text):
    """The subcommands that a --help lists."""
    listed = re.search(r"^Subcommands:\n((?:  .*\n?)+)", help_text, re.M)
    return re.findall(r"^  (\S+) ", listed.group(1), re.M) if listed else []


def tree(path=()):
    """Every command with the options of its own help."""
    text = printed(*path, "--help")
    flags = {match.group(1) for line in text.splitlines() if (match := re.match(r"\s+(?:-\w,)?(--[a-z-]+)", line))}
    yield path, flags
    for name in commands(text):
        yield from tree((*path, name))


@pytest.fixture(scope="module")
def every_command():
    found = dict(tree())
    assert len(found) > 30 and "--config" in found[("region", "status")], "the helps were not understood"
    return found


def test_bash_completes_every_command_and_option(every_command, tmp_path):
    script = tmp_path / "holdfast"
    script.write_text(printed("completion", "bash"))
    cases = "".join(f"COMP_WORDS=(holdfast {' '.join(path)} ''); COMP_CWORD={len(path) + 1}; _holdfast; echo \"${{COMPREPLY[*]}}\"\n"
                    for path in every_command)
    done = subprocess.run(["bash", "-c", f"set -e; source {script}\n{cases}"], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    for (path, flags), line in zip(every_command.items(), done.stdout.splitlines(), strict=True):
        children = {other[-1] for other in every_command if len(other) == len(path) + 1 and other[:-1] == path}
        assert set(line.split()) == flags | children, path


def test_bash_completes_files_after_an_option_with_a_value(tmp_path):
    (tmp_path / "holdfast.json").touch()
    (tmp_path / "script").write_text(printed("completion", "bash"))
    case = "COMP_WORDS=(holdfast serve --config hold); COMP_CWORD=3; _holdfast; echo \"${COMPREPLY[*]}\""
    done = subprocess.run(["bash", "-c", f"source ./script; {case}"], cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert done.stdout.strip() == "holdfast.json", done.stderr


def test_fish_completes_every_command_and_option(every_command, tmp_path):
    script = tmp_path / "holdfast.fish"
    script.write_text(printed("completion", "fish"))
    lines = "".join(f"echo '== {' '.join(path)}'; complete -C 'holdfast {' '.join((*path, '--'))}' | string split -f1 \\t\n"
                    f"complete -C 'holdfast {' '.join((*path, ''))}' | string split -f1 \\t\n" for path in every_command)
    done = subprocess.run(["fish", "--no-config", "-c", f"source {script}\n{lines}true"], capture_output=True, text=True, timeout=120,
                          cwd=tmp_path, env={"HOME": str(tmp_path), "PATH": "/usr/bin:/bin"})
    assert done.returncode == 0, done.stderr
    offered = {tuple(part.split("\n")[0].split()): set(part.split("\n")[1:]) for part in done.stdout.split("== ")[1:]}
    for path, flags in every_command.items():
        children = {other[-1] for other in every_command if len(other) == len(path) + 1 and other[:-1] == path}
        assert offered[path] >= flags | children, path


def test_zsh_offers_every_command_and_option(every_command, tmp_path):
    """The completion system is replaced by two functions that print what they are given."""
    script = tmp_path / "_holdfast"
    script.write_text(printed("completion", "zsh"))
    stub = "_describe() { local name=$4; for name in ${@[4,-1]}; do print -l -- ${(P)name}; done }; _files() { print FILES }\n"
    cases = "".join(f"words=(holdfast {' '.join(path)} ''); CURRENT={len(path) + 2}; print -- '== {' '.join(path)}'; _holdfast\n"
                    for path in every_command)
    cases += "words=(holdfast serve --config ''); CURRENT=4; print -- '== files'; _holdfast\n"
    done = subprocess.run(["zsh", "-f", "-c", f"{stub}source {script}\n{cases}"], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0 and not done.stderr, done.stderr
    offered = {tuple(part.split("\n")[0].split()): {line.split(":")[0] for line in part.split("\n")[1:] if line}
               for part in done.stdout.split("== ")[1:]}
    assert offered.pop(("files",)) == {"FILES"}
    for path, flags in every_command.items():
        children = {other[-1] for other in every_command if len(other) == len(path) + 1 and other[:-1] == path}
        assert offered[path] == flags | children, path


def formatted(page, tmp_path, name):
    file = tmp_path / name
    file.write_text(page)
    done = subprocess.run(["man", "--warnings", "-E", "UTF-8", "-l", "-Tutf8", "-Z", str(file)], capture_output=True, text=True,
                          timeout=60, env={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "MANROFFSEQ": ""})
    assert done.returncode == 0 and not done.stderr, done.stderr
    return subprocess.run(["man", "-l", str(file)], capture_output=True, text=True, timeout=60,
                          env={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "MANWIDTH": "200", "MAN_KEEP_FORMATTING": ""}).stdout


def test_the_manual_names_every_command(every_command, tmp_path):
    text = formatted(printed("manual", "commands"), tmp_path, "holdfast.1")
    for path in every_command:
        is_family = any(other[:len(path)] == path and other != path for other in every_command)
        assert is_family or "holdfast " + " ".join(path) in text, path
    assert re.search(r"holdfast region remove NAME\n", text), "what is given without a flag"


def test_the_manual_names_every_key(tmp_path):
    text = formatted(printed("manual", "configuration"), tmp_path, "holdfast.json.5")
    for key in re.findall(r"^\| `([a-z_.]+)` \|", (ROOT / "docs" / "configuration.md").read_text(), re.M):
        assert re.search(rf"^ +{re.escape(key)}( |$)", text, re.M), key


def test_the_unit_is_locked_down():
    done = subprocess.run(["systemd-analyze", "security", "--offline=true", "--no-pager", str(UNIT)], capture_output=True, text=True,
                          timeout=60)
    exposure = float(re.search(r"Overall exposure level for \S+: ([0-9.]+)", done.stdout).group(1))
    assert exposure <= MAX_EXPOSURE, done.stdout


def test_compose_names_the_administrator_by_standard_input(tmp_path):
    """Whatever is in the names; the program is one that tells what it was given."""
    (tmp_path / "bin").mkdir()
    program = tmp_path / "bin" / "holdfast"
    program.write_text(f"#!/bin/sh\nprintf '%s\\n' \"$@\" > {tmp_path}/arguments\ncat > {tmp_path}/given\n")
    program.chmod(0o755)
    script = (ROOT / "docker" / "make-region.sh").read_text().replace("/etc/holdfast", str(tmp_path))
    given = {"name": 'Ada "the first" \\ Lovelace', "email": "ada@example.com", "phone": "+14155550123"}
    subprocess.run(["sh", "-s", "init", "us-east-1", "8453", "8454"], input=script, check=True, text=True, timeout=60,
                   env={"PATH": f"{tmp_path}/bin:/usr/bin:/bin", **{f"ADMIN_{field.upper()}": text for field, text in given.items()}})
    arguments = (tmp_path / "arguments").read_text()
    assert json.loads((tmp_path / "given").read_text()) == given
    assert "--admin-file\n-\n" in arguments and not any(text in arguments for text in given.values())


def test_the_front_door_of_compose_is_the_documented_one():
    def lines(path, names=()):
        text = path.read_text()
        for name, value in names:
            text = text.replace(name, value)
        return {line for line in (re.sub(r"#.*", "", line).strip() for line in text.splitlines()) if line}

    documented = lines(ROOT / "config" / "haproxy.cfg", [
        ("ISSUER_HOST", "localhost"), ("CA_FILE", "/trust/ca.crt"), ("REGION_A_HOST", "us-east-1"), ("REGION_B_HOST", "eu-west-1"),
        ("PUBLIC_PROXY_PORT", "9443"), ("OBJECTS_PROXY_PORT", "9444")])
    in_compose = lines(ROOT / "docker" / "haproxy.cfg")
    assert documented - in_compose == {"maxconn 20000", "bind :443"}
    assert in_compose - documented == {"maxconn 4096", "bind :8443", "log stdout format raw local0 notice", "log global"}
