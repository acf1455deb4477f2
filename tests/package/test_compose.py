"""Image and compose file, in an engine of the test's own: no registry is asked, the base is a Debian root of mmdebstrap."""

import json
import os
import pathlib
import re

import pytest

from conftest import debian_root, not_possible_here, not_tested
from engine import Engine

ROOT = pathlib.Path(__file__).parents[2]
MOST_OF_THE_IMAGE_BYTES = 60_000_000  # what it may add to its base


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    started = Engine(tmp_path_factory.mktemp("engine"))
    try:
        try:
            started.start()
        except RuntimeError as error:  # the engine's own end: this kernel lacks what it needs
            yield str(error)
            return
        started.load_root(debian_root("haproxy"), "debian-with-haproxy")
        yield started
    finally:
        started.stop()


def size_of(engine, image):
    return json.loads(engine.run("docker", "image", "inspect", image).stdout)[0]["Size"]


def packages_of_dev(*lists):
    """The Debian packages that ./dev names in these lists."""
    return [package for name in lists
            for package in re.search(rf"^{name}_packages=\((.*?)\)", (ROOT / "dev").read_text(), re.M | re.S)[1].split()]


def image_arguments(engine):
    """What the image is built with: the tarball; under `./dev test --long` the sources, which takes 10 minutes and more."""
    if not os.environ.get("HOLDFAST_LONG"):
        return ["--build-arg", "PREBUILT=yes", "--build-arg", "BUILD_BASE=debian-with-haproxy"]
    engine.load_root(debian_root(*packages_of_dev("build", "package")), "debian-to-build-with")
    return ["--network", "none", "--build-arg", "BUILD_BASE=debian-to-build-with"]


def test_the_story_holds_in_compose(request, tarball, tmp_path, capsys):
    if not_possible_here(capsys, "containers"):
        return
    engine = request.getfixturevalue("engine")
    if isinstance(engine, str):
        not_tested(capsys, "containers", f"no engine can be started here: {engine}")
        return
    engine.run("docker", "build", "--quiet", "--file", "docker/Dockerfile", *image_arguments(engine), "--build-arg",
               "RUN_BASE=debian-with-haproxy", "--tag", "holdfast-test", ".", cwd=ROOT, timeout=7200)
    assert size_of(engine, "holdfast-test") - size_of(engine, "debian-with-haproxy") < MOST_OF_THE_IMAGE_BYTES
    assert json.loads(engine.run("docker", "image", "inspect", "holdfast-test").stdout)[0]["Config"]["User"] == "10001:10001"
    story = engine.run("/usr/bin/python3", "-B", ROOT / "tests/package/compose_story.py", engine.hosts, tmp_path,
                       check=False, cwd=ROOT, timeout=400,
                       env={"HOLDFAST_IMAGE": "holdfast-test", "HOLDFAST_FRONT_DOOR_IMAGE": "debian-with-haproxy"})
    with capsys.disabled():
        print("\n" + story.stdout)
    logs = tmp_path / "containers.log"
    assert story.returncode == 0, story.stderr[-3000:] + (logs.read_text()[-6000:] if logs.exists() else "")
