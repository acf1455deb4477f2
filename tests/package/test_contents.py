"""What is in the package and in the tarball: these files, not one less or more, and none of them empty."""

import subprocess

# Below /usr in the package, below /usr/local in the tarball.
FILES = {
    "bin/holdfast",
    "lib/systemd/system/holdfast.service",
    "lib/sysusers.d/holdfast.conf",
    "share/bash-completion/completions/holdfast",
    "share/doc/holdfast/changelog.gz",
    "share/doc/holdfast/copyright",
    "share/doc/holdfast/examples/grafana/holdfast.json",
    "share/doc/holdfast/examples/haproxy.cfg",
    "share/doc/holdfast/examples/holdfast.json",
    "share/doc/holdfast/examples/prometheus/alerts.yaml",
    "share/fish/vendor_completions.d/holdfast.fish",
    "share/man/man1/holdfast.1.gz",
    "share/man/man5/holdfast.json.5.gz",
    "share/zsh/vendor-completions/_holdfast",
}
# The tarball brings libraries that a Debian host has from its own packages, and their terms.
OF_THE_TARBALL = {"share/doc/holdfast/LICENSE"}
LIBRARIES, LICENSES = "lib/holdfast/", "share/doc/holdfast/licenses/"


def listed(*command):
    """Name → size of what `tar` or `dpkg-deb` lists, but for folders."""
    lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    fields = [line.split(maxsplit=5) for line in lines]
    return {name: int(size) for mode, _, size, _, _, name in fields if mode[0] == "-"}


def test_the_package(deb):
    files = listed("dpkg-deb", "-c", str(deb))
    assert files.keys() == {"./usr/" + name for name in FILES}
    assert all(files.values()), files


def test_the_tarball(tarball):
    files = {name.split("/", 1)[1]: size for name, size in listed("tar", "-tvzf", str(tarball)).items()}
    own = {name for name in files if not name.startswith((LIBRARIES, LICENSES))}
    assert own == FILES | OF_THE_TARBALL
    for folder in (LIBRARIES, LICENSES):
        assert any(name.startswith(folder) for name in files), folder
    assert all(files.values()), files
