"""What tests of the installed package share."""

import pathlib
import re
import subprocess

PAGES = pathlib.Path(__file__).parents[2] / "docs" / "operations"


def page_block(beginning, page="install.md"):
    """The block of the page that begins so: what the reader is told to type is what is tested."""
    blocks = re.findall(r"^```sh\n(.*?)^```", (PAGES / page).read_text(), re.S | re.M)
    return next(block for block in blocks if block.startswith(beginning))


def depends(deb):
    """The names of the libraries the package asks for."""
    field = subprocess.run(["dpkg-deb", "-f", str(deb), "Depends"], check=True, capture_output=True, text=True).stdout
    return sorted({re.match(r"\s*(\S+)", part).group(1) for part in field.split(",")})


def file_of(deb, name):
    """The text of one file of the package."""
    files = subprocess.run(["dpkg-deb", "--fsys-tarfile", str(deb)], check=True, capture_output=True).stdout
    return subprocess.run(["tar", "-xO", name], input=files, check=True, capture_output=True).stdout.decode()
