"""What every listener offers in TLS, as sslscan (software of others) and hand-made handshakes find it."""

import os
import socket
import ssl
import subprocess
import threading
import time
import xml.etree.ElementTree as ElementTree

import pytest

from front_door import FrontDoor
from demo import wait_until
from single_region import SingleRegion

CLIENT_LISTENERS = {"public": 0, "objects": 1, "admin": 2}
REPLICATION = 3
BEHIND_A_FRONT_DOOR = {"public": 4, "objects": 5}
FRONT_DOOR = 6
AEAD = ("GCM", "CHACHA20_POLY1305", "CHACHA20-POLY1305")


@pytest.fixture(scope="module")
def region(tmp_path_factory):
    with SingleRegion(tmp_path_factory.mktemp("tls") / "region") as alone:
        made = alone.init(*(part for listener, offset in BEHIND_A_FRONT_DOOR.items() for part in
                            ("--set", f"listeners.{listener}.proxy_address=127.0.0.1:{alone.base_port + offset}")))
        assert made.returncode == 0, made.stderr
        alone.serve()
        yield alone


class Scan:
    """One sslscan of a port."""

    def __init__(self, port, *arguments):
        done = subprocess.run(["sslscan", "--no-colour", "--xml=-", *arguments, f"localhost:{port}"],
                              capture_output=True, encoding="utf-8", timeout=120)
        found = ElementTree.fromstring(done.stdout).find("ssltest")
        assert found is not None, done.stdout + done.stderr
        self.protocols = {f"{each.get('type')}{each.get('version')}" for each in found.findall("protocol")
                          if each.get("enabled") == "1"}
        self.ciphers = [(each.get("sslversion"), each.get("cipher"), each.get("strength")) for each in found.findall("cipher")]
        self.renegotiates = any(each.get("supported") == "1" for each in found.findall("renegotiation"))
        self.compresses = any(each.get("supported") == "1" for each in found.findall("compression"))
        self.bleeds = any(each.get("vulnerable") == "1" for each in found.findall("heartbleed"))

    def faults(self, protocols):
        """Everything that is not as it must be; nothing is tolerated."""
        found = [f"protocol {each}" for each in self.protocols ^ set(protocols)]
        found += [f"no cipher of {each}" for each in protocols
                  if not any(version == "TLSv" + each.removeprefix("tls") for version, _, _ in self.ciphers)]
        for version, cipher, strength in self.ciphers:
            keeps_secrets = version == "TLSv1.3" or cipher.startswith("ECDHE-")
            if not keeps_secrets or not any(name in cipher for name in AEAD) or strength not in ("strong", "acceptable"):
                found.append(f"cipher {cipher} of {version} ({strength})")
        for name in ("renegotiates", "compresses", "bleeds"):
            if getattr(self, name):
                found.append(name)
        return found


@pytest.mark.parametrize("listener", CLIENT_LISTENERS)
def test_client_listeners_offer_tls_1_2_and_1_3_with_strong_suites_alone(region, listener):
    scan = Scan(region.base_port + CLIENT_LISTENERS[listener])
    assert scan.faults({"tls1.2", "tls1.3"}) == []


@pytest.mark.parametrize("listener", BEHIND_A_FRONT_DOOR)
def test_listeners_behind_a_front_door_offer_the_same(region, listener):
    with FrontDoor(region.base_port + FRONT_DOOR, region.base_port + BEHIND_A_FRONT_DOOR[listener]):
        assert Scan(region.base_port + FRONT_DOOR).faults({"tls1.2", "tls1.3"}) == []


def test_the_replication_listener_offers_tls_1_3_alone(region):
    assert Scan(region.base_port + REPLICATION).faults({"tls1.3"}) == []


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1 is deprecated")
def test_the_scan_finds_what_is_weak(region):
    """The same judgement of a server that offers too much: a scan that finds nothing anywhere proves nothing."""
    weak = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    weak.load_cert_chain(region.dir / "tls" / "server.crt", region.dir / "tls" / "server.key")
    weak.set_ciphers("ALL:@SECLEVEL=0")
    weak.minimum_version = ssl.TLSVersion.TLSv1
    weak.options &= ~ssl.OP_NO_RENEGOTIATION
    with socket.create_server(("127.0.0.1", region.base_port + 9)) as listener:
        def serve():
            while True:
                try:
                    plain, _ = listener.accept()
                except OSError:
                    return
                try:
                    with weak.wrap_socket(plain, server_side=True) as served:
                        served.recv(1024)
                except OSError:
                    plain.close()

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            faults = Scan(region.base_port + 9).faults({"tls1.2", "tls1.3"})
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()
    assert "protocol tls1.0" in faults and "protocol tls1.1" in faults, faults
    assert any("CBC" in fault or "SHA of" in fault for fault in faults), faults


def client_hello(versions, compressions):
    """A ClientHello (RFC 5246 §7.4.1.2) that offers what no library of today offers."""
    def block(size, content):
        return len(content).to_bytes(size, "big") + content

    extensions = b"".join(kind.to_bytes(2, "big") + block(2, content) for kind, content in (
        (10, block(2, b"\x00\x17")),  # secp256r1
        (11, block(1, b"\x00")),
        (13, block(2, b"\x04\x03\x05\x03")),  # ecdsa with SHA-256, SHA-384
    ))
    body = versions + os.urandom(32) + block(1, b"") + block(2, b"\xc0\x2b\xc0\x2c") + block(1, compressions) + block(2, extensions)
    return b"\x16\x03\x01" + block(2, b"\x01" + block(3, body))


def first_record(port, hello):
    with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
        connection.sendall(hello)
        received = b""
        while len(received) < 5 or len(received) < 5 + int.from_bytes(received[3:5], "big"):
            piece = connection.recv(4096)
            assert piece, f"the connection ended after {received!r}"
            received += piece
        return received


@pytest.mark.parametrize("listener", CLIENT_LISTENERS)
def test_compression_is_never_chosen(region, listener):
    record = first_record(region.base_port + CLIENT_LISTENERS[listener], client_hello(b"\x03\x03", b"\x01\x00"))
    assert record[0] == 22 and record[5] == 2, f"no ServerHello: {record[:16]!r}"
    session_size = record[43]
    assert record[44 + session_size:46 + session_size] in (b"\xc0\x2b", b"\xc0\x2c")
    assert record[46 + session_size] == 0, "DEFLATE (RFC 3749) was chosen"


@pytest.mark.parametrize("listener", [*CLIENT_LISTENERS, "replication"])
def test_tls_1_1_is_answered_with_an_alert(region, listener):
    port = region.base_port + CLIENT_LISTENERS.get(listener, REPLICATION)
    record = first_record(port, client_hello(b"\x03\x02", b"\x00"))
    assert record[0] == 21 and record[6] == 70, f"not protocol_version: {record!r}"


def self_signed(directory, name, *key):
    certificate, private = directory / f"{name}.crt", directory / f"{name}.key"
    subprocess.run(["openssl", "req", "-x509", "-newkey", *key, "-nodes", "-subj", f"/CN={name}", "-days", "2",
                    "-keyout", private, "-out", certificate], check=True, capture_output=True)
    return certificate, private


def knock(region, identity=None, says=b"\x00" * 64):
    """A handshake with the replication listener, and the first thing that it says."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    if identity is not None:
        context.load_cert_chain(*identity)
    with socket.create_connection(("127.0.0.1", region.base_port + REPLICATION), timeout=60) as plain:
        with context.wrap_socket(plain) as connection:
            assert connection.version() == "TLSv1.3"
            connection.sendall(says)  # no message: whoever is let in is told so, or cut off
            return connection.recv(4096)


def strangers(region):
    """How many the region's log tells of; it does so after they have seen the end of their connection."""
    return region.log().count("a peer did not introduce itself")


def test_replication_takes_nobody_without_an_ed25519_certificate(region, tmp_path):
    with pytest.raises(ssl.SSLError, match="CERTIFICATE_REQUIRED"):
        knock(region)
    with pytest.raises(ssl.SSLError, match="ALERT"):
        knock(region, self_signed(tmp_path, "rsa", "rsa:2048"))
    with pytest.raises(ssl.SSLError, match="ALERT"):
        knock(region, self_signed(tmp_path, "p256", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"))


def test_a_stranger_with_an_ed25519_key_is_heard_no_further_than_its_first_message(region, tmp_path):
    before = strangers(region)
    knock(region, self_signed(tmp_path, "stranger", "ed25519"))
    wait_until("the stranger's line", lambda: strangers(region) == before + 1)


def test_a_stranger_who_says_nothing_is_sent_away(region, tmp_path):
    """Three seconds after its handshake: a place among the few that this listener has is not kept for the silent."""
    before = strangers(region)
    begun = time.monotonic()
    assert knock(region, self_signed(tmp_path, "silent", "ed25519"), says=b"") == b""
    assert time.monotonic() - begun >= 3
    wait_until("the stranger's line", lambda: strangers(region) == before + 1)


def test_a_client_of_other_protocols_is_refused_in_the_handshake(region):
    context = ssl.create_default_context(cafile=region.ca)
    context.set_alpn_protocols(["h2"])
    with socket.create_connection(("127.0.0.1", region.base_port), timeout=60) as plain:
        with pytest.raises(ssl.SSLError, match="(?i)no.application.protocol"):
            context.wrap_socket(plain, server_hostname="localhost")
