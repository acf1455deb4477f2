"""The daemon as a service manager sees it: the notify protocol, the watchdog, reload, credentials."""

import os
import pathlib
import shutil
import signal
import socket
import ssl
import subprocess

import pytest

from demo import BASE_PORT, BINARY, wait_for_log, wait_until
from single_region import SingleRegion, run


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    region = SingleRegion(tmp_path_factory.mktemp("made") / "region")
    assert region.init().returncode == 0
    return region


class Service:
    """A region started as systemd would start it; the messages it sends."""

    def __init__(self, region, directory, arguments=(), **environment):
        self.region = region
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(str(directory / "notify"))
        self.socket.settimeout(60)
        environment["NOTIFY_SOCKET"] = str(directory / "notify")
        with open(region.dir / "log", "ab") as log:
            self.process = subprocess.Popen([BINARY, "serve", "--config", str(region.config), *arguments], stdin=subprocess.DEVNULL,
                                            stdout=log, stderr=log, env={**os.environ, **environment})
        region.process = self.process

    def wait_for(self, wanted):
        """The next message that begins so; those before it are given up."""
        while True:
            message = self.socket.recv(4096).decode()
            if message.startswith(wanted):
                return message

    def is_silent_for(self, seconds):
        self.socket.settimeout(seconds)
        try:
            return self.socket.recv(4096) == b""
        except TimeoutError:
            return True
        finally:
            self.socket.settimeout(60)

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)
            self.process.terminate()
            self.process.wait(120)
        self.socket.close()


@pytest.fixture
def region(made, tmp_path):
    shutil.copytree(made.dir, tmp_path / "region")
    return SingleRegion(tmp_path / "region")


@pytest.fixture
def start(region, tmp_path):
    started = []

    def start_service(*arguments, **environment):
        started.append(Service(region, tmp_path, arguments, **environment))
        return started[-1]

    yield start_service
    for service in started:
        service.stop()


def served_certificate(port):
    return ssl.get_server_certificate(("127.0.0.1", port))


def test_it_says_when_it_serves_and_when_it_stops(region, start):
    service = start()
    assert service.wait_for("STATUS=primary") == "STATUS=primary, reign 1, incarnation 2"
    service.wait_for("READY=1")
    assert region.is_ready()
    service.process.terminate()
    service.wait_for("STOPPING=1")
    assert service.process.wait(120) == 0


def test_a_start_that_fails_is_never_ready(region, start):
    (region.dir / "data" / "FORMAT").write_text("999\n")
    service = start()
    assert service.process.wait(120) == 1
    assert service.is_silent_for(0.1)


def test_the_watchdog_is_fed_while_it_lives(start):
    service = start(WATCHDOG_USEC="400000")
    for _ in range(3):
        service.wait_for("WATCHDOG=1")
    service.process.send_signal(signal.SIGSTOP)
    while not service.is_silent_for(0.5):  # what was sent before it was stopped
        pass
    assert service.is_silent_for(1)
    service.process.send_signal(signal.SIGCONT)
    service.wait_for("WATCHDOG=1")


def test_reload_takes_the_new_certificate_and_keeps_the_old_one_on_an_error(region, start, tmp_path):
    service = start()
    service.wait_for("READY=1")
    before = served_certificate(region.base_port)
    other = SingleRegion(tmp_path / "other", BASE_PORT + 50)
    assert other.init().returncode == 0
    for name in ("server.crt", "server.key"):
        shutil.copy(other.dir / "tls" / name, region.dir / "tls" / name)
    assert served_certificate(region.base_port) == before
    service.process.send_signal(signal.SIGHUP)
    service.wait_for("RELOADING=1\nMONOTONIC_USEC=")
    service.wait_for("READY=1")
    renewed = served_certificate(region.base_port)
    assert renewed != before

    (region.dir / "tls" / "server.crt").write_text("broken")
    service.process.send_signal(signal.SIGHUP)
    service.wait_for("RELOADING=1")
    service.wait_for("READY=1")
    assert served_certificate(region.base_port) == renewed
    wait_for_log(region, "the old one stays")


def credentials(region, directory, mode):
    place = directory / "credentials"
    place.mkdir()
    shutil.move(region.dir / "region.key", place / "region.key")
    (place / "region.key").chmod(mode)
    return str(place)


def test_the_region_key_may_be_a_credential(region, start, tmp_path):
    """0440 is what an access control list for the service's user looks like."""
    place = credentials(region, tmp_path, 0o440)
    service = start("--set", "region_key_file=${CREDENTIALS_DIRECTORY}/region.key", CREDENTIALS_DIRECTORY=place)
    service.wait_for("READY=1")


def test_a_credential_that_everybody_may_read_is_refused(region, tmp_path):
    place = pathlib.Path(credentials(region, tmp_path, 0o444))
    status, line = region.refused_start("--set", f"region_key_file={place / 'region.key'}")
    assert status == 2 and "others may read it" in line
    (place / "region.key").chmod(0o440)
    status, line = region.refused_start("--set", f"region_key_file={place / 'region.key'}")
    assert status == 2 and "others may read it" in line, "only systemd's own directory may show a list's mask"


def test_a_credential_outside_a_service_is_refused_in_clear_words(region):
    status, line = region.refused_start("--set", "region_key_file=${CREDENTIALS_DIRECTORY}/region.key")
    assert status == 2 and "CREDENTIALS_DIRECTORY is not set" in line
    done = SingleRegion(region.dir / "new").init("--set", "region_key_file=${CREDENTIALS_DIRECTORY}/region.key")
    assert done.returncode != 0 and "CREDENTIALS_DIRECTORY is not set" in done.stderr


def test_commands_on_the_host_need_no_localhost_among_the_names(tmp_path):
    """They call a name that the certificate holds, at the address the listener is bound to."""
    region = SingleRegion(tmp_path / "region", BASE_PORT)
    done = region.init("--set", 'hosts=["id.example.com"]', issuer_base="https://id.example.com")
    assert done.returncode == 0, done.stderr
    try:
        region.serve(wait=False)
        wait_until("health", lambda: run("health", "--config", region.config).returncode == 0)
        assert run("health", "--traffic", "--json", "--config", region.config).stdout.startswith("{")
        status = run("region", "status", "--config", region.config)
        assert status.returncode == 0, status.stderr
    finally:
        region.stop()
    stopped = run("health", "--config", region.config)
    assert stopped.returncode == 1 and stopped.stderr.startswith("holdfast: ")
