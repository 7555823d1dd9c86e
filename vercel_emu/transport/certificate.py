"""HTTPS: a development certificate that is made once, or one that the person brings.

The certificate is the user's, not a project's, so that it is trusted once for all of them. The
authority that signs it has its key thrown away: whoever trusts it trusts this certificate alone.
"""

from __future__ import annotations

import os
import re
import ssl
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from vercel_emu.emu_folder import PRIVATE_FILE, PRIVATE_FOLDER, write_whole
from vercel_emu.errors import EmuError

DAYS_VALID = 397
"""What browsers accept at most of a certificate."""
DAYS_LEFT = 14
"""One that ends sooner is made anew."""
USUAL_NAMES = ("localhost", "*.localhost", "127.0.0.1", "::1")

AUTHORITY_FILE = "authority.pem"

_KEY = "PRIVATE KEY-----"
_CERTIFICATE = re.compile(r"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----\n", re.S)
_BRING_ONE = "Bring a certificate of your own: --https-cert FILE --https-key FILE."


@dataclass(frozen=True, slots=True)
class Certificate:
    """Files in PEM. `chain` holds the certificate (and may hold its key), `key` its private key;
    `authority` is what to trust. `is_new`: it was made just now."""

    chain: Path
    key: Path
    authority: Path
    is_new: bool = False

    def context(self) -> ssl.SSLContext:
        """What a server needs to speak TLS with it.

        Raises:
            EmuError: a file can't be read, or the two don't belong together.
        """
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.set_alpn_protocols(["http/1.1"])
        _check_has("--https-cert", self.chain, "BEGIN CERTIFICATE")
        _check_has("--https-key" if self.key != self.chain else "--https-cert", self.key, _KEY)
        try:
            context.load_cert_chain(self.chain, self.key, password="")
        except (OSError, ValueError):
            raise EmuError(
                "INVALID_CERTIFICATE",
                f"--https-cert {self.chain}: its certificate and the private key in {self.key} "
                "can't be used together.",
                "They must belong together, and the key must have no password.",
            ) from None
        return context

    def trusted(self) -> str:
        """The certificates that a client must trust, as PEM."""
        return "".join(_CERTIFICATE.findall(self.authority.read_text()))


def own_certificate(chain: Path, key: Path | None) -> Certificate:
    """One that the person brings; without a `key` its file holds that as well."""
    return Certificate(chain, key or chain, chain)


def development_certificate(names: Iterable[str], environ: Mapping[str, str]) -> Certificate:
    """The user's development certificate for the usual names and `names`, made where needed.

    Raises:
        EmuError: the package that makes it is missing, or it can't be kept.
    """
    folder = certificate_folder(environ)
    file, authority = folder / "localhost.pem", folder / AUTHORITY_FILE
    wanted = (*USUAL_NAMES, *names)
    try:
        folder.mkdir(PRIVATE_FOLDER, parents=True, exist_ok=True)
        text = file.read_text(errors="replace") if file.is_file() else ""
        is_new = not _is_good(text, wanted)
        if is_new:
            text = _make(wanted)
            write_whole(file, text.encode())
        file.chmod(PRIVATE_FILE)
        signer = _CERTIFICATE.findall(text)[-1]
        if not authority.is_file() or authority.read_text() != signer:
            write_whole(authority, signer.encode())
    except OSError as error:
        raise EmuError(
            "NO_CERTIFICATE",
            f"--https: the development certificate can't be kept in {folder}: {_reason(error)}.",
            f"Name another folder with XDG_DATA_HOME, or: {_BRING_ONE}",
        ) from None
    return Certificate(file, file, authority, is_new)


def certificate_folder(environ: Mapping[str, str]) -> Path:
    """Where the user's data are kept (XDG Base Directory Specification)."""
    home = Path(environ.get("HOME") or Path.home())
    return Path(environ.get("XDG_DATA_HOME") or home / ".local" / "share") / "vercel-emu"


def default_bundle(environ: Mapping[str, str]) -> str:
    """The certificates that programs trust by themselves, as PEM; empty where that isn't known."""
    paths = ssl.get_default_verify_paths()
    given = environ.get("SSL_CERT_FILE")
    for file in (given, paths.cafile, paths.openssl_cafile, *_SYSTEM_BUNDLES):
        if file and os.path.isfile(file):  # noqa: PTH113
            return Path(file).read_text(errors="replace")
    return ""


_SYSTEM_BUNDLES = ("/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt")


def _check_has(option: str, file: Path, mark: str) -> None:
    """Whether a file can be read and has what it should have, in PEM."""
    kind = "private key" if mark == _KEY else "certificate"
    try:
        problem = "" if mark in file.read_text() else f"there is no {kind} in it"
    except (OSError, UnicodeDecodeError) as error:
        problem = error.strerror or "" if isinstance(error, OSError) else _reason(error)
    if problem:
        hint = f"It is a PEM file with a {kind}."
        if option == "--https-cert" and kind == "private key":
            hint = "Name the file of its private key with --https-key."
        raise EmuError("INVALID_CERTIFICATE", f"{option}: {file}: {problem}.", hint)


def _is_good(text: str, names: Iterable[str]) -> bool:
    """Whether it names all `names` and is valid for some time."""
    if not text:
        return False
    try:
        from cryptography import x509
    except ImportError:
        raise _not_installed() from None
    try:
        certificate = x509.load_pem_x509_certificate(text.encode())
        found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (ValueError, x509.ExtensionNotFound):
        return False
    named = {str(getattr(one, "value", "")) for one in found}
    now = datetime.now(UTC)
    lasts = certificate.not_valid_after_utc - now > timedelta(days=DAYS_LEFT)
    begun = certificate.not_valid_before_utc <= now
    complete = _KEY in text and len(_CERTIFICATE.findall(text)) > 1
    return named.issuperset(names) and begun and lasts and complete


def _make(names: tuple[str, ...]) -> str:
    """A private key, its certificate and the authority's, as PEM in one text."""
    try:
        import trustme
    except ImportError:
        raise _not_installed() from None
    authority = trustme.CA(organization_name="vercel-emu", organization_unit_name="development")
    now = datetime.now(UTC)
    made = authority.issue_cert(
        *names,
        organization_name="vercel-emu",
        organization_unit_name="development certificate",
        not_before=now - timedelta(days=1),
        not_after=now + timedelta(days=DAYS_VALID - 1),
    )
    return (made.private_key_and_cert_chain_pem.bytes() + authority.cert_pem.bytes()).decode()


def _not_installed() -> EmuError:
    return EmuError(
        "HTTPS_NOT_INSTALLED",
        "--https: making a development certificate needs the package trustme, which is not "
        "installed.",
        f'Install it with: pip install "vercel-emu[https]". Or: {_BRING_ONE}',
    )


def _reason(error: OSError | ValueError) -> str:
    if isinstance(error, OSError):
        return f"{error.strerror or error} ({error.filename})" if error.filename else str(error)
    return "it is not in PEM, but binary"
