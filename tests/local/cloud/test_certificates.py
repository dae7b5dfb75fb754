"""The emulator's certificates, met by a client that verifies as strictly as Python does."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest

from local.cloud.certificates import Certificates, make_certificates


def shake_hands(server: Certificates, client: Certificates, name: str) -> None:
    """Let a client that trusts `client`'s authority meet `server`, without a network."""
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    sides = [
        client.client_context().wrap_bio(to_client, to_server, server_hostname=name),
        server.server_context().wrap_bio(to_server, to_client, server_side=True),
    ]
    while sides:
        for side in list(sides):
            try:
                side.do_handshake()
                sides.remove(side)
            except ssl.SSLWantReadError:
                continue


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost"])
def test_this_machine_is_trusted_by_address_and_by_name(tmp_path: Path, name: str) -> None:
    certificates = make_certificates(tmp_path)

    shake_hands(certificates, certificates, name)


def test_another_name_is_not_trusted(tmp_path: Path) -> None:
    certificates = make_certificates(tmp_path)

    with pytest.raises(ssl.SSLCertVerificationError):
        shake_hands(certificates, certificates, "example.org")


def test_another_start_is_not_trusted(tmp_path: Path) -> None:
    with pytest.raises(ssl.SSLCertVerificationError):
        shake_hands(make_certificates(tmp_path / "one"), make_certificates(tmp_path / "two"), "localhost")


def test_only_the_servers_key_is_written(tmp_path: Path) -> None:
    certificates = make_certificates(tmp_path / "made")

    assert sorted(path.name for path in (tmp_path / "made").iterdir()) == ["ca.pem", "server.key", "server.pem"]
    assert "PRIVATE" not in certificates.ca_file.read_text()
