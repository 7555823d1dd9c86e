"""The development certificate: made once, kept private, made anew where it must."""

from __future__ import annotations

import ssl
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509

from vercel_emu.errors import EmuError
from vercel_emu.transport import certificate
from vercel_emu.transport.certificate import (
    Certificate,
    default_bundle,
    development_certificate,
    own_certificate,
)


def made(folder: Path, *names: str) -> Certificate:
    return development_certificate(names, {"XDG_DATA_HOME": str(folder)})


def read(found: Certificate) -> x509.Certificate:
    return x509.load_pem_x509_certificate(found.chain.read_bytes())


def names_of(found: Certificate) -> set[str]:
    names = read(found).extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return {str(name.value) for name in names}


def test_it_is_made_once(tmp_path: Path) -> None:
    first = made(tmp_path)
    content = first.chain.read_bytes()
    again = made(tmp_path)
    assert (first.is_new, again.is_new) == (True, False)
    assert again.chain.read_bytes() == content
    assert names_of(first) == {"localhost", "*.localhost", "127.0.0.1", "::1"}


def test_nobody_else_reads_it(tmp_path: Path) -> None:
    found = made(tmp_path)
    assert stat.S_IMODE(found.chain.stat().st_mode) == 0o600
    assert stat.S_IMODE(found.chain.parent.stat().st_mode) == 0o700
    found.chain.chmod(0o644)
    assert stat.S_IMODE(made(tmp_path).chain.stat().st_mode) == 0o600


def test_whoever_trusts_its_authority_trusts_it(tmp_path: Path) -> None:
    found = made(tmp_path)
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = ssl.create_default_context(cadata=found.trusted()).wrap_bio(
        incoming, outgoing, server_hostname="localhost"
    )
    server = found.context().wrap_bio(outgoing, incoming, server_side=True)
    for side in (client, server, client, server):
        try:
            side.do_handshake()
        except ssl.SSLWantReadError:
            continue
    assert client.version() == "TLSv1.3"
    assert "PRIVATE KEY" not in found.trusted()


def test_another_name_has_it_made_anew(tmp_path: Path) -> None:
    made(tmp_path)
    found = made(tmp_path, "192.168.1.7")
    assert found.is_new
    assert "192.168.1.7" in names_of(found)
    # It has the usual names too: who needs those alone goes on with it.
    assert not made(tmp_path).is_new


@pytest.mark.parametrize(("days", "is_new"), [(13, True), (15, False)])
def test_it_is_made_anew_before_it_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, days: int, is_new: bool
) -> None:
    monkeypatch.setattr(certificate, "DAYS_VALID", days + 1)
    made(tmp_path)
    monkeypatch.undo()
    assert made(tmp_path).is_new is is_new


def test_it_is_valid_as_long_as_browsers_allow(tmp_path: Path) -> None:
    found = read(made(tmp_path))
    assert found.not_valid_after_utc - found.not_valid_before_utc <= timedelta(days=398)
    assert found.not_valid_before_utc < datetime.now(UTC)


@pytest.mark.parametrize("content", [b"", b"not PEM", b"\xff\xfe", b"-----BEGIN CERTIFICATE-----"])
def test_a_broken_one_is_replaced(tmp_path: Path, content: bytes) -> None:
    made(tmp_path).chain.write_bytes(content)
    found = made(tmp_path)
    assert found.is_new
    found.context()


def test_an_authority_that_is_another_ones_is_put_right(tmp_path: Path) -> None:
    found = made(tmp_path)
    signer = found.authority.read_text()
    found.authority.write_text("another one's")
    assert not made(tmp_path).is_new
    assert found.authority.read_text() == signer


def test_a_folder_that_can_not_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(EmuError, match=str(tmp_path / "file")) as caught:
        made(tmp_path / "file")
    assert caught.value.code == "NO_CERTIFICATE"
    assert "--https-cert" in (caught.value.hint or "")


def test_one_of_the_persons_own_in_one_file_or_two(tmp_path: Path) -> None:
    text = made(tmp_path).chain.read_text()
    key, mark, rest = text.partition("-----BEGIN CERTIFICATE-----")
    for name, content in (("both.pem", text), ("cert.pem", mark + rest), ("key.pem", key)):
        (tmp_path / name).write_text(content)
    own_certificate(tmp_path / "both.pem", None).context()
    found = own_certificate(tmp_path / "cert.pem", tmp_path / "key.pem")
    found.context()
    assert found.trusted() == mark + rest


@pytest.mark.parametrize(
    ("cert", "key", "told"),
    [
        ("missing.pem", None, "--https-cert: {}/missing.pem: No such file or directory."),
        ("cert.pem", None, "--https-cert: {}/cert.pem: there is no private key in it."),
        ("key.pem", "key.pem", "--https-cert: {}/key.pem: there is no certificate in it."),
        ("cert.pem", "cert.pem", "--https-cert: {}/cert.pem: there is no private key in it."),
        ("cert.pem", "missing.pem", "--https-key: {}/missing.pem: No such file or directory."),
        ("binary.der", "key.pem", "--https-cert: {}/binary.der: it is not in PEM, but binary."),
        ("cert.pem", "other.pem", "can't be used together."),
    ],
)
def test_what_is_wrong_with_the_persons_own_is_told(
    tmp_path: Path, cert: str, key: str | None, told: str
) -> None:
    text = made(tmp_path).chain.read_text()
    secret, mark, rest = text.partition("-----BEGIN CERTIFICATE-----")
    (tmp_path / "cert.pem").write_text(mark + rest)
    (tmp_path / "key.pem").write_text(secret)
    (tmp_path / "other.pem").write_text(made(tmp_path / "other").chain.read_text())
    (tmp_path / "binary.der").write_bytes(b"\x30\x82\xff\xfe")
    with pytest.raises(EmuError) as caught:
        own_certificate(tmp_path / cert, tmp_path / key if key else None).context()
    assert caught.value.code == "INVALID_CERTIFICATE"
    assert told.format(tmp_path) in caught.value.message


def test_what_programs_trust_by_themselves_is_the_shells_file_first(tmp_path: Path) -> None:
    (tmp_path / "bundle.pem").write_text("the shell's")
    assert default_bundle({"SSL_CERT_FILE": str(tmp_path / "bundle.pem")}) == "the shell's"
    assert default_bundle({"SSL_CERT_FILE": str(tmp_path)}) == default_bundle({})
