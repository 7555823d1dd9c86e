"""Where a project is reached: its listening sockets, its URLs, and HTTPS if wanted."""

from __future__ import annotations

import contextlib
import ipaddress
import socket
from pathlib import Path
from typing import TYPE_CHECKING

from vercel_emu.emulator.prepare import Prepared, from_here
from vercel_emu.emulator.project import RunningProject
from vercel_emu.events import Notice
from vercel_emu.options import parse_listen
from vercel_emu.transport.listen import ANY_HOST, DEFAULT_PORT, bind, network_address, shown_host

if TYPE_CHECKING:
    from vercel_emu.transport.certificate import Certificate

TRUSTED = "trusted.pem"
"""Of `.vercel/emu/`: what the functions trust, with HTTPS."""


def open_addresses(
    project: RunningProject, stack: contextlib.AsyncExitStack
) -> list[socket.socket]:
    """Bind what `--listen` says, and tell the project how it is reached.

    Raises:
        EmuError: the port is taken, the address is not this machine's, there is no certificate.
    """
    options = project.options
    host, port = parse_listen(options.listen)
    listeners = bind(host, port)
    for listener in listeners:
        stack.callback(listener.close)
    actual = listeners[0].getsockname()[1]
    if port is None and actual != DEFAULT_PORT:
        project.moved_from = DEFAULT_PORT
    scheme = "https" if options.https or options.https_cert else "http"
    project.url = f"{scheme}://{shown_host(host)}:{actual}"
    other = network_address() if host in ANY_HOST else host
    if host in ANY_HOST and other is not None:
        project.network_url = f"{scheme}://{other}:{actual}"
    if options.overrides and (host in ANY_HOST or not is_loopback(host)):
        project.emit(_open_to_others(host))
    if scheme == "https":
        _use_https(project, [other] if other and not is_loopback(other) else [])
    return listeners


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches it."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def _open_to_others(host: str) -> Notice:
    return Notice(
        level="warn",
        code="OPEN_TO_NETWORK",
        message=f"--listen {host}: anybody in the network reaches the app here, and can choose the "
        "visitor with x-emu-* headers.",
        hint="Only this machine: --listen PORT. No choice of visitors: --no-overrides.",
    )


def _use_https(project: RunningProject, names: list[str]) -> None:
    found = _certificate(project.prepared, names)
    project.tls = found.context()
    if found.is_new:
        project.emit(
            Notice(
                level="info",
                code="CERTIFICATE_MADE",
                message=f"a development certificate for localhost is in {found.chain.parent}",
                hint=f"Browsers ask once; to have them trust it: {found.authority}",
            )
        )
    project.trust = _trust(project, found)


def _certificate(prepared: Prepared, names: list[str]) -> Certificate:
    # Late: most projects are served without.
    from vercel_emu.transport.certificate import development_certificate, own_certificate

    options = prepared.options
    if options.https_cert is None:
        return development_certificate(names, prepared.environ)

    def file(path: Path) -> Path:
        return from_here(prepared.project, path)

    return own_certificate(file(options.https_cert), options.https_key and file(options.https_key))


def _trust(project: RunningProject, found: Certificate) -> dict[str, str]:
    """Variables with which the app's own requests to `https://$VERCEL_URL` succeed.

    The file that they name replaces what a program trusts by itself, so that comes first in it.
    """
    from vercel_emu.emu_folder import write_whole
    from vercel_emu.transport.certificate import default_bundle

    bundle = default_bundle(project.variables())
    if not bundle:
        return {}
    file = project.emu_folder.path / TRUSTED
    write_whole(file, f"{bundle}\n{found.trusted()}".encode())
    return {"SSL_CERT_FILE": str(file), "REQUESTS_CA_BUNDLE": str(file)}
